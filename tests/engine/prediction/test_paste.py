"""Masks are pasted and encoded exactly as Detectron2 and pycocotools do it."""

import copy

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

import torch
from detectron2.evaluation.coco_evaluation import instances_to_coco_json
from detectron2.layers.mask_ops import paste_masks_in_image
from detectron2.modeling.postprocessing import detector_postprocess
from detectron2.structures import Boxes, Instances
from pycocotools import mask as coco_mask

from workbench.engine.prediction.edges import find_edges
from workbench.engine.prediction.found import found_to_rows, paste, read_instances
from workbench.engine.prediction.run_text import encode_edges, find_picture_edges
from workbench.engine.prediction.soft import stack_masks

torch.set_num_threads(1)


def draw_instances(seed, count=12, size=(60, 80), side=28):
    """Boxes inside, over the edges, tiny and empty; masks of blobs and of noise."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * torch.tensor([size[1], size[0]]) * 1.1 - 4
    extent = torch.rand(count, 2, generator=generator) ** 2 * torch.tensor([size[1], size[0]])
    extent[0] = 0
    found = Instances(size)
    found.pred_boxes = Boxes(torch.cat([corner, corner + extent], dim=1))
    found.scores = torch.rand(count, generator=generator)
    found.pred_classes = torch.randint(0, 3, (count,), generator=generator)
    small = torch.rand(count, 1, 5, 5, generator=generator)
    found.pred_masks = torch.nn.functional.interpolate(small, (side, side), mode="bicubic").clamp(0, 1)
    found.pred_masks[1] = torch.rand(1, side, side, generator=generator)
    found.pred_masks[2], found.pred_masks[3] = 1.0, 0.0
    found.pred_boxes.tensor[2] = torch.tensor([-5.0, -5.0, size[1] + 5.0, size[0] + 5.0])
    return found


def to_rows(found, image, size, *, raw=True):
    return found_to_rows(*paste([read_instances(found, image, size, (0, 1, 2), raw=raw)]))


def expect(found, image, size):
    """Detectron2's own way, from the answer of the network to COCO results."""
    rows = instances_to_coco_json(detector_postprocess(copy.deepcopy(found), *size), image)
    for row in rows:
        row["segmentation"]["size"] = tuple(row["segmentation"]["size"])
    return rows


@pytest.mark.parametrize("side", [28, 224])
@pytest.mark.parametrize("output", [(60, 80), (97, 133), (31, 200), (333, 250)])
@pytest.mark.parametrize("seed", range(5))
def test_rows_equal_those_of_detectron2s_own_way(seed, output, side):
    found = draw_instances(seed, side=side)
    expected = expect(found, 7, output)
    assert len(expected) > 5
    assert to_rows(found, 7, output) == expected
    pasted = detector_postprocess(copy.deepcopy(found), *output)
    assert to_rows(pasted, 7, output, raw=False) == expected


def test_images_of_several_sizes_are_pasted_at_once_as_one_by_one():
    sizes = [(97, 133), (1, 1), (333, 250), (60, 80)]
    drawn = [draw_instances(seed, count=6 + seed) for seed in range(4)]
    drawn[3] = drawn[3][[]]
    found = [
        read_instances(one, place, size, (0, 1, 2), raw=True)
        for place, (one, size) in enumerate(zip(drawn, sizes, strict=True))
    ]
    for place, (one, pasted) in enumerate(zip(drawn, paste(found), strict=True)):
        assert found_to_rows(pasted) == expect(one, place, sizes[place])


def test_what_the_model_gave_is_left_as_it_was():
    found = draw_instances(1)
    before = found.pred_boxes.tensor.clone()
    to_rows(found, 7, (97, 133))
    assert torch.equal(found.pred_boxes.tensor, before)


def test_no_objects_give_no_rows():
    assert to_rows(draw_instances(1)[[]], 1, (60, 80)) == []
    assert paste([]) == []


def test_a_box_that_is_not_finite_is_left_out():
    found = draw_instances(1)
    found.pred_boxes.tensor[4, 2], found.pred_boxes.tensor[5, 0] = np.inf, np.nan
    left = found[[place for place in range(len(found)) if place not in (4, 5)]]
    assert to_rows(found, 7, (97, 133)) == expect(left, 7, (97, 133))


def test_a_detector_without_masks_gives_boxes():
    found = draw_instances(1)
    found.remove("pred_masks")
    rows = to_rows(found, 7, (60, 80))
    assert [sorted(row) for row in rows] == [["bbox", "category_id", "image_id", "score"]] * len(rows)
    assert len(rows) > 5


@pytest.mark.parametrize("seed", range(60))
def test_texts_and_pixels_equal_pycocotools(seed):
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 90, 2)
    pictures = generator.random((5, height, width)) < generator.random((5, 1, 1))
    pictures[0], pictures[1], pictures[4, :, : width // 2] = (
        seed % 2,
        np.kron(generator.random((9, 9)) < 0.6, np.ones((10, 10)))[:height, :width],
        0,
    )
    wanted = [coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8)) for picture in pictures]
    found = encode_edges(find_picture_edges(pictures), np.full(5, height * width))
    assert list(found.texts) == [one["counts"].decode() for one in wanted]
    assert found.pixels.tolist() == [int(coco_mask.area(one)) for one in wanted]


KINDS = {
    "smooth": lambda masks: masks,
    "noise": torch.rand_like,
    "steep": lambda masks: torch.sigmoid((masks - 0.5) * 30),
    "steps": lambda masks: (masks * 4).round() / 4,  # many values are the threshold itself
    "hard": lambda masks: (masks > 0.5).float(),
    "flat": lambda masks: (masks - 0.5) * 1e-5 + 0.5,
    "above one": lambda masks: masks * 3,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [1, 7, 28, 56, 112])
def test_edges_that_are_worked_out_equal_painted_ones(side, kind):
    """Masks with values at the threshold, boxes on whole pixels, tiny and cut by the image."""
    torch.manual_seed(side)
    for turn in range(2 if side > 28 else 8):
        height, width = (int(value) for value in torch.randint(5, 250, (2,)))
        size = torch.tensor([width, height])
        center, extent = (torch.rand(20, 2) ** power * size for power in (1, 2))
        boxes = Boxes(torch.cat([center - extent / 2 - 0.01, center + extent / 2 + 0.01], dim=1))
        if turn % 3 == 1:
            boxes.tensor.round_()
        boxes.clip((height, width))
        boxes = boxes[boxes.nonempty()]
        masks = torch.rand(len(boxes), 1, 4, 4)
        masks = torch.nn.functional.interpolate(masks, (side, side), mode="bicubic").clamp(0, 1)[:, 0]
        masks = KINDS[kind](masks)
        pasted = paste_masks_in_image(masks, boxes, (height, width)).numpy()
        stack = stack_masks([masks.numpy()], [boxes.tensor.numpy()], [(height, width)])
        found = encode_edges(find_edges(stack), stack.heights * stack.widths)
        for text, picture in zip(found.texts, pasted, strict=True):
            wanted = coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8))["counts"]
            assert text == wanted.decode()


def test_masks_that_are_no_numbers_are_empty_as_with_detectron2():
    found = draw_instances(3)
    found.pred_masks[5], found.pred_masks[6, 0, 3, 4] = np.nan, np.nan
    assert to_rows(found, 7, (97, 133)) == expect(found, 7, (97, 133))
