"""Does one mask lie around another with a rim on all sides? Counted along the outline, edge by edge of its pixels."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.bit_masks import Layout, count_each, lay_out, paint
from workbench.evaluation.overlap.strips import Frames, Strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Words = NDArray[np.uint64]

_ONE = np.uint64(1)


@dataclass(frozen=True, slots=True)
class Outlines:
    """Pixels at the outlines of masks, those that look up, down, left and right; an image's edge is no outline."""

    layout: Layout
    faces: "tuple[Words, Words, Words, Words]"
    length: "Ints"  # of each mask, in edges of pixels


def trace_outlines(strips: Strips, frames: Frames, sizes: "Ints") -> Outlines:
    """Find the outlines of masks on images of these heights and widths."""
    layout = lay_out(frames)
    words, blocks = paint(strips, layout), layout.blocks
    above, below = words << _ONE, words >> _ONE
    for before, here, after in zip(blocks, blocks[1:], blocks[2:], strict=False):
        above[here:after] |= words[before : before + after - here] >> np.uint64(63)
        below[before : before + after - here] |= words[here:after] << np.uint64(63)
    left, right = np.zeros_like(words), np.zeros_like(words)
    left[1:], right[:-1] = words[:-1], words[1:]  # behind each mask there is an empty column
    edges = _find_edges(strips, sizes)
    faces = tuple(
        words & ~beside & ~paint(edge, layout) if len(edge.mask) else words & ~beside
        for beside, edge in zip((above, below, left, right), edges, strict=True)
    )
    length = np.sum([count_each(face, layout) for face in faces], axis=0)
    return Outlines(layout, (faces[0], faces[1], faces[2], faces[3]), length)


def _find_edges(strips: Strips, sizes: "Ints") -> tuple[Strips, ...]:
    """Return the pixels that stand at the upper, lower, left and right edge of their image."""
    height, width = sizes[strips.mask].T
    upper, lower = strips.top == 0, strips.bottom == height
    return (
        _choose(replace(strips, bottom=np.minimum(strips.bottom, 1)), upper),
        _choose(replace(strips, top=np.maximum(strips.top, strips.bottom - 1)), lower),
        _choose(strips, strips.column == 0),
        _choose(strips, strips.column == width - 1),
    )


def _choose(strips: Strips, kept: "Bools") -> Strips:
    return Strips(
        whole=int(kept[: strips.whole].sum()),
        mask=strips.mask[kept],
        column=strips.column[kept],
        top=strips.top[kept],
        bottom=strips.bottom[kept],
    )


def count_backed(outlines: Outlines, others: Strips, sizes: "Ints", far: "Ints") -> "Ints":
    """Count the edges of each outline that the other mask reaches beyond, straight out, by `far` pixels or more.

    What touches an edge of the image counts as going on behind it.
    """
    layout, counts = outlines.layout, np.zeros(len(sizes), np.int64)
    upright = _cut_columns(others, layout.frames)
    level = _cut_rows(others, layout.frames)
    moved = (
        *(_cut_rows(_push_down(upright, sizes, way * far), layout.frames) for way in (1, -1)),
        *(_cut_columns(_push_right(level, sizes, way, far), layout.frames) for way in (1, -1)),
    )
    for face, strips in zip(outlines.faces, moved, strict=True):
        counts += count_each(face & paint(strips, layout), layout)
    return counts


def _cut_columns(strips: Strips, frames: Frames) -> Strips:
    mask, column = strips.mask, strips.column
    return _choose(strips, (column >= frames.left[mask]) & (column < frames.right[mask]))


def _cut_rows(strips: Strips, frames: Frames) -> Strips:
    low, high = frames.top[strips.mask].astype(np.int32), frames.bottom[strips.mask].astype(np.int32)
    return replace(strips, top=strips.top.clip(low, high), bottom=strips.bottom.clip(low, high))


def _push_down(strips: Strips, sizes: "Ints", far: "Ints") -> Strips:
    step, height = far[strips.mask].astype(np.int32), sizes[strips.mask, 0].astype(np.int32)
    top = np.where((strips.top == 0) & (step > 0), 0, strips.top + step)
    bottom = np.where((strips.bottom == height) & (step < 0), height, strips.bottom + step)
    return replace(strips, top=top, bottom=bottom)


def _push_right(strips: Strips, sizes: "Ints", way: int, far: "Ints") -> Strips:
    """What stands at the edge that is moved away from is there again in each column that opens."""
    mask, last = strips.mask, sizes[:, 1] - 1
    edge = np.flatnonzero(strips.column == (0 if way > 0 else last[mask]))
    owner = np.repeat(edge, far[mask[edge]])
    nth = np.arange(len(owner)) - np.searchsorted(owner, owner)
    opened = nth if way > 0 else last[mask[owner]] - nth
    column = np.concatenate([strips.column + way * far[mask], opened]).astype(np.int32)
    parts = {name: np.concatenate([getattr(strips, name), getattr(strips, name)[owner]]) for name in _ROWS}
    return Strips(whole=strips.whole, column=column, **parts)


_ROWS = ("mask", "top", "bottom")
