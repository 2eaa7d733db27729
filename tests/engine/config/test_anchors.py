"""How anchors meet boxes: by hand, then against Detectron2's own anchors over the whole grid."""

import numpy as np
import pytest

pytest.importorskip("detectron2")
import torch
from detectron2.modeling.anchor_generator import DefaultAnchorGenerator
from detectron2.structures import Boxes, pairwise_iou
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.config.facts import fit, make_facts, make_part
from workbench.engine.config.anchors import Frame, compute_overlaps, make_cells, match_anchors, resize_frame
from workbench.engine.models.build import row_config
from workbench.engine.models.table import MODELS

ROW = row_config(MODELS["mask_rcnn_nano"])


def frame(*boxes, size=(128, 128)):
    return Frame(boxes=np.array(boxes, float), sizes=np.array([size] * len(boxes), float))


def test_a_box_on_an_anchor_is_met_wholly():
    cells = np.array([[32.0, 32.0]])
    assert compute_overlaps(frame((16, 16, 32, 32)), cells, 16) == pytest.approx([1.0])


def test_a_box_half_as_large_is_met_by_a_quarter():
    cells = np.array([[32.0, 32.0]])
    assert compute_overlaps(frame((24, 24, 16, 16)), cells, 16) == pytest.approx([0.25])


def test_a_box_between_two_places_of_the_grid_loses_what_sticks_out():
    cells = np.array([[32.0, 32.0]])
    overlap = 24 * 32 / (2 * 32 * 32 - 24 * 32)  # 8 of 32 px beside it
    assert compute_overlaps(frame((24, 16, 32, 32)), cells, 16) == pytest.approx([overlap])


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(0, 100),
    y=st.floats(0, 80),
    width=st.floats(1, 60),
    height=st.floats(1, 60),
    stride=st.sampled_from([4, 8, 16, 32]),
    offset=st.sampled_from([0.0, 0.5]),
)
def test_the_nearest_place_is_the_best_of_all_that_detectron2_makes(x, y, width, height, stride, offset):
    sizes, ratios = [[16, 40]], [[0.5, 1.0, 2.0]]
    height_of_image, width_of_image = 100, 130
    maps = [torch.zeros(1, 1, -(-height_of_image // stride), -(-width_of_image // stride))]
    generator = DefaultAnchorGenerator(sizes=sizes, aspect_ratios=ratios, strides=[stride], offset=offset)
    (anchors,) = generator(maps)
    box = torch.tensor([[x, y, x + width, y + height]])
    best = float(pairwise_iou(Boxes(box), anchors).max())
    (cells,) = make_cells(sizes, ratios, [stride])
    got = compute_overlaps(
        frame((x, y, width, height), size=(width_of_image, height_of_image)), cells, stride, offset
    )
    assert got[0] == pytest.approx(best, abs=1e-4)


def test_each_truth_belongs_to_the_level_that_meets_it_best():
    match = match_anchors(frame((16, 16, 32, 32), (0, 0, 4, 4), (0, 0, 128, 128)), ROW)
    by_name = {level.name: level for level in match.levels}
    assert by_name["p3"].best == pytest.approx(1 / 3)
    assert by_name["p3"].well == 1
    assert (match.smallest, match.boxes) == (16, 3)
    assert match.under == pytest.approx(1 / 3)
    assert sum(level.best for level in match.levels) == pytest.approx(1)


def test_boxes_are_measured_after_the_resize():
    part = make_part(1, size=(1000, 500), boxes=[(100, 100, 50, 50)])
    resized = resize_frame(part, 250, 1000)
    assert resized.boxes.tolist() == [[50, 50, 25, 25]]
    assert resized.sizes.tolist() == [[500, 250]]


def small_boxes(side, *, height=None):
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 500, (200, 2))
    return [(x, y, side, height or side) for x, y in places]


def test_small_objects_get_small_anchors_and_their_number_stays():
    part = make_part(200, size=(640, 640), boxes=small_boxes(18), of=range(200), class_images=(200,))
    cfg = fit(facts=make_facts(part)).cfg
    sizes = cfg.MODEL.ANCHOR_GENERATOR.SIZES
    assert [len(level) for level in sizes] == [1] * 5
    assert sizes[0][0] < 32
    assert cfg.MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS == [[0.5, 1.0, 2.0]]


def test_tall_objects_get_tall_anchors_and_their_number_stays():
    boxes = small_boxes(24, height=160)
    part = make_part(200, size=(640, 640), boxes=boxes, of=range(200), class_images=(200,))
    generator = fit(facts=make_facts(part)).cfg.MODEL.ANCHOR_GENERATOR
    assert len(generator.ASPECT_RATIOS[0]) == 3
    assert max(generator.ASPECT_RATIOS[0]) > 4


def test_anchors_that_fit_are_left_alone():
    part = make_part(200, size=(640, 640), boxes=small_boxes(90), of=range(200), class_images=(200,))
    assert fit(facts=make_facts(part)).cfg.MODEL.ANCHOR_GENERATOR.SIZES == [[32], [64], [128], [256], [512]]
