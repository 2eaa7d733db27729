"""Truths and predictions as columns, and outlines as the pixels that COCO gives them."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from tests.evaluation.scenes import answer, make_truth, runs_of, scene_of, truth_row
from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise


def test_images_and_classes_stand_in_the_order_of_their_ids_and_objects_in_that_of_the_file():
    truth = make_truth(
        truth_row(9, [0, 0, 10, 20], image=2, category=2), truth_row(4, [1, 2, 3, 4], image=1, area=7)
    )
    truth["images"].reverse()
    truth["categories"].reverse()
    scene = scene_of(truth, [answer([5, 6, 7, 8], 0.25, image=2)])
    assert (scene.images, scene.categories, scene.category_ids) == ((1, 2), ("class 1", "class 2"), (1, 2))
    assert scene.sizes.tolist() == [[120, 100], [120, 100]]
    truths, found = scene.truths, scene.found
    assert (truths.number.tolist(), truths.image.tolist(), truths.category.tolist()) == (
        [9, 4],
        [1, 0],
        [1, 0],
    )
    assert (truths.area.tolist(), truths.score.tolist(), truths.crowd.tolist()) == (
        [200, 7],
        [1, 1],
        [False, False],
    )
    assert truths.box.tolist() == [[0, 0, 10, 20], [1, 2, 3, 4]]
    assert (found.image.tolist(), found.score.tolist(), found.area.tolist()) == ([1], [0.25], [56])
    assert len(truths) == len(truths.masks) == 2


def test_a_prediction_keeps_the_number_of_its_row_where_others_are_left_out():
    rows = [
        answer([0, 0, 9, 9], category=7),
        answer([0, 0, 9, 9]),
        answer([0, 0, 9, 9], category=7),
        answer([0, 0, 9, 9]),
    ]
    assert scene_of(make_truth(truth_row(1, [0, 0, 9, 9])), rows).found.number.tolist() == [1, 3]


def test_without_boxes_a_prediction_is_as_large_as_its_mask():
    row = answer([10, 20, 5, 6])
    row.pop("bbox")
    found = scene_of(make_truth(truth_row(1, [0, 0, 9, 9])), [row]).found
    assert (found.area.tolist(), found.box.tolist()) == ([30], [[10, 20, 5, 6]])


def test_without_a_mask_for_each_object_there_are_none():
    row = truth_row(1, [0, 0, 9, 9])
    row.pop("segmentation")
    scene = scene_of(make_truth(row), [answer([0, 0, 9, 9])])
    assert (scene.truths.masks, scene.truths.to_rles()) == (None, [])


def test_outlines_become_the_pixels_that_pycocotools_gives_them():
    generator = np.random.default_rng(3)
    rows = []
    for number in range(1, 60):
        rings = [
            generator.uniform(-5, 125, 2 * int(generator.integers(3, 9))).round(2).tolist()
            for _ in range(number % 3 + 1)
        ]
        rows.append(truth_row(number, [0, 0, 9, 9], image=number % 2 + 1, segmentation=rings))
    truth = make_truth(*rows)
    truth["images"][0] |= {"height": 90, "width": 130}
    referee = COCO()
    referee.dataset = truth
    referee.createIndex()
    drawn = rasterise(read_truth(truth))
    for row in drawn.raw["annotations"]:
        expected = referee.annToRLE(referee.anns[row["id"]])
        assert (coco_mask.decode(row["segmentation"]) == coco_mask.decode(expected)).all()
    assert rasterise(drawn) is drawn


def test_polygons_on_an_image_of_unknown_size_have_no_mask_scores_and_it_is_said():
    truth = make_truth(truth_row(1, [0, 0, 40, 40]))
    for image in truth["images"]:
        del image["height"], image["width"]
    answers = [answer([0, 0, 40, 40])]
    with pytest.raises(DatasetError, match="image 1: must have height and width"):
        compute_coco_scores(truth, answers)
    assert compute_coco_scores(truth, answers, kinds=("box",)).scores["box"]["AP"] == pytest.approx(1)
    assert scene_of(truth, answers).truths.masks is None


def test_run_lengths_need_no_size_of_their_image():
    truth = make_truth(truth_row(1, [0, 0, 40, 40], segmentation=runs_of((0, 0, 40, 40))))
    for image in truth["images"]:
        del image["height"], image["width"]
    assert compute_coco_scores(truth, [answer([0, 0, 40, 40])]).scores["mask"]["AP"] == pytest.approx(1)
