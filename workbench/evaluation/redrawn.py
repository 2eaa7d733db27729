"""Precision and recall of one class in all draws at once, from where it was hit and the images' weights."""

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

_DRAWS_AT_ONCE = 128  # so that what is worked on stays in the processor's cache
_NEAR = np.float32(1e-4)  # of a recall in percent: what single precision may be off
_LATE = np.arange(len(RECALLS)) / (len(RECALLS) - 1) < RECALLS  # COCO's 0.35 is a little more than 35/100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Predictions of one class, best first."""

    bins: int
    bin: "Ints"  # rising
    image: "Ints"
    right: "Bools"  # predictions x thresholds
    counted: "Bools"  # predictions x thresholds: right or wrong


def trace_draws(hits: Hits, truths: "Floats", weights: "Floats") -> "NDArray[np.float64]":
    """Return AP, AP50, AP75 and AR100 (rows) of each draw (columns); NaN where a draw has no truth."""
    draws = weights.shape[1]
    result = np.full((4, draws), np.nan)
    known = np.flatnonzero(truths > 0)
    if not hits.bins:
        result[:, known] = 0
        return result
    whole = bool(hits.counted.all())  # then how many there are is told by the base of what is right
    right = _find_steps(hits, hits.right, base=whole)
    counted = right if whole else _find_steps(hits, hits.counted)
    for start in range(0, len(known), _DRAWS_AT_ONCE):
        some = known[start : start + _DRAWS_AT_ONCE]
        part = np.ascontiguousarray(weights[:, some])
        sums = right.add_up(part)
        among = sums[:, :1] if whole else counted.add_up(part)
        precision, recall = _average(sums[:, int(whole) :], among, truths[some])
        result[:, some] = precision.mean(0), precision[0], precision[5], recall.mean(0)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Marks (predictions x thresholds) as sums of steps, each 1 from the lowest threshold up to its own.

    A prediction that is right up to some threshold is one step, not ten numbers; the counts of steps are added up from
    the highest threshold down.
    """

    bins: int
    levels: int  # thresholds, and the base below them
    rounds: "tuple[tuple[Ints, Ints, Floats | None], ...]"  # cells, images, signs: no cell twice in a round

    def add_up(self, weights: "Floats") -> "Floats":
        """Return the weights of all marks up to each bin: bins x levels x draws."""
        flat = np.zeros((self.bins * self.levels, weights.shape[1]), np.float32)
        for cells, images, signs in self.rounds:
            flat[cells] += weights[images] if signs is None else weights[images] * signs
        sums: Floats = flat.reshape(self.bins, self.levels, -1)
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
    levels = falls.shape[1]
    cell = hits.bin[row] * levels + step
    signs = -falls[row, step].astype(np.float32)
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell)
    turn = np.arange(len(cell)) - (np.cumsum(counts) - counts)[cell[order]]
    order = order[np.argsort(turn, kind="stable")]
    rounds = [
        (cell[some], hits.image[row[some]], signs[some, None] if (signs[some] < 0).any() else None)
        for some in np.split(order, np.cumsum(np.bincount(turn))[:-1])
    ]
    return _Steps(bins=hits.bins, levels=levels, rounds=tuple(rounds))


def _average(right: "Floats", counted: "Floats", truths: "Floats") -> "tuple[Floats, Floats]":
    """Precision over 101 recalls, and the recall reached: thresholds x draws each."""
    percent = right * (np.float32(len(RECALLS) - 1) / truths)
    reached = np.floor(percent + _NEAR)
    place = reached.astype(np.int32)
    reached -= _LATE[place] & (percent - reached < _NEAR)
    falling = right / np.maximum(counted, 1)
    for after, before in pairwise(falling[::-1]):
        np.maximum(before, after, out=before)
    area = falling[0].copy()  # a recall of 0 is reached at once
    area += np.einsum("bij,bij->ij", falling[1:], np.diff(reached, axis=0)) + falling[0] * reached[0]
    return area / len(RECALLS), right[-1] / truths
