"""Masks as vertical strips of pixels, cut at the columns' ends: what run lengths are on the picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.coco.run_lengths import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Short = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strips:
    """Strips of pixels, none of which touch in a column. The first `whole` are sorted by mask, column and top.

    A run that goes on in the next column has its first part among them, the rest stands behind.
    """

    whole: int
    mask: "Ints"
    column: "Short"
    top: "Short"
    bottom: "Short"  # the pixel below the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """The smallest boxes around masks; without pixels all are 0."""

    left: "Ints"
    right: "Ints"  # the column behind the last
    top: "Ints"
    bottom: "Ints"
    area: "Ints"  # pixels of the mask


def cut_into_strips(runs: Runs, heights: "Ints") -> tuple[Strips, Frames]:
    """Cut masks of images of these heights."""
    mask, start, stop = _find_ones(runs)
    high = heights.astype(np.int32)
    height = high[0] if len(high) and (high == high[0]).all() else high[mask]
    column = start // height
    top = start - column * height
    bottom = top + (stop - start)
    over = np.flatnonzero(bottom > height)
    frames = _frame(len(heights), mask, (column, top, bottom), (stop - start, height))
    rest = _cut_rest(mask[over], column[over], bottom[over], high)
    bottom = np.minimum(bottom, height)
    whole = len(mask)
    if len(over):
        mask = np.concatenate([mask, rest[0]])
        column, top, bottom = (
            np.concatenate(both) for both in zip((column, top, bottom), rest[1:], strict=True)
        )
    return Strips(whole=whole, mask=mask, column=column, top=top, bottom=bottom), frames


def _find_ones(runs: Runs) -> "tuple[Ints, Short, Short]":
    """Return mask, first pixel and the pixel behind each run of ones; runs that touch are one."""
    count = np.diff(runs.first) // 2
    mask = np.repeat(np.arange(len(count)), count)
    place = 2 * np.arange(len(mask)) + np.repeat(runs.first[:-1] - 2 * (np.cumsum(count) - count), count)
    start, stop = runs.ends[place], runs.ends[place + 1]
    there = start < stop
    if not there.all():
        mask, start, stop = mask[there], start[there], stop[there]
    touching = (start[1:] == stop[:-1]) & (mask[1:] == mask[:-1])
    if touching.any():
        apart = ~touching
        first, last = np.append(True, apart)[: len(mask)], np.append(apart, True)[: len(mask)]
        mask, start, stop = mask[first], start[first], stop[last]
    return mask, start, stop


def _frame(
    masks: int, mask: "Ints", strips: "tuple[Short, Short, Short]", more: "tuple[Short, Short]"
) -> Frames:
    column, top, bottom = strips
    length, height = more
    found = np.bincount(mask, minlength=masks)
    there = np.flatnonzero(found)
    heads = (np.cumsum(found) - found)[there]
    result = {name: np.zeros(masks, np.int64) for name in ("left", "right", "top", "bottom", "area")}
    if len(there):
        over = bottom > height
        behind = column + (bottom - 1) // height + 1
        result["left"][there] = column[heads]
        result["right"][there] = behind[heads + found[there] - 1]
        result["top"][there] = np.minimum.reduceat(np.where(over, 0, top), heads)
        result["bottom"][there] = np.maximum.reduceat(np.minimum(bottom, height), heads)
        result["area"][there] = np.add.reduceat(length, heads, dtype=np.int64)
    return Frames(**result)


def _cut_rest(
    mask: "Ints", column: "Short", bottom: "Short", heights: "Short"
) -> "tuple[Ints, Short, Short, Short]":
    """The parts of runs that lie in later columns than their first pixel."""
    height = heights[mask]
    more = (bottom - 1) // height
    owner = np.repeat(np.arange(len(mask)), more)
    nth = (np.arange(len(owner)) - np.repeat(np.cumsum(more) - more, more) + 1).astype(np.int32)
    ends = np.minimum(bottom[owner] - nth * height[owner], height[owner])
    return mask[owner], column[owner] + nth, np.zeros(len(owner), np.int32), ends
