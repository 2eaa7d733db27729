"""Which predictions and truths of an image overlap, and how much: the one list that everything is matched from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.objects import Objects, Scene
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_AT_ONCE = 1_000_000  # pairs held in memory before those that do not overlap are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Every pair of one image that overlaps at all, of any classes, sorted by prediction, then truth.

    Against a crowd `iou` is the part of the prediction that lies in it, as COCO has it.
    """

    kind: str  # box, mask or boundary
    found: "Ints"
    truth: "Ints"
    iou: "Floats"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)


def compute_pairs(scene: Scene, kind: str) -> Pairs:
    """Compare all predictions with all truths of the same image by "box" or by "mask"."""
    if kind == "box":
        parts = [_compare_boxes(scene, *some) for some in _pair_up(scene)]
    elif scene.truths.masks is None or scene.found.masks is None:
        raise ValueError(f"kind must be box where truth or predictions have no masks, but got {kind!r}")
    else:
        parts = [_compare_masks(scene)]
    found, truth, iou = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((truth, found))
    return Pairs(kind=kind, found=found[order], truth=truth[order], iou=iou[order])


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


def _compare_masks(scene: Scene) -> "tuple[Ints, Ints, Floats]":
    compare = require("hotcoco.mask", extra="train").iou
    own, other = _split(scene.found, scene), _split(scene.truths, scene)
    found_rles, truth_rles = scene.found.to_rles(), scene.truths.to_rles()
    crowd: list[Any] = scene.truths.crowd.tolist()
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for found, truth in zip(own, other, strict=True):
        if len(found) and len(truth):
            table = compare(
                [found_rles[place] for place in found.tolist()],
                [truth_rles[place] for place in truth.tolist()],
                [int(crowd[place]) for place in truth.tolist()],
            )
            row, column = np.nonzero(table)
            parts.append((found[row], truth[column], table[row, column]))
    first, second, third = zip(*parts, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(third)


def _split(objects: Objects, scene: Scene) -> "list[Ints]":
    """Return the places of the objects of each image."""
    order = np.argsort(objects.image, kind="stable")
    ends = np.cumsum(np.bincount(objects.image, minlength=len(scene.images)))
    return np.split(order, ends[:-1]) if len(ends) else []
