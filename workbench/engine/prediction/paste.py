"""What a detector gives becomes COCO results: the same pixels as Detectron2's, without painting whole images.

Detectron2 pastes each mask into a picture as large as the image, and encodes that. Its own sampling is used here, mask
by mask, but only around the box: outside there is nothing but zeros.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from detectron2.layers.mask_ops import _do_paste_mask
from detectron2.structures import Instances, ROIMasks

from workbench.engine.prediction.edges import LARGEST_SIDE, THRESHOLD, Numbers, find_edges
from workbench.engine.prediction.run_text import Crop, encode_crops, encode_edges, find_crop_edges

Rows = list[dict[str, Any]]


def instances_to_rows(
    found: Instances, image_id: int, size: tuple[int, int], categories: Sequence[int], *, raw: bool
) -> Rows:
    """Return COCO results of one image; `raw` says that boxes and masks are those of the resized image, not pasted."""
    found = found.to("cpu")
    if raw:
        found = resize_instances(found, *size)
    if not len(found):
        return []
    boxes = found.pred_boxes.tensor.clone()
    boxes[:, 2:] -= boxes[:, :2]
    rows: Rows = [
        {"image_id": image_id, "category_id": categories[kind], "bbox": box, "score": score}
        for box, score, kind in zip(
            boxes.tolist(), found.scores.tolist(), found.pred_classes.tolist(), strict=True
        )
    ]
    if found.has("pred_masks"):
        texts = encode_raw(found, *size) if raw else encode_crops(cut_crops(found.pred_masks), *size)
        for row, counts in zip(rows, texts, strict=True):
            row["segmentation"] = {"size": size, "counts": counts}
    return rows


def resize_instances(found: Instances, height: int, width: int) -> Instances:
    """Bring boxes to the size of the original image, as detector_postprocess does, and leave masks as they are."""
    scale = (width / found.image_size[1], height / found.image_size[0])
    result = Instances((height, width), **found.get_fields())
    boxes = result.pred_boxes.clone()
    boxes.scale(*scale)
    boxes.clip(result.image_size)
    result.pred_boxes = boxes
    return result[boxes.nonempty()]


def encode_raw(found: Instances, height: int, width: int) -> list[str]:
    """Encode masks that are not pasted yet, by their edges where that is possible."""
    masks = found.pred_masks.tensor if isinstance(found.pred_masks, ROIMasks) else found.pred_masks[:, 0]
    masks, boxes = masks.float(), found.pred_boxes.tensor.float()
    known: Sequence[Numbers | None] = [None] * len(masks)
    if masks.shape[-1] <= LARGEST_SIDE:
        known = find_edges(masks.numpy(), boxes.numpy(), height, width)
    edges = [
        find_crop_edges(paste_crop(masks[place], boxes[place], height, width), height) if one is None else one
        for place, one in enumerate(known)
    ]
    return encode_edges(edges, height, width)


def paste_crop(mask: torch.Tensor, box: torch.Tensor, height: int, width: int) -> Crop:
    """Sample a mask over its box and one pixel around it."""
    values, (rows, columns) = _do_paste_mask(mask[None, None], box[None], height, width)
    return Crop((values[0] >= THRESHOLD).numpy(), int(columns.start), int(rows.start))


def cut_crops(masks: torch.Tensor) -> list[Crop]:
    """Cut what is there out of masks that are as large as their image."""
    pictures = masks.numpy().astype(bool)
    rows, columns = pictures.any(axis=2), pictures.any(axis=1)
    crops = []
    for picture, tall, wide in zip(pictures, rows, columns, strict=True):
        (ys,), (xs,) = np.nonzero(tall), np.nonzero(wide)
        top, left = (int(ys[0]), int(xs[0])) if len(ys) else (0, 0)
        foot, right = (int(ys[-1]) + 1, int(xs[-1]) + 1) if len(ys) else (1, 1)
        crops.append(Crop(picture[top:foot, left:right], left, top))
    return crops
