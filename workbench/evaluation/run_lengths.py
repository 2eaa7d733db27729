"""Many run-length masks checked at once: letter by letter in Python would cost more than scoring them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

_LETTERS = 7  # of one run: 35 bits, more than any picture that may be rasterised needs
_AT_ONCE = 2048


def count_pixels(counts: Sequence[bytes]) -> list[int]:
    """Add up the runs of each mask in COCO's packed text; -1 says that a closer look is needed."""
    sums: list[int] = []
    for start in range(0, len(counts), _AT_ONCE):
        sums += _count(counts[start : start + _AT_ONCE]).tolist()
    return sums


def _count(counts: Sequence[bytes]) -> "Numbers":
    sizes = np.fromiter(map(len, counts), np.int64, len(counts))
    strange = sizes == 0
    letters = np.frombuffer(b"".join(counts), np.uint8) - np.uint8(48)  # what is below "0" comes out above 63
    if not letters.size:
        return np.full(len(counts), -1)
    owner = np.repeat(np.arange(len(counts)), sizes)
    strange[owner[letters > 63]] = True
    last, final = letters & 32 == 0, (np.cumsum(sizes) - 1)[sizes > 0]
    strange[owner[final]] |= ~last[final]  # it ends inside a run
    last[final] = True
    stops = np.flatnonzero(last)
    starts = np.concatenate([[0], stops[:-1] + 1])
    owner = owner[stops]
    strange[owner[stops - starts >= _LETTERS]] = True
    runs = _add_differences(_read_runs(letters, starts, stops), owner)
    strange[owner[runs < 0]] = True
    totals = np.bincount(owner, runs.clip(0), len(counts)).astype(np.int64)
    return np.where(strange, -1, totals)


def _read_runs(letters: "NDArray[np.uint8]", starts: "Numbers", stops: "Numbers") -> "Numbers":
    """Put each run together from its letters, 5 bits each, the sign in the last one."""
    lengths = stops - starts + 1
    values = (letters[starts] & 31).astype(np.int64)
    for place in range(1, min(int(lengths.max()), _LETTERS)):
        longer = np.flatnonzero(lengths > place)
        values[longer] |= (letters[starts[longer] + place] & 31).astype(np.int64) << 5 * place
    negative = letters[stops] & 16 != 0
    signs: Numbers = negative.astype(np.int64) << (5 * lengths.clip(max=_LETTERS))
    return values - signs


def _add_differences(runs: "Numbers", owner: "Numbers") -> "Numbers":
    """From a mask's fourth run on, each is the difference to the run before the last."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.arange(len(runs)) - np.repeat(first, np.diff(np.append(first, len(runs))))
    result = runs.copy()
    for parity in (0, 1):
        chain = np.flatnonzero((place > 0) & (place % 2 == parity))
        if chain.size:
            total = np.cumsum(runs[chain])
            head = place[chain] == (2 if parity == 0 else 1)
            before = (total - runs[chain])[head]
            result[chain] = total - np.repeat(before, np.diff(np.append(np.flatnonzero(head), len(chain))))
    return result
