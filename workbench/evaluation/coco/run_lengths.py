"""Many run-length masks read at once: letter by letter in Python would cost more than scoring them.

COCO's packed text has 5 bits of a run in each letter, the sign in the last one; from a mask's fourth run on each is the
difference to the run before the last. Where runs end is found for thousands of masks by three running sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Short = NDArray[np.int32]

_LETTERS = 6  # of one run: 30 bits, more than any picture that may be rasterised needs; two such sums fit 32
_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class Runs:
    """Where runs end, mask after mask, in pixels column by column; the first run of each mask is of zeros."""

    ends: "Short"
    first: "Numbers"  # place of each mask's first run, and behind them all how many there are
    strange: "NDArray[np.bool_]"  # masks that need a closer look


def count_pixels(counts: Sequence[bytes]) -> list[int]:
    """Add up the runs of each mask in COCO's packed text; -1 says that a closer look is needed."""
    sums: list[int] = []
    for start in range(0, len(counts), _AT_ONCE):
        runs = read_runs(counts[start : start + _AT_ONCE])
        totals = np.append(runs.ends, 0)[runs.first[1:] - 1]
        sums += np.where(runs.strange, -1, totals).tolist()
    return sums


def read_runs(counts: Sequence[bytes]) -> Runs:
    """Read masks in COCO's packed text."""
    sizes = np.fromiter(map(len, counts), np.int64, len(counts))
    strange, stops = sizes == 0, np.cumsum(sizes)
    letters = np.frombuffer(b"".join(counts), np.uint8) - np.uint8(48)  # what is below "0" comes out above 63
    if not letters.size:
        return Runs(np.zeros(0, np.int32), np.zeros(len(counts) + 1, np.int64), strange)
    if letters.max() > 63:
        strange[np.searchsorted(stops, np.flatnonzero(letters > 63), "right")] = True
        letters &= 63
    final = (stops - 1)[sizes > 0]
    strange[sizes > 0] |= letters[final] >= 32  # it ends inside a run
    letters[final] &= 31
    more = np.flatnonzero(letters >= 32)  # letters that are not the last of their run
    first = np.concatenate([[0], stops - np.searchsorted(more, stops)])
    runs = _put_together(letters, more, first, strange)
    ends = _add_up(runs, first, strange)
    return Runs(ends, first, strange)


def _put_together(
    letters: "NDArray[np.uint8]", more: "Numbers", first: "Numbers", strange: "NDArray[np.bool_]"
) -> "Short":
    """Make numbers of letters: most have one, and only the others are looked at again."""
    last = letters[letters < 32]
    runs = ((last & 15).astype(np.int8) - (last & 16).astype(np.int8)).astype(np.int32)
    if more.size:
        owner = more - np.arange(len(more))  # the run that a letter belongs to
        heads = np.flatnonzero(np.diff(owner, prepend=-1))
        lengths = np.diff(np.append(heads, len(more)))
        if lengths.max() >= _LETTERS:
            strange[np.searchsorted(first, owner[heads[lengths >= _LETTERS]], "right") - 1] = True
            lengths = lengths.clip(max=_LETTERS)
        place = (np.arange(len(more)) - np.repeat(heads, np.diff(np.append(heads, len(more))))).clip(
            max=_LETTERS
        )
        parts = (letters[more] & 31).astype(np.int32) << (5 * place).astype(np.int32)
        runs[owner[heads]] <<= (5 * lengths).astype(np.int32)
        runs[owner[heads]] += np.add.reduceat(parts, heads)
    return runs


def _add_up(runs: "Short", first: "Numbers", strange: "NDArray[np.bool_]") -> "Short":
    """Undo the differences, then say where each run ends.

    Two neighbours together change by what the text tells, so that one running sum gives them, a second one with
    changing signs the runs, and a third their ends. What leaves 32 bits comes out negative before it can come back.
    """
    third = first[:-1] + 2
    third = third[third < first[1:]]
    runs[third] -= runs[third - 2]
    runs = _sum(runs, first)
    np.negative(runs[1::2], out=runs[1::2])
    runs = _sum(runs, first)
    np.negative(runs[1::2], out=runs[1::2])
    _mark(runs, first, strange)
    ends = _sum(runs, first)
    _mark(ends, first, strange)
    return ends


def _sum(values: "Short", first: "Numbers") -> "Short":
    """Running sums that begin anew with each mask."""
    heads = first[:-1][np.diff(first) > 0]
    totals = np.add.reduceat(values, heads)
    values[heads[1:]] -= totals[:-1]
    return np.cumsum(values, dtype=np.int32)


def _mark(values: "Short", first: "Numbers", strange: "NDArray[np.bool_]") -> None:
    if values.min() < 0:
        strange[np.searchsorted(first, np.flatnonzero(values < 0), "right") - 1] = True
