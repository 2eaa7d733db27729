"""Many masks as bits, 64 pixels of a column a word: what they share is counted without painting any image.

Only the frame of a mask is held, its rows counted from a multiple of 64, so that words of two masks of an image lie on
each other. First come the topmost words of all masks, the tallest mask first, then the second ones of those that have
them, and so on: the columns of a mask lie side by side, with an empty one behind them, and the word below a word is
found in all masks at once.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.coco.run_lengths import Runs
from workbench.evaluation.overlap.strips import Frames, Strips, cut_into_strips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

_ALL = np.uint64(2**64 - 1)
_AT_ONCE = 1 << 18  # words that are compared at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the words of each mask lie."""

    frames: Frames
    first: "Ints"  # of each mask, the row of words that its topmost one is
    rows: "Ints"  # of each mask, how many rows of words it has, the one of the pixel below it among them
    start: "Ints"  # of each mask, its first column in a block
    blocks: "Ints"  # where each block of rows begins, and behind them all how many words there are


def lay_out(frames: Frames) -> Layout:
    """Find a place for each mask."""
    there = frames.right > frames.left
    first = frames.top >> 6
    rows = np.where(there, (frames.bottom >> 6) - first + 1, 0)
    columns = np.where(there, frames.right - frames.left + 1, 0)
    order = np.argsort(-rows, kind="stable")
    ends = np.cumsum(columns[order])
    start = np.empty(len(rows), np.int64)
    start[order] = ends - columns[order]
    taller = np.searchsorted(-rows[order], -np.arange(int(rows.max(initial=0))), "left")
    blocks = np.concatenate([[0], np.cumsum(np.append(0, ends)[taller])])
    return Layout(frames=frames, first=first, rows=rows, start=start, blocks=blocks)


def paint(strips: Strips, layout: Layout, inset: "Ints | None" = None) -> "Words":
    """Set the bits of all strips; with an inset for each mask, of what is left of them above and below."""
    mask, top, bottom = strips.mask, strips.top, strips.bottom
    if inset is not None:
        depth = inset[0] if len(inset) and (inset == inset[0]).all() else inset[mask]
        top = np.minimum(top + depth, bottom)
        bottom = np.maximum(
            top, bottom - depth
        )  # at both edges of nothing the same bits are set, and taken back
    words = np.zeros(layout.blocks[-1] + 1, np.uint64)  # the last one is for strips that have to wait
    place = strips.column + (layout.start - layout.frames.left)[mask]
    first = (layout.first << 6)[mask]
    again = np.flatnonzero(
        np.diff(place[: strips.whole], prepend=-1) == 0
    )  # not the first strip of its column
    waiting = np.append(again, np.arange(strips.whole, len(mask)))
    for edge in (top, bottom):
        row = edge - first
        bits = _ALL << (row & 63).view(np.uint64)
        row >>= 6
        at = layout.blocks.take(row)
        at += place
        later = at[waiting], bits[waiting]
        at[waiting] = layout.blocks[-1]
        if edge is bottom:
            bits ^= words.take(at)
        words[at] = bits
        np.bitwise_xor.at(words, *later)
    words = words[:-1]
    _carry_down(words, layout.blocks)
    return words


def _carry_down(words: "Words", blocks: "Ints") -> None:
    """A strip that leaves a word at its end goes on in the one below."""
    for above, here, below in zip(blocks, blocks[1:], blocks[2:], strict=False):
        words[here:below] ^= (words[above : above + below - here].view(np.int64) >> 63).view(np.uint64)


def erode_sideways(words: "Words", depth: int) -> "Words":
    """Keep the bits that have `depth` others on both sides. The empty column behind each mask keeps them apart."""
    done, wanted = 1, 2 * depth + 1
    while done < wanted:
        step = min(done, wanted - done)
        words[:-step] &= words[step:]
        words[-step:] = 0
        done += step
    result = np.zeros_like(words)
    result[depth:] = words[:-depth]
    return result


def count_shared(words: "Words", layout: Layout, one: "Ints", other: "Ints") -> "Ints":
    """Count the pixels that each pair of masks shares."""
    frames = layout.frames
    left = np.maximum(frames.left[one], frames.left[other])
    width = np.minimum(frames.right[one], frames.right[other]) - left
    top = np.maximum(layout.first[one], layout.first[other])
    height = np.minimum(layout.first[one] + layout.rows[one], layout.first[other] + layout.rows[other]) - top
    sizes = width.clip(0) * height.clip(0)
    result = np.zeros(len(one), np.int64)
    for some in _split(sizes):
        pair = np.repeat(some, height[some])
        row = (
            np.arange(len(pair)) - np.repeat(np.cumsum(height[some]) - height[some], height[some]) + top[pair]
        )
        long = width[pair]
        ends = np.cumsum(long)
        inner = np.arange(ends[-1])
        both = [
            words[inner + np.repeat(_find(layout, own[pair], row, left[pair]) - ends + long, long)]
            for own in (one, other)
        ]
        bits = np.bitwise_count(both[0] & both[1])
        heads = np.cumsum(sizes[some]) - sizes[some]
        result[some] = np.add.reduceat(bits, heads, dtype=np.int64)
    return result


def count_each(words: "Words", layout: Layout) -> "Ints":
    """Count the pixels of each mask."""
    order = np.argsort(layout.start + (layout.rows == 0) * len(words), kind="stable")
    rows = -np.sort(-layout.rows)
    masks, heads = [], []
    for place, block in enumerate(layout.blocks[:-1]):
        here = order[: np.searchsorted(-rows, -place, "left")]
        masks.append(here)
        heads.append(block + layout.start[here])
    result = np.zeros(len(rows), np.int64)
    if masks:
        counts = np.add.reduceat(np.bitwise_count(words), np.concatenate(heads), dtype=np.int64)
        np.add.at(result, np.concatenate(masks), counts)
    return result


def _find(layout: Layout, mask: "Ints", row: "Ints", column: "Ints") -> "Ints":
    """Return the places of words."""
    found: Ints = (
        layout.blocks[row - layout.first[mask]] + layout.start[mask] + column - layout.frames.left[mask]
    )
    return found


def _split(sizes: "Ints") -> "Iterator[Ints]":
    """Yield pairs that share words, as many as the memory should hold."""
    there = np.flatnonzero(sizes)
    ends = np.cumsum(sizes[there])
    start = 0
    while start < len(there):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _AT_ONCE, "right")))
        yield there[start:stop]
        start = stop


def read_masks(runs: Runs, heights: "Ints") -> tuple[Strips, Layout]:
    """Cut masks into strips and find a place for their bits."""
    strips, frames = cut_into_strips(runs, heights)
    return strips, lay_out(frames)
