"""Precision and recall of all classes in all draws at once, from where they were hit and the images' weights.

The weights of the images of all predictions are laid side by side in the order of class, bin of scores and threshold,
and added up in one go. What follows is done to tables of bins x thresholds x classes x draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.precision import RECALLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_AT_ONCE = 500_000  # numbers of a table, so that it stays in the processor's cache
_ENTRIES = 300_000
_NEAR = np.float32(1e-4)  # of a recall in percent: what single precision may be off
_LATE = np.arange(len(RECALLS)) / (len(RECALLS) - 1) < RECALLS  # COCO's 0.35 is a little more than 35/100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Predictions of some classes, class by class, the best first."""

    classes: int
    bins: int  # of each class; it may need fewer
    category: "Ints"  # 0 … classes - 1
    bin: "Ints"
    image: "Ints"
    right: "Bools"  # predictions x thresholds
    counted: "Bools"  # predictions x thresholds: right or wrong


def trace_draws(hits: Hits, truths: "Floats", weights: "Floats") -> "NDArray[np.float64]":
    """Return AP, AP50, AP75 and AR100 of each class in each draw.

    `truths` are classes x draws, `weights` draws x images.
    """
    whole = bool(hits.counted.all())  # then how many there are is told by the base of what is right
    right = _find_steps(hits, hits.right, base=whole)
    counted = right if whole else _find_steps(hits, hits.counted)
    result = np.empty((4, *truths.shape))
    size = max(1, _AT_ONCE // (hits.bins * right.levels * hits.classes))
    for start in range(0, len(weights), size):
        some = slice(start, start + size)
        sums = right.add_up(weights[some])
        among = sums[:, :1] if whole else counted.add_up(weights[some])
        precision, recall = _average(sums[:, int(whole) :], among, truths[:, some])
        result[..., some] = precision.mean(0), precision[0], precision[5], recall.mean(0)
    result[:, truths <= 0] = np.nan
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Marks (predictions x thresholds) as sums of steps, each 1 from the lowest threshold up to its own.

    A prediction that is right up to some threshold is one step, not ten numbers; the counts of steps are added up from
    the highest threshold down.
    """

    shape: tuple[int, int, int]  # bins, levels (thresholds, and the base below them), classes
    cells: "Ints"  # those that have steps
    starts: "Ints"  # where the steps of each begin
    images: "Ints"
    signs: "Floats | None"  # None: all are 1

    @property
    def levels(self) -> int:
        return self.shape[1]

    def add_up(self, weights: "Floats") -> "Floats":
        """Return the weights of all marks up to each bin: bins x levels x classes x draws."""
        flat = np.zeros((np.prod(self.shape), len(weights)), np.float32)
        size = max(1, _ENTRIES // max(1, len(self.images)))
        for start in range(0, len(weights) if len(self.cells) else 0, size):
            entries = weights[start : start + size].take(self.images, axis=1)
            if self.signs is not None:
                entries *= self.signs
            flat[self.cells, start : start + size] = np.add.reduceat(entries, self.starts, axis=1).T
        sums: Floats = flat.reshape(*self.shape, -1)
        for level in range(self.levels - 2, -1, -1):
            sums[:, level] += sums[:, level + 1]
        for before, after in pairwise(sums):  # faster than cumsum along the first axis
            after += before
        return sums


def _find_steps(hits: Hits, marks: "Bools", *, base: bool = False) -> _Steps:
    """Tell marks as steps; with a base, each prediction has one more mark below the lowest threshold."""
    below = np.ones((len(marks), int(base)), np.int8)
    columns = np.concatenate([below, marks, np.zeros((len(marks), 1), np.int8)], axis=1, dtype=np.int8)
    falls = np.diff(columns, axis=1)
    row, step = np.nonzero(falls)
    shape = hits.bins, falls.shape[1], hits.classes
    cell = (hits.bin[row] * shape[1] + step) * shape[2] + hits.category[row]
    order = np.argsort(cell, kind="stable")
    cell, row = cell[order], row[order]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    signs = -falls[row, step[order]].astype(np.float32)
    return _Steps(
        shape=shape,
        cells=cell[starts],
        starts=starts,
        images=hits.image[row],
        signs=signs if (signs < 0).any() else None,
    )


def _average(right: "Floats", counted: "Floats", truths: "Floats") -> "tuple[Floats, Floats]":
    """Precision over 101 recalls, and the recall reached: thresholds x classes x draws each."""
    total = np.maximum(truths, 1)
    percent = right * (np.float32(len(RECALLS) - 1) / total)
    reached = np.floor(percent + _NEAR)
    percent -= reached
    reached -= _LATE[reached.astype(np.int32)] & (percent < _NEAR)
    falling = right / np.maximum(counted, 1)
    for after, before in pairwise(falling[::-1]):
        np.maximum(before, after, out=before)
    area = falling[0] * (reached[0] + 1)  # a recall of 0 is reached at once
    for place, (before, after) in enumerate(pairwise(reached), 1):
        area += falling[place] * (after - before)
    return area / len(RECALLS), right[-1] / total


def split_classes(counts: "Ints", bins: "Ints") -> "Iterator[Ints]":
    """Yield classes that need about as many bins (none where there are no predictions), to share a table."""
    sizes = np.where(counts > 0, np.ceil(np.log2(np.maximum(bins, 1))), -1)
    for size in np.unique(sizes[sizes >= 0]).tolist():
        yield np.flatnonzero(sizes == size)
