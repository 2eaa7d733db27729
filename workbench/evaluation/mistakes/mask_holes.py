"""Holes of masks: what is not of the mask, and nowhere opens to what is outside it or to the edge of the image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.strip_sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_BITS = 16  # of a row, and of a column, in a place on the line
_SIDE = 1 << _BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Holes:
    """Vertical stretches of holes, those of one hole with one name."""

    start: "Ints"  # places on the line of pixels (strip_sums)
    stop: "Ints"
    hole: "Ints"  # from 0
    mask: "Ints"  # of each hole
    area: "Ints"  # of each hole


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Stretches of a column between two strips of one mask."""

    column: "Ints"  # place among all columns that have strips
    top: "Ints"
    bottom: "Ints"


def find_holes(sums: Sums) -> Holes:
    """Find the holes of all masks at once: gaps in columns that touch sideways are one, and leak together."""
    sums = _drop_plain(sums)
    column = sums.start >> _BITS
    inside = np.flatnonzero(column[1:] == column[:-1]) if len(column) else column
    heads = np.flatnonzero(np.diff(column, prepend=-1))
    lasts = np.append(heads, len(column))[1:] - 1
    gaps = _Gaps(
        np.searchsorted(heads, inside, "right") - 1, sums.stop[inside] % _SIDE, sums.start[inside + 1] % _SIDE
    )
    first_row, last_row = sums.start[heads] % _SIDE, (sums.stop[lasts] - 1) % _SIDE + 1
    leaks = np.zeros(len(inside), bool)
    for side in (-1, 1):
        beside = gaps.column + side
        near = beside.clip(0, max(0, len(heads) - 1))
        there = (near == beside) & (column[heads[near]] == column[inside] + side)
        leaks |= ~there | (gaps.top < first_row[near]) | (gaps.bottom > last_row[near])
    names = _join(len(inside), *_find_neighbours(gaps, column[heads]))
    closed = ~np.isin(names, names[leaks])
    found, hole = np.unique(names[closed], return_inverse=True)
    start, stop = sums.stop[inside][closed], sums.start[inside + 1][closed]
    return Holes(
        start=start,
        stop=stop,
        hole=hole,
        mask=column[inside][found] >> _BITS,
        area=np.bincount(hole, stop - start, len(found)).astype(np.int64),
    )


def _drop_plain(sums: Sums) -> Sums:
    """Leave out masks without a gap in any column: most have none."""
    twice = np.flatnonzero(sums.start[1:] >> _BITS == sums.start[:-1] >> _BITS)
    mask = sums.start >> 2 * _BITS
    gaping = np.zeros(int(mask.max(initial=0)) + 1, bool)
    gaping[mask[twice]] = True
    kept = gaping[mask]
    return Sums(start=sums.start[kept], stop=sums.stop[kept], before=sums.before[:0])


def _find_neighbours(gaps: _Gaps, columns: "Ints") -> "tuple[Ints, Ints]":
    """Pairs of gaps in columns side by side that share a row."""
    low, high = gaps.column * _SIDE + gaps.top, gaps.column * _SIDE + gaps.bottom
    beside = (gaps.column + 1) * _SIDE
    first = np.searchsorted(high, beside + gaps.top, "right")
    last = np.searchsorted(low, beside + gaps.bottom)
    adjacent = np.append(np.diff(columns) == 1, False)[gaps.column] if len(columns) else np.zeros(0, bool)
    count = np.where(adjacent, (last - first).clip(0), 0)
    own = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(own)) - np.repeat(np.cumsum(count) - count, count)
    return own, first[own] + within


def _join(total: int, one: "Ints", other: "Ints") -> "Ints":
    """Give all that hang together the name of the first of them."""
    names = np.arange(total)
    while len(one):
        before = names.copy()
        low = np.minimum(names[one], names[other])
        for side in (names[one], names[other]):
            np.minimum.at(names, side, low)
        names = names[names]
        if (names == before).all():
            break
    return names
