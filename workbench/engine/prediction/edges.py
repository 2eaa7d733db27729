"""Where pasted masks begin and end in each column of their images, worked out instead of painted.

A mask is sampled bilinearly: along a column of pixels it is a line from one of its own rows to the next, which crosses
the threshold where arithmetic says, and run lengths are nothing but these places. Only cells with corners on both sides
of the threshold are looked at. Columns with a pixel so close to it that rounding decides are sampled with Detectron2's
own function: the result is equal to the last bit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.prediction.run_text import cancel_pairs
from workbench.engine.prediction.soft import THRESHOLD, Floats, Numbers, SoftMasks, sample_columns

_DOUBT = 1e-6  # per row of the mask; what single precision does to a value is a quarter of it at worst


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of pixels that masks reach."""

    owner: Numbers  # the mask
    x: Numbers
    strip: Numbers  # it lies in: between two columns of the mask, counted through over all masks
    share: Floats  # how far it lies from the first of the two to the second


@dataclass(frozen=True, slots=True)
class _Cells:
    """The squares between four values of a mask, some in and some out (or in doubt), strip by strip."""

    place: Numbers  # in all values
    strip: Numbers

    def per_strip(self, strips: int) -> tuple[Numbers, Numbers]:
        """Return where each strip's cells begin, and how many there are."""
        counts = np.bincount(self.strip, minlength=strips)
        return np.cumsum(counts) - counts, counts


def find_edges(soft: SoftMasks) -> Numbers:
    """Return the places where pixels change, of all masks, sorted: out of the mask, into it, out of it …"""
    columns, doubt = _find_columns(soft), _DOUBT * soft.side
    column, row, doubtful = _find_crossings(soft, columns, doubt)
    strange = ~(soft.framed.max(axis=(1, 2)) <= 1)  # such a mask may not end inside its box
    doubtful |= strange[columns.owner]
    asked, sure = np.flatnonzero(doubtful), np.flatnonzero(~doubtful[column])
    tops = soft.starts[columns.owner] + columns.x * soft.heights[columns.owner]
    edges = np.concatenate([
        tops[column[sure]] + row[sure].astype(np.int64),
        sample_columns(soft, columns.owner[asked], columns.x[asked]),
    ])  # fmt: skip
    edges.sort(kind="stable")  # two sorted rows of numbers: this kind joins them in one walk
    return cancel_pairs(edges)


def _find_columns(soft: SoftMasks) -> _Columns:
    left, right = soft.crop(0)
    counts = right - left
    owner = np.repeat(np.arange(len(counts)), counts)
    x = np.arange(len(owner)) + (left - np.cumsum(counts) + counts)[owner]
    place: Floats = ((soft.to_grid(x, owner, 0) + 1) * np.float32(soft.side) - 1) * np.float32(0.5)
    reached = np.flatnonzero((place > -1) & (place < soft.side))
    owner, x, place = owner[reached], x[reached], place[reached]
    cell = np.floor(place)
    return _Columns(owner, x, owner * (soft.side + 2) + cell.astype(np.int64) + 1, place - cell)


def _find_cells(values: Floats, wide: int, doubt: float) -> _Cells:
    high, low = values >= THRESHOLD - doubt, values < THRESHOLD + doubt
    high, low = high[1:] | high[:-1], low[1:] | low[:-1]
    place = np.flatnonzero((high[wide:] | high[:-wide]) & (low[wide:] | low[:-wide]))
    return _Cells(place, place // wide)


def _find_crossings(
    soft: SoftMasks, columns: _Columns, doubt: float
) -> tuple[Numbers, Floats, NDArray[np.bool_]]:
    """Return the column and the first row after each crossing, and which columns cannot be trusted."""
    wide, values = soft.side + 2, soft.framed.reshape(-1)
    cells = _find_cells(values, wide, doubt)
    begin, counts = cells.per_strip(wide * len(soft.framed))
    counts = counts[columns.strip]
    column = np.repeat(np.arange(len(counts)), counts)
    cell = np.arange(len(column)) + (begin[columns.strip] - np.cumsum(counts) + counts)[column]
    share = columns.share[column]
    above, below = (_interpolate(values, cells.place + row, wide, cell, share) for row in (0, 1))
    doubtful = np.zeros(len(counts), bool)
    doubtful[column[np.minimum(np.abs(above), np.abs(below)) < doubt]] = True
    chosen = np.flatnonzero((above >= 0) != (below >= 0))
    column, cell, above = column[chosen], cell[chosen], above[chosen]
    owner = cells.strip // wide
    scale = (soft.boxes[:, 3] - soft.boxes[:, 1]).astype(float)[owner] / soft.side
    first = (cells.place - cells.strip * wide - 0.5) * scale + soft.boxes[owner, 1] - 0.5
    scale, drop = scale[cell], above - below[chosen]
    exact = first[cell] + above / drop * scale
    row = np.ceil(exact)
    late = row - exact
    doubtful[column[np.minimum(late, 1 - late) * np.abs(drop) < doubt * scale]] = True
    return column, row, doubtful


def _interpolate(values: Floats, place: Numbers, wide: int, cell: Numbers, share: Floats) -> Floats:
    """Return value - threshold between two columns of the mask, for each cell and each column of pixels in it."""
    left = values[place]
    level = (values[place + wide] - left)[cell]
    level *= share
    level += (left - np.float32(THRESHOLD))[cell]
    return level
