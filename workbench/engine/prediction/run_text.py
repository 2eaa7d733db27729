"""COCO's run-length text of many masks at once, from where their pixels change.

Places are counted through over all masks: each has one for each of its pixels, column by column, and one for its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RunLengths:
    """Encoded masks, and how many pixels each has."""

    texts: tuple[str, ...]
    pixels: Numbers

    def split(self, counts: Sequence[int]) -> Iterator["RunLengths"]:
        """Deal them out: the first so many, the next so many …"""
        for begin, end in pairwise(accumulate(counts, initial=0)):
            yield RunLengths(self.texts[begin:end], self.pixels[begin:end])


def encode_edges(edges: Numbers, totals: Numbers) -> RunLengths:
    """Encode masks of so many pixels from the sorted places where they change: into the mask, out of it, into it …"""
    if not len(totals):
        return RunLengths((), totals)
    ends = np.cumsum(totals + 1)
    begins = ends - totals - 1
    cuts = np.searchsorted(edges, np.append(begins, ends[-1]))
    pixels = np.diff(np.append(0, np.cumsum(edges[1::2] - edges[::2]))[cuts // 2])
    filled = np.flatnonzero(np.diff(cuts))
    closing = cuts[filled + 1] - 1
    full = closing[edges[closing] == ends[filled] - 1]
    if len(full):  # no zeros follow what ends with the picture
        edges = np.delete(edges, full)
        cuts = np.searchsorted(edges, begins)
    cuts = cuts[: len(totals)]
    bounds = np.insert(edges, cuts, begins)
    runs = np.append(bounds[1:], ends[-1]) - bounds
    heads = cuts + np.arange(len(cuts))
    tails = np.append(heads[1:], len(runs)) - 1
    runs[tails] -= 1
    text, stops = _write_letters(_subtract(runs, heads, tails))
    letters = [0, *stops[tails].tolist()]
    return RunLengths(tuple(text[begin:end] for begin, end in pairwise(letters)), pixels)


def _subtract(runs: Numbers, heads: Numbers, tails: Numbers) -> NDArray[np.int32]:
    """From a mask's fourth run on, COCO writes the difference to the run before the last."""
    differences = runs.astype(np.int32)
    differences[2:] -= differences[:-2].copy()
    first = heads[:, None] + np.arange(3)
    first = first[first <= tails[:, None]]
    differences[first] = runs[first]
    return differences


def find_picture_edges(pictures: NDArray[np.bool_]) -> Numbers:
    """Return the places where masks change that are as large as their image, walking around each object only."""
    height, width = pictures.shape[1:]
    rows: NDArray[np.bool_] = np.any(pictures, axis=2)
    columns: NDArray[np.bool_] = np.any(pictures, axis=1)
    found = [np.zeros(0, np.int64)]
    for number in np.flatnonzero(np.any(rows, axis=1)):
        ys, xs = np.flatnonzero(rows[number]), np.flatnonzero(columns[number])
        part = pictures[number, ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        framed = np.zeros((part.shape[1], part.shape[0] + 2), bool)
        framed[:, 1:-1] = part.T
        column, row = np.nonzero(framed[:, 1:] != framed[:, :-1])
        found.append(number * (height * width + 1) + (xs[0] + column) * height + ys[0] + row)
    return cancel_pairs(np.concatenate(found))


def cancel_pairs(places: Numbers) -> Numbers:
    """Two changes at one of the sorted places are none: from the foot of a column to the head of the next, say."""
    new = np.ones(len(places), bool)
    np.not_equal(places[1:], places[:-1], out=new[1:])
    first = np.flatnonzero(new)
    return places[first[np.diff(first, append=len(places)) % 2 == 1]]


def _write_letters(values: NDArray[np.int32]) -> tuple[str, Numbers]:
    """Write numbers as letters of 5 bits each, low bits first; the last letter's fifth bit is the sign."""
    size = values ^ (values >> 31)
    more = np.zeros(len(values), np.uint8)  # letters after the first
    for bits in range(4, int(size.max()).bit_length(), 5):
        more += size >= 1 << bits
    stops: Numbers = np.cumsum(more, dtype=np.int64) + np.arange(1, len(more) + 1)
    text, place = np.empty(int(stops[-1]), np.uint8), stops - more - 1
    while len(values):
        text[place] = ((values & 31).astype(np.uint8) | (more > 0) * np.uint8(32)) + 48
        left = np.flatnonzero(more)
        values, place, more = values[left] >> 5, place[left] + 1, more[left] - 1
    return text.tobytes().decode("ascii"), stops
