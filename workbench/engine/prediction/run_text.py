"""COCO's run-length text of masks of which only the part around the object is there, as pycocotools writes it.

A mask that was pasted into its image is nearly all zeros: looking at the crop alone, and writing the text of all masks
of an image at once, costs a fraction of encoding whole images one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a mask that holds the object, and the column and row where it begins."""

    pixels: NDArray[np.bool_]
    left: int
    top: int


def encode_crops(crops: Sequence[Crop], height: int, width: int) -> list[str]:
    """Return the counts of each mask on an image of this size."""
    return encode_edges([find_crop_edges(crop, height) for crop in crops], height, width)


def encode_edges(edges: Sequence[Numbers], height: int, width: int) -> list[str]:
    """Return the counts of each mask from where its pixels change, counted column by column."""
    runs = [_to_runs(places, height * width) for places in edges]
    if not runs:
        return []
    lengths = [len(one) for one in runs]
    values = np.concatenate(runs)
    place = np.arange(len(values)) - np.repeat(np.cumsum([0, *lengths[:-1]]), lengths)
    later = np.flatnonzero(place > 2)
    differences = values.copy()
    differences[later] -= values[later - 2]
    text, ends = _write_letters(differences, lengths)
    return [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def find_crop_edges(crop: Crop, height: int) -> Numbers:
    """Find where the pixels change, column by column, as COCO counts them."""
    rows, columns = crop.pixels.shape
    framed = np.zeros((columns, rows + 2), bool)
    framed[:, 1:-1] = crop.pixels.T
    changes = np.flatnonzero(framed[:, 1:] != framed[:, :-1])
    column, row = np.divmod(changes, rows + 1)
    edges: Numbers = (column + crop.left) * height + row + crop.top
    if rows == height:  # an object that goes from the foot of a column to the head of the next is one run
        same = np.flatnonzero(edges[1:] == edges[:-1])
        edges = np.delete(edges, np.concatenate([same, same + 1]))
    return edges


def _to_runs(edges: Numbers, total: int) -> Numbers:
    """Zeros first, then ones, in turns; what ends with the picture has no zeros after it."""
    if edges.size and edges[-1] == total:
        edges = edges[:-1]
    runs = np.empty(len(edges) + 1, np.int64)
    runs[0] = edges[0] if edges.size else total
    runs[1:-1] = edges[1:] - edges[:-1]
    if edges.size:
        runs[-1] = total - edges[-1]
    return runs


def _write_letters(values: Numbers, lengths: Sequence[int]) -> tuple[str, list[int]]:
    """Write numbers as letters of 5 bits each, low bits first; the last letter's fifth bit is the sign."""
    size = np.where(values < 0, ~values, values)
    letters = np.ones(len(values), np.int64)
    for bits in range(4, 40, 5):
        longer = size >= 1 << bits
        if not longer.any():
            break
        letters += longer
    ends = np.cumsum(letters)
    starts = ends - letters
    text = np.empty(int(ends[-1]), np.uint8)
    for place in range(int(letters.max())):
        chosen = slice(None) if place == 0 else np.flatnonzero(letters > place)
        letter = (values[chosen] >> 5 * place) & 31
        text[starts[chosen] + place] = letter + 48 + 32 * (letters[chosen] > place + 1)
    return text.tobytes().decode("ascii"), ends[np.cumsum(lengths) - 1].tolist()
