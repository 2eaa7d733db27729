"""One object of many looks: which pieces that tiles saw are the same, and what it looks like whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SAME = 0.5  # IoU in what both looks show, from which they mean one object
INSIDE = 0.6  # of what an edge has cut that lies in another object: it is a part of that
COVERED = 0.8  # of a look at the whole that tiles have resolved into other objects
SURE = 0.5  # of the surest piece's score: less is no part of an object
NEAR = 2  # px from an edge: cut by it


class Frame(NamedTuple):
    """What one look shows."""

    left: int
    top: int
    right: int
    bottom: int

    def meet(self, other: "Frame") -> "Frame":
        """Return what both show; it may be empty."""
        return Frame(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An object as one look shows it: its own pixels, the first of which is at (left, top) of the image."""

    category: int
    score: float
    left: int
    top: int
    array: NDArray[np.bool_]
    frame: Frame
    masked: bool = True

    @property
    def box(self) -> Frame:
        """Where it lies."""
        high, wide = self.array.shape
        return Frame(self.left, self.top, self.left + wide, self.top + high)

    def cut(self, window: Frame) -> NDArray[np.bool_]:
        """Return what of it lies in a window, which must not reach out of its box."""
        return self.array[
            window.top - self.top : window.bottom - self.top,
            window.left - self.left : window.right - self.left,
        ]

    def count(self, window: Frame) -> int:
        """Count its pixels in a window."""
        return int(self.cut(self.box.meet(window)).sum()) if _is_open(self.box.meet(window)) else 0


@dataclass(slots=True)
class _Group:
    """Pieces of one object; `whole` is the best look at all of it, None while there are cut pieces only."""

    pieces: list[Piece]
    whole: Piece | None = None

    def finish(self) -> Piece:
        """Return the object: the best whole look, or all cut pieces together that are about as sure."""
        if self.whole:
            return self.whole
        best = max(piece.score for piece in self.pieces)
        return _unite([piece for piece in self.pieces if piece.score >= SURE * best])


def join_pieces(pieces: Iterable[Piece], whole: Frame) -> list[Piece]:
    """Return each object once, the surest first; the same pieces in another order give the same."""
    ordered = sorted(pieces, key=lambda one: (-one.score, one.category, one.box, one.frame))
    looks = [one for one in ordered if one.frame == whole]
    inside = [one for one in ordered if one.frame != whole]
    groups: list[_Group] = []
    for piece in inside:
        if not is_cut(piece, whole):
            _add_whole(groups, piece)
    for piece in looks:
        _add_look(groups, piece)
    for piece in inside:
        if is_cut(piece, whole):
            _add_cut(groups, piece)
    return sorted((group.finish() for group in groups), key=lambda one: (-one.score, one.category, one.box))


def is_cut(piece: Piece, whole: Frame) -> bool:
    """Whether it reaches an edge of its look that is none of the image."""
    box, frame = piece.box, piece.frame
    return (
        (frame.left > whole.left and box.left < frame.left + NEAR)
        or (frame.top > whole.top and box.top < frame.top + NEAR)
        or (frame.right < whole.right and box.right > frame.right - NEAR)
        or (frame.bottom < whole.bottom and box.bottom > frame.bottom - NEAR)
    )


def _add_whole(groups: list[_Group], piece: Piece) -> None:
    """Surer looks came first and stay the best."""
    for group in groups:
        if any(agree(piece, other) for other in group.pieces):
            group.pieces.append(piece)
            return
    groups.append(_Group([piece], piece))


def _add_look(groups: list[_Group], piece: Piece) -> None:
    """A look at the whole image tells of objects larger than a tile; what tiles saw better is theirs."""
    for group in groups:
        if any(agree(piece, other) for other in group.pieces):
            group.pieces.append(piece)
            return
    others = [group.whole for group in groups if group.whole and group.whole.category == piece.category]
    if sum(count_shared(piece, other) for other in others) < COVERED * piece.array.sum():
        groups.append(_Group([piece], piece))


def _add_cut(groups: list[_Group], piece: Piece) -> None:
    """A cut piece is part of an object that is known whole, or ties cut pieces together, or is one of its own."""
    found = [group for group in groups if any(_belong(piece, other) for other in group.pieces)]
    if any(group.whole for group in found):  # seen better elsewhere
        return
    joined = _Group([piece])
    for group in found:
        joined.pieces += group.pieces
        groups.remove(group)
    groups.append(joined)


def _belong(piece: Piece, other: Piece) -> bool:
    if agree(piece, other):
        return True
    if piece.category != other.category or piece.frame == other.frame:
        return False
    return count_shared(piece, other) >= INSIDE * piece.array.sum()


def agree(one: Piece, other: Piece) -> bool:
    """Whether two looks show one object: their masks are alike in what both show."""
    if one.category != other.category or one.frame == other.frame:
        return False
    shared = count_shared(one, other)
    if not shared:
        return False
    both = one.frame.meet(other.frame)
    return shared >= SAME * (one.count(both) + other.count(both) - shared)


def count_shared(one: Piece, other: Piece) -> int:
    """Count the pixels of both."""
    window = one.box.meet(other.box)
    return int((one.cut(window) & other.cut(window)).sum()) if _is_open(window) else 0


def _is_open(window: Frame) -> bool:
    return window.left < window.right and window.top < window.bottom


def _unite(pieces: Sequence[Piece]) -> Piece:
    """Put pieces together in one picture."""
    boxes = [piece.box for piece in pieces]
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    canvas = np.zeros((bottom - top, right - left), bool)
    for piece, box in zip(pieces, boxes, strict=True):
        canvas[box.top - top : box.bottom - top, box.left - left : box.right - left] |= piece.array
    surest = max(pieces, key=lambda piece: piece.score)
    return replace(surest, left=left, top=top, array=canvas)
