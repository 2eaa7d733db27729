"""Large images in tiles that overlap, and once as a whole: small objects are seen large, large ones are seen whole.

An object that several tiles see comes out once: two looks mean one object where, in what both of them show, their
masks agree. What a tile's edge cut is put together, or gives way to a look that shows all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from detectron2.config import CfgNode
from numpy.typing import NDArray

from workbench.data.mask import Mask, mask_to_array
from workbench.engine.feed.pictures import Pixels
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.prediction.answers import Answer, Asker
from workbench.engine.prediction.joining import Frame, Piece, join_pieces
from workbench.engine.prediction.run_text import cancel_pairs, encode_edges

Record = Mapping[str, Any]
Rows = list[dict[str, Any]]

OVERLAP = 4  # a tile shares this part of its side with the next
LEAST_TILE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiled:
    """What tiles and the whole say together."""

    rows: Rows | None = None
    semantic: NDArray[np.uint8] | None = None


def cut_tiles(width: int, height: int, tile: int) -> list[Frame]:
    """Lay tiles over an image: all of one size, overlapping, none reaching out of it."""
    return [
        Frame(left, top, min(left + tile, width), min(top + tile, height))
        for top in _place(height, tile)
        for left in _place(width, tile)
    ]


def _place(length: int, tile: int) -> list[int]:
    """Spread the starts evenly, so that no tile is a strip."""
    if length <= tile:
        return [0]
    count = ceil((length - tile) / (tile - tile // OVERLAP))
    return [round(place * (length - tile) / count) for place in range(count + 1)]


def ask_in_tiles(asker: Asker, cfg: CfgNode, record: Record, pixels: Pixels, tile: int) -> Tiled:
    """Ask about each tile, and about the whole, then make one answer of all."""
    size = (int(record["height"]), int(record["width"]))
    whole = Frame(0, 0, size[1], size[0])
    frames = cut_tiles(size[1], size[0], max(tile, LEAST_TILE))
    answers = ((frame, _ask(asker, cfg, pixels, frame)) for frame in frames)
    pieces: list[Piece] = []
    semantic: NDArray[np.uint8] | None = None
    for frame, answer in answers:
        if answer.semantic is not None:
            semantic = np.zeros(size, np.uint8) if semantic is None else semantic
            _lay(semantic, answer.semantic, frame, frames)
        pieces += _take_pieces(answer, frame)
    if semantic is not None:
        return Tiled(semantic=semantic)
    if len(frames) > 1:
        pieces += _take_pieces(_ask(asker, cfg, pixels, whole), whole)
    return Tiled(rows=[_piece_to_row(piece, record, size) for piece in join_pieces(pieces, whole)])


def _ask(asker: Asker, cfg: CfgNode, pixels: Pixels, frame: Frame) -> Answer:
    part = np.ascontiguousarray(pixels[frame.top : frame.bottom, frame.left : frame.right])
    record = {"file_name": "", "image_id": 1, "height": part.shape[0], "width": part.shape[1]}
    return asker.ask(make_test_sample(record, cfg, partial(_give, part)))


def _give(pixels: Pixels, record: Record, plane: str, form: str) -> Pixels:
    return pixels


def _take_pieces(answer: Answer, frame: Frame) -> Iterator[Piece]:
    """Crop each object to its own pixels, so that hundreds of them fit beside a large image."""
    for row in answer.rows or ():
        array, left, top = _crop(row)
        if array.size:
            yield Piece(
                category=row["category_id"],
                score=row["score"],
                left=frame.left + left,
                top=frame.top + top,
                array=array,
                frame=frame,
                masked="segmentation" in row,
            )


def _crop(row: Mapping[str, Any]) -> tuple[NDArray[np.bool_], int, int]:
    """Return the pixels of an object, and where they lie in their tile."""
    x, y, wide, high = row["bbox"]
    found = row.get("segmentation")
    if not found:
        return np.ones((max(1, round(high)), max(1, round(wide))), bool), int(x), int(y)
    height, width = found["size"]
    array = mask_to_array(Mask(height, width, found["counts"].encode())).astype(bool)
    rows, columns = np.flatnonzero(array.any(axis=1)), np.flatnonzero(array.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), bool), 0, 0
    cut = array[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut.copy(), int(columns[0]), int(rows[0])


def _piece_to_row(piece: Piece, record: Record, size: tuple[int, int]) -> dict[str, Any]:
    """Write an object as COCO results have it, without ever painting it on the whole image."""
    high, wide = piece.array.shape
    row = {
        "image_id": record["image_id"],
        "category_id": piece.category,
        "bbox": [float(piece.left), float(piece.top), float(wide), float(high)],
        "score": piece.score,
    }
    if not piece.masked:
        return row
    framed = np.zeros((wide, high + 2), bool)
    framed[:, 1:-1] = piece.array.T
    column, place = np.nonzero(framed[:, 1:] != framed[:, :-1])
    edges = cancel_pairs((piece.left + column) * size[0] + piece.top + place)
    counts = encode_edges(edges, np.array([size[0] * size[1]])).texts[0]
    return row | {"segmentation": {"size": size, "counts": counts}}


def _lay(canvas: NDArray[np.uint8], answer: NDArray[np.uint8], frame: Frame, frames: Sequence[Frame]) -> None:
    """Copy what of a tile no other tile sees better: up to the middle of what they share."""
    left, right = _own(frame.left, frame.right, {(one.left, one.right) for one in frames})
    top, bottom = _own(frame.top, frame.bottom, {(one.top, one.bottom) for one in frames})
    part = answer[top - frame.top : bottom - frame.top, left - frame.left : right - frame.left]
    canvas[top:bottom, left:right] = part


def _own(start: int, end: int, spans: set[tuple[int, int]]) -> tuple[int, int]:
    """Return where a tile's own stretch begins and ends among its neighbours'."""
    ordered = sorted(spans)
    place = ordered.index((start, end))
    before, after = ordered[:place][-1:], ordered[place + 1 :][:1]
    return (
        (before[0][1] + start) // 2 if before else start,
        (end + after[0][0]) // 2 if after else end,
    )
