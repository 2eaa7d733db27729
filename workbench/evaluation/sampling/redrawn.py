"""Precision and recall of all classes in all draws at once, from where they were hit and the images' weights.

The weights of the images of all predictions are laid side by side in the order of class, bin of scores and threshold,
and added up in one go. What follows is done to tables of bins x thresholds x classes x draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.precision import RECALLS
from workbench.evaluation.sampling.steps import find_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_AT_ONCE = 500_000  # numbers of a table, so that it stays in the processor's cache
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
    whole = bool(hits.counted.all())  # then one more level, below all thresholds, tells how many there are
    marks = np.column_stack([hits.counted[:, :1], hits.right]) if whole else hits.right
    cells, shape = hits.bin * hits.classes + hits.category, (hits.bins, hits.classes)
    right = find_steps(marks, cells, hits.image, shape)
    counted = right if whole else find_steps(hits.counted, cells, hits.image, shape)
    result = np.empty((4, *truths.shape))
    size = max(4, _AT_ONCE // (hits.bins * marks.shape[1] * hits.classes))
    for start in range(0, len(weights), size):
        some = slice(start, start + size)
        sums = right.add_up(weights[some])
        among = sums[:, :1] if whole else counted.add_up(weights[some])
        precision, recall = _average(sums[:, int(whole) :], among, truths[:, some])
        result[..., some] = precision.mean(0), precision[0], precision[5], recall.mean(0)
    result[:, truths <= 0] = np.nan
    return result


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
