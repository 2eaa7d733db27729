"""What holds up to some threshold, told by one step instead of a mark at each, and added up for all draws at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

_LANES = 4  # draws that are added up as parts of one number of 64 bits
_LANE = 2**16
_ENTRIES = 300_000  # numbers that are laid side by side at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Marks (rows x levels) as sums of steps, each 1 from the lowest level up to its own."""

    shape: tuple[int, int, int]  # bins, levels, classes
    up: "Heaps"
    down: "Heaps"  # of marks that begin higher than at the lowest level: what lies below them is taken off

    def add_up(self, weights: "Floats") -> "Floats":
        """Return the weights (draws x images) of all marks up to each bin: bins x levels x classes x draws."""
        bins, levels, classes = self.shape
        flat = np.zeros((bins * levels * classes, len(weights)), np.float32)
        flat[self.up.cells] = self.up.add(weights)
        flat[self.down.cells] -= self.down.add(weights)
        sums: Floats = flat.reshape(bins, levels, classes, -1)
        for level in range(levels - 2, -1, -1):
            sums[:, level] += sums[:, level + 1]
        for before, after in pairwise(sums):  # faster than cumsum along the first axis
            after += before
        return sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Heaps:
    """Things on images, those of the same cell side by side."""

    cells: "Ints"  # those that have any
    starts: "Ints"  # where each begins
    images: "Ints"  # of each thing

    def add(self, weights: "Floats") -> "Floats":
        """Return the sum of weights of each cell (rows) in each draw (columns)."""
        if not len(self.cells):
            return np.zeros((0, len(weights)), np.float32)
        largest = int(np.diff(np.append(self.starts, len(self.images))).max())
        if largest * float(weights.max(initial=0)) < _LANE and (weights == np.floor(weights)).all():
            return self._add_lanes(weights)
        result: Floats = self._add(weights).T
        return result

    def _add(self, rows: "NDArray[Any]") -> "NDArray[Any]":
        size = max(1, _ENTRIES // len(self.images))
        sums = [
            np.add.reduceat(rows[start : start + size].take(self.images, axis=1), self.starts, axis=1)
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(sums)

    def _add_lanes(self, weights: "Floats") -> "Floats":
        """Add up whole numbers, four draws at a time: no sum is so large that it would touch the next one."""
        draws, images = weights.shape
        padded = np.zeros((-(-draws // _LANES) * _LANES, images), np.uint16)
        padded[:draws] = weights
        lanes = np.ascontiguousarray(padded.reshape(-1, _LANES, images).transpose(0, 2, 1))
        sums = np.ascontiguousarray(self._add(lanes.view(np.uint64)[..., 0]))
        apart = sums.view(np.uint16).reshape(len(lanes), -1, _LANES).transpose(1, 0, 2)
        return apart.reshape(len(self.cells), -1)[:, :draws].astype(np.float32)


def find_steps(marks: "Bools", cells: "Ints", images: "Ints", shape: tuple[int, int]) -> Steps:
    """Find the steps of marks (rows x levels).

    `cells` are bin * classes + class of each row, `shape` says how many bins and classes there are.
    """
    (bins, classes), levels = shape, marks.shape[1]
    falls = np.diff(marks.astype(np.int8), axis=1, append=np.int8(0))
    heaps = []
    for sign in (-1, 1):
        row, level = np.nonzero(falls == sign)
        cell = (cells[row] // classes * levels + level) * classes + cells[row] % classes
        heaps.append(heap_up(cell, images[row], bins * levels * classes))
    return Steps(shape=(bins, levels, classes), up=heaps[0], down=heaps[1])


def heap_up(cells: "Ints", images: "Ints", count: int) -> Heaps:
    """Put what lies in the same of `count` cells side by side."""
    order = np.argsort(cells.astype(np.int16) if count < 2**15 else cells, kind="stable")
    cells = cells[order]
    starts = np.flatnonzero(np.diff(cells, prepend=-1))
    return Heaps(cells=cells[starts], starts=starts, images=images[order])
