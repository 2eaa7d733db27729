"""Which predictions and truths of an image overlap, and how much: the one list that everything is matched from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.mask_overlaps import compare_masks
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_AT_ONCE = 1_000_000  # pairs held in memory before those that do not overlap are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Every pair of one image that overlaps at all, of any classes, sorted by prediction, then truth.

    Against a crowd `iou` is the part of the prediction that lies in it, as COCO has it. Pairs of boundaries are those
    whose masks overlap by half at least; theirs is the smaller of the IoU of the masks and that of their borders.
    """

    kind: str  # box, mask or boundary
    found: "Ints"
    truth: "Ints"
    iou: "Floats"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)


def compute_pairs(scene: Scene, kind: str) -> Pairs:
    """Compare all predictions with all truths of the same image by "box", "mask" or "boundary"."""
    if kind == "boundary":
        return compute_mask_pairs(scene)[1]
    if kind == "mask":
        overlaps = compare_masks(scene, borders=False)
        return Pairs(kind=kind, found=overlaps.found, truth=overlaps.truth, iou=overlaps.iou)
    if kind != "box":
        raise ValueError(f"kind must be box, mask or boundary, but got {kind!r}")
    parts = [_compare_boxes(scene, *some) for some in _pair_up(scene)]
    found, truth, iou = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((truth, found))
    return Pairs(kind=kind, found=found[order], truth=truth[order], iou=iou[order])


def compute_mask_pairs(scene: Scene) -> tuple[Pairs, Pairs]:
    """Compare by "mask" and by "boundary" in one go, which costs little more than the first alone."""
    overlaps = compare_masks(scene, borders=True)
    masks = Pairs(kind="mask", found=overlaps.found, truth=overlaps.truth, iou=overlaps.iou)
    near = np.flatnonzero(overlaps.border > 0)
    borders = Pairs(
        kind="boundary", found=masks.found[near], truth=masks.truth[near], iou=overlaps.border[near]
    )
    return masks, borders


def _pair_up(scene: Scene) -> "Iterator[tuple[Ints, Ints]]":
    """Yield all pairs of every image, some images at once."""
    images = len(scene.images)
    truths = np.argsort(scene.truths.image, kind="stable")
    counts = np.bincount(scene.truths.image, minlength=images)
    first = np.cumsum(counts) - counts
    per_found = counts[scene.found.image]
    ends = np.cumsum(per_found)
    start, total = 0, len(per_found)
    while start < total or not start:  # once even where there is nothing
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _AT_ONCE, "right")))
        here = per_found[start:stop]
        found = np.repeat(np.arange(start, start + len(here)), here)
        within = np.arange(len(found)) - np.repeat(np.cumsum(here) - here, here)
        yield found, truths[first[scene.found.image[found]] + within]
        start = stop


def _compare_boxes(scene: Scene, found: "Ints", truth: "Ints") -> "tuple[Ints, Ints, Floats]":
    """The same operations in the same order as COCO's own code, so that the last bit is the same."""
    own, other = scene.found.box, scene.truths.box
    common = np.ones(len(found))
    for axis in (0, 1):
        near, far = own[:, axis], own[:, axis] + own[:, axis + 2]
        low, high = other[:, axis], other[:, axis] + other[:, axis + 2]
        common *= (np.minimum(far[found], high[truth]) - np.maximum(near[found], low[truth])).clip(0)
    hit = np.flatnonzero(common)
    found, truth, common = found[hit], truth[hit], common[hit]
    size, wanted = own[:, 2] * own[:, 3], other[:, 2] * other[:, 3]
    union = np.where(scene.truths.crowd[truth], size[found], size[found] + wanted[truth] - common)
    return found, truth, common / union
