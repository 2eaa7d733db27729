"""How many pixels of a mask lie in a stretch of a column, for many stretches at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.strips import Strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Short = NDArray[np.int32]

_SIDE = 1 << 16  # more than any picture is high or wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Strips in the order of mask, column and row, as places on one long line."""

    start: "Ints"
    stop: "Ints"
    before: "Ints"  # pixels of all strips before each, and behind them all how many there are


def number(mask: "Ints", column: "Ints | Short", row: "Ints | Short") -> "Ints":
    """Return the place of a pixel on the line: pixels of one column follow one another, and none of another is near."""
    place: Ints = (mask.astype(np.int64) * _SIDE + column) * _SIDE + row
    return place


def add_up(strips: Strips) -> Sums:
    """Prepare strips for being asked."""
    start = number(strips.mask, strips.column, strips.top)
    length = (strips.bottom - strips.top).astype(np.int64)
    if strips.whole < len(start):
        order = np.argsort(start, kind="stable")
        start, length = start[order], length[order]
    return Sums(start=start, stop=start + length, before=np.concatenate([[0], np.cumsum(length)]))


def count_between(sums: Sums, start: "Ints", stop: "Ints") -> "Ints":
    """Count pixels of each stretch, given by its places on the line."""
    counts: Ints = _count_before(sums, stop) - _count_before(sums, start)
    return counts


def _count_before(sums: Sums, place: "Ints") -> "Ints":
    strips = np.searchsorted(sums.start, place)
    over = np.append(sums.stop, 0)[strips - 1] - place
    counts: Ints = sums.before[strips] - np.where(strips > 0, over.clip(0), 0)
    return counts
