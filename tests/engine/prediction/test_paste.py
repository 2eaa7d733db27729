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
from workbench.engine.prediction.paste import cut_crops, instances_to_rows
from workbench.engine.prediction.run_text import Crop, encode_crops, encode_edges

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


@pytest.mark.parametrize("side", [28, 224])
@pytest.mark.parametrize("output", [(60, 80), (97, 133), (31, 200), (333, 250)])
@pytest.mark.parametrize("seed", range(5))
def test_rows_equal_those_of_detectron2s_own_way(seed, output, side):
    found = draw_instances(seed, side=side)
    expected = instances_to_coco_json(detector_postprocess(copy.deepcopy(found), *output), 7)
    pasted = detector_postprocess(copy.deepcopy(found), *output)
    for rows in (
        instances_to_rows(found, 7, output, (0, 1, 2), raw=True),
        instances_to_rows(pasted, 7, output, (0, 1, 2), raw=False),
    ):
        assert len(rows) == len(expected) > 5
        for row, right in zip(rows, expected, strict=True):
            assert {**row, "segmentation": {**row["segmentation"], "size": list(output)}} == right


def test_what_the_model_gave_is_left_as_it_was():
    found = draw_instances(1)
    before = found.pred_boxes.tensor.clone()
    instances_to_rows(found, 7, (97, 133), (0, 1, 2), raw=True)
    assert torch.equal(found.pred_boxes.tensor, before)


def test_no_objects_give_no_rows():
    assert instances_to_rows(draw_instances(1)[[]], 1, (60, 80), (0, 1, 2), raw=True) == []


@pytest.mark.parametrize("seed", range(60))
def test_texts_equal_pycocotools(seed):
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 90, 2)
    pictures = generator.random((4, height, width)) < generator.random((4, 1, 1))
    pictures[0], pictures[1] = (
        seed % 2,
        np.kron(generator.random((9, 9)) < 0.6, np.ones((10, 10)))[:height, :width],
    )
    wanted = [
        coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8))["counts"].decode()
        for picture in pictures
    ]
    whole = [Crop(picture, 0, 0) for picture in pictures]
    assert encode_crops(whole, int(height), int(width)) == wanted
    assert encode_crops(cut_crops(torch.from_numpy(pictures)), int(height), int(width)) == wanted


@pytest.mark.parametrize("kind", ["smooth", "noise", "steep", "steps"])
@pytest.mark.parametrize("side", [7, 14, 28, 56])
def test_edges_that_are_worked_out_equal_painted_ones(side, kind):
    """Masks with values at the threshold, boxes on whole pixels, tiny and cut by the image."""
    generator = torch.Generator().manual_seed(side)
    worked_out = 0
    for turn in range(25):
        height, width = (int(value) for value in torch.randint(5, 300, (2,), generator=generator))
        size = torch.tensor([width, height])
        center, extent = (torch.rand(20, 2, generator=generator) ** power * size for power in (1, 2))
        boxes = Boxes(torch.cat([center - extent / 2 - 0.01, center + extent / 2 + 0.01], dim=1))
        if turn % 3 == 0:
            boxes.tensor.round_()
        boxes.clip((height, width))
        boxes = boxes[boxes.nonempty()]
        masks = torch.rand(len(boxes), 1, 4, 4, generator=generator)
        masks = torch.nn.functional.interpolate(masks, (side, side), mode="bicubic").clamp(0, 1)[:, 0]
        if kind == "noise":
            masks = torch.rand(masks.shape, generator=generator)
        elif kind == "steep":
            masks = torch.sigmoid((masks - 0.5) * 30)
        elif kind == "steps":
            masks = (masks * 21).round() / 21
        pasted = paste_masks_in_image(masks, boxes, (height, width)).numpy()
        for edges, picture in zip(
            find_edges(masks.numpy(), boxes.tensor.numpy(), height, width), pasted, strict=True
        ):
            if edges is not None:
                worked_out += 1
                expected = coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8))["counts"].decode()
                assert encode_edges([edges], height, width) == [expected]
    assert worked_out > 100
