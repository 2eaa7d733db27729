"""What a detector found on one image, in the image's own pixels and the dataset's ids, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from detectron2.structures import Instances, ROIMasks
from numpy.typing import NDArray

from workbench.engine.prediction.edges import find_edges
from workbench.engine.prediction.run_text import RunLengths, encode_edges, find_picture_edges
from workbench.engine.prediction.soft import Floats, Numbers, stack_masks
from workbench.evaluation.coco.coco_predictions import Columns

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Objects of one image. Masks are soft until they are pasted; None where the model gives none."""

    image_id: int
    size: tuple[int, int]  # height, width
    boxes: Floats  # x and y of two corners
    scores: Floats
    categories: Numbers
    soft: Floats | None = None
    masks: RunLengths | None = None

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.scores)


def find_nothing(image_id: int, size: tuple[int, int]) -> Found:
    """Return an image without objects."""
    none = np.zeros((0, 4), np.float32)
    return Found(
        image_id=image_id, size=size, boxes=none, scores=none[:, 0], categories=np.zeros(0, np.int64)
    )


def read_instances(
    found: Instances, image_id: int, size: tuple[int, int], categories: Sequence[int], *, raw: bool
) -> Found:
    """Take over Detectron2's instances; `raw` says that boxes and masks are those of the resized image, not pasted.

    Raw ones are brought to the size of the image, and what is empty there is left out, as detector_postprocess does.
    """
    boxes = found.pred_boxes.tensor.float().cpu().numpy().copy()
    fits = _fit(boxes, found.image_size, size) if raw else np.ones(len(boxes), bool)
    kept = slice(None) if fits.all() else np.flatnonzero(fits)
    one = Found(
        image_id=image_id,
        size=size,
        boxes=boxes[kept],
        scores=found.scores.cpu().numpy()[kept],
        categories=np.array(categories, np.int64)[found.pred_classes.cpu().numpy()[kept]],
    )
    if not found.has("pred_masks"):
        return one
    if not raw:
        masks = found.pred_masks.cpu().numpy().astype(bool)
        totals = np.full(len(masks), size[0] * size[1])
        return replace(one, masks=encode_edges(find_picture_edges(masks), totals))
    masks = found.pred_masks.tensor if isinstance(found.pred_masks, ROIMasks) else found.pred_masks[:, 0]
    return replace(one, soft=masks.float().cpu().numpy()[kept])


def _fit(boxes: Floats, seen: tuple[int, int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Scale and cut boxes in place; tell which have something left. What is not finite has not."""
    boxes[~np.isfinite(boxes).all(axis=1)] = 0
    width, height = size[1], size[0]
    scale = (width / seen[1], height / seen[0])
    boxes *= np.array(scale * 2, np.float32)
    np.clip(boxes, 0, np.array([width, height] * 2, np.float32), out=boxes)
    kept: NDArray[np.bool_] = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return kept


def paste(several: Sequence[Found]) -> list[Found]:
    """Encode the soft masks of several images: together they cost little more than those of one."""
    soft = [(one.soft, one.boxes, one.size) for one in several if one.soft is not None]
    if not soft:
        return list(several)
    stack = stack_masks(*zip(*soft, strict=True))
    lengths = encode_edges(find_edges(stack), stack.heights * stack.widths)
    parts = iter(lengths.split([len(masks) for masks, _, _ in soft]))
    return [one if one.soft is None else replace(one, soft=None, masks=next(parts)) for one in several]


def found_to_rows(found: Found) -> Rows:
    """Return COCO results; masks must be pasted."""
    boxes = found.boxes.copy()
    boxes[:, 2:] -= boxes[:, :2]
    rows: Rows = [
        {"image_id": found.image_id, "category_id": category, "bbox": box, "score": score}
        for category, box, score in zip(
            found.categories.tolist(), boxes.tolist(), found.scores.tolist(), strict=True
        )
    ]
    if found.masks is not None:
        for row, counts in zip(rows, found.masks.texts, strict=True):
            row["segmentation"] = {"size": found.size, "counts": counts}
    return rows


def found_to_columns(several: Sequence[Found]) -> Columns:
    """Return what a file of these COCO results holds; masks must be pasted."""
    several = [one for one in several if len(one)]
    masks = [(one.size, one.masks) for one in several if one.masks is not None]
    sizes = [np.tile(size, (len(part.texts), 1)) for size, part in masks]
    return Columns(
        table=np.concatenate([np.zeros((0, 7)), *map(_to_table, several)]),
        masks=tuple(text.encode() for _, part in masks for text in part.texts) if masks else None,
        sizes=np.concatenate(sizes) if masks else None,
        pixels=np.concatenate([part.pixels for _, part in masks]).astype(float) if masks else None,
        boxed=bool(several),
    )


def _to_table(found: Found) -> NDArray[np.float64]:
    image, corner, extent = np.full(len(found), found.image_id), found.boxes[:, :2], found.boxes[:, 2:]
    return np.column_stack([image, corner, extent - corner, found.scores, found.categories])
