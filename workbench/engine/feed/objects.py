"""The objects of an image follow its transforms: what Detectron2's detection_utils does one by one, for all at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from detectron2.data import detection_utils
from detectron2.data import transforms as T  # noqa: N812  # as Detectron2 writes it
from detectron2.structures import BitMasks, Boxes, BoxMode, Instances, PolygonMasks, polygons_to_bitmask
from numpy.typing import NDArray

Thing = Mapping[str, Any]
Rings = list[NDArray[np.float64]]
Size = tuple[int, int]  # height, width
Outline = Rings | NDArray[np.bool_]


def make_instances(
    things: Sequence[Thing], transforms: T.TransformList, size: Size, *, bitmask: bool, outlined: bool
) -> Instances:
    """Transform boxes, classes and outlines; things without an outline have boxes alone."""
    instances = Instances(size)
    instances.gt_boxes = Boxes(_move_boxes(things, transforms, size))
    instances.gt_classes = torch.tensor([thing["category_id"] for thing in things], dtype=torch.int64)
    if things and outlined and "segmentation" in things[0]:
        outlines = _move_outlines([thing["segmentation"] for thing in things], transforms)
        instances.gt_masks = _to_masks(outlines, size, bitmask=bitmask)
    return instances


def drop_empty(instances: Instances) -> Instances:
    """Leave out what is not in the picture any more, as filter_empty_instances does; numpy finds a pixel sooner."""
    masks = instances.gt_masks if instances.has("gt_masks") else None
    if not isinstance(masks, BitMasks):
        return detection_utils.filter_empty_instances(instances)
    seen = [bool(mask.any()) for mask in masks.tensor.numpy()]
    return instances[instances.gt_boxes.nonempty(threshold=1e-5) & torch.tensor(seen, dtype=torch.bool)]


def _move_boxes(things: Sequence[Thing], transforms: T.TransformList, size: Size) -> NDArray[np.float64]:
    """Count in single precision first, as Detectron2 does with a box that is a list."""
    if not things:
        return np.zeros((0, 4))
    boxes = np.array([thing["bbox"] for thing in things], np.float32)
    from_size = np.array([thing["bbox_mode"] == BoxMode.XYWH_ABS for thing in things])
    boxes[from_size, 2:] += boxes[from_size, :2]
    moved = transforms.apply_box(boxes.astype(np.float64)).clip(min=0)
    return np.minimum(moved, [*size, *size][::-1])


def _move_outlines(outlines: Sequence[Any], transforms: T.TransformList) -> list[Outline]:
    """Work on copies, for transforms change coordinates in place; where none cuts, all rings go in one."""
    flat = [ring for outline in outlines if isinstance(outline, list) for ring in outline]
    ends = np.cumsum([ring.size // 2 for ring in flat])
    if flat and not _cuts(transforms):
        points = transforms.apply_coords(np.concatenate(flat).reshape(-1, 2))
        moved = iter(np.split(points, ends[:-1]))
        return [
            [next(moved).reshape(-1) for _ in outline]
            if isinstance(outline, list)
            else _move_raster(outline, transforms)
            for outline in outlines
        ]
    return [
        [
            ring.reshape(-1)
            for ring in transforms.apply_polygons([ring.copy().reshape(-1, 2) for ring in outline])
        ]
        if isinstance(outline, list)
        else _move_raster(outline, transforms)
        for outline in outlines
    ]


def _cuts(transforms: T.TransformList) -> bool:
    """Does one of them treat a polygon as more than its points?"""
    return any(
        _cuts(one)
        if isinstance(one, T.TransformList)
        else type(one).apply_polygons is not T.Transform.apply_polygons
        for one in transforms.transforms
    )


def _move_raster(outline: Mapping[str, Any], transforms: T.TransformList) -> NDArray[np.bool_]:
    """Padding and rotation fill with 255, which is no object."""
    whole = detection_utils.mask_util.decode(outline)
    moved: NDArray[np.bool_] = transforms.apply_segmentation(whole) == 1
    return moved


def _to_masks(outlines: Sequence[Outline], size: Size, *, bitmask: bool) -> BitMasks | PolygonMasks:
    """Return polygons where that is wanted and nothing is a raster."""
    if not bitmask and all(isinstance(outline, list) for outline in outlines):
        return PolygonMasks(outlines)
    height, width = size
    stack = np.empty((len(outlines), height, width), bool)
    for place, outline in enumerate(outlines):
        stack[place] = polygons_to_bitmask(outline, height, width) if isinstance(outline, list) else outline
    return BitMasks(torch.from_numpy(stack))
