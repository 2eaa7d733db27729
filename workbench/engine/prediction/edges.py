"""Where a pasted mask begins and ends in each column of its image, worked out instead of painted.

Along a column of the image a mask that is sampled bilinearly is a line from one row of the mask to the next, so it
crosses the threshold where arithmetic says, and run lengths are nothing but these places. Pixels so close to the
threshold that rounding decides are asked of Detectron2's own sampling: the result is equal to the last bit.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
THRESHOLD = 0.5
LARGEST_SIDE = 56  # finer masks (PointRend's 224) have more rows than their objects: painting is cheaper
_DOUBT = 2e-6  # per row of the mask; single precision is good for a tenth of it


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the image that each mask reaches, and the mask's values along them."""

    owner: Numbers  # the mask
    x: Numbers
    levels: Floats  # value - threshold at each row of the mask, with the zeros around it


def find_edges(masks: Floats, boxes: Floats, height: int, width: int) -> list[Numbers | None]:
    """Return for each mask where its pixels change, counted column by column; None where it must be painted."""
    columns = _sample_columns(masks, boxes, width)
    doubt = _DOUBT * masks.shape[1]
    painted = np.zeros(len(masks), bool)
    painted[columns.owner[(np.abs(columns.levels) < doubt).any(axis=1)]] = True
    inside = columns.levels >= 0
    column, knot = np.nonzero(inside[:, 1:] != inside[:, :-1])
    before, after = columns.levels[column, knot], columns.levels[column, knot + 1]
    owner, x = columns.owner[column], columns.x[column]
    scale = (boxes[:, 3] - boxes[:, 1]).astype(float)[owner] / masks.shape[1]
    exact = (knot - 1 + before / (before - after).astype(float) + 0.5) * scale + boxes[owner, 1] - 0.5
    row = np.ceil(exact).astype(np.int64)
    steep = np.abs(after - before) / scale
    late = np.flatnonzero((row - exact) * steep < doubt)
    early = np.flatnonzero((exact - row + 1) * steep < doubt)
    rising = after > before
    asked = np.concatenate([late, early])
    answers = _ask(
        masks, boxes, owner[asked], x[asked], row[asked] - np.repeat([0, 1], [len(late), len(early)])
    )
    row[late] += answers[: len(late)] != rising[late]
    row[early] -= answers[len(late) :] == rising[early]
    places = x * height + row.clip(0, height)
    return _split(places, owner, painted)


def _sample_columns(masks: Floats, boxes: Floats, width: int) -> _Columns:
    """Interpolate between the columns of the masks, with the coordinates that Detectron2 computes."""
    side = masks.shape[1]
    left = np.maximum(np.floor(boxes[:, 0]) - 1, 0).astype(np.int64)
    counts = np.minimum(np.ceil(boxes[:, 2]) + 1, width).astype(np.int64) - left
    owner = np.repeat(np.arange(len(masks)), counts)
    x = np.arange(len(owner)) + np.repeat(left - np.cumsum(counts) + counts, counts)
    place = ((_to_grid(x, boxes[owner, 0], boxes[owner, 2]) + 1) * side - 1) / 2
    kept = (place > -1) & (place < side)
    owner, x, place = owner[kept], x[kept], place[kept]
    cell = np.floor(place).astype(np.int64)
    share = (place - cell)[:, None]
    framed = np.zeros((len(masks), side + 2, side + 2), np.float32)
    framed[:, 1:-1, 1:-1] = masks.transpose(0, 2, 1)
    flat, first = framed.reshape(-1, side + 2), owner * (side + 2) + cell + 1
    levels = flat[first] * (1 - share) + flat[first + 1] * share - np.float32(THRESHOLD)
    return _Columns(owner, x, levels)


def _to_grid(pixel: Numbers, low: Floats, high: Floats) -> Floats:
    """From -1 to 1 over the box, in single precision and in the order of mask_ops.py."""
    half, two, one = np.float32(0.5), np.float32(2), np.float32(1)
    return (pixel.astype(np.float32) + half - low) / (high - low) * two - one


def _ask(masks: Floats, boxes: Floats, owner: Numbers, x: Numbers, y: Numbers) -> NDArray[np.bool_]:
    """Sample single pixels as Detectron2 does: is each inside?"""
    result = np.zeros(len(owner), bool)
    own = boxes[owner]
    grid = np.stack([_to_grid(x, own[:, 0], own[:, 2]), _to_grid(y, own[:, 1], own[:, 3])], axis=-1)
    for one in np.unique(owner):
        chosen = np.flatnonzero(owner == one)
        points = torch.from_numpy(grid[chosen])[None, None]
        mask = torch.from_numpy(masks[one])[None, None]
        values = functional.grid_sample(mask, points, align_corners=False)
        result[chosen] = (values[0, 0, 0] >= THRESHOLD).numpy()
    return result


def _split(places: Numbers, owner: Numbers, painted: NDArray[np.bool_]) -> list[Numbers | None]:
    """Give each mask its own; two changes at one place are none."""
    steps = np.diff(places)
    same_owner = owner[1:] == owner[:-1]
    painted[owner[1:][same_owner & (steps < 0)]] = True  # rounding put two changes in the wrong order
    if (same_owner & (steps == 0)).any():
        room = int(places.max()) + 1
        keys, counts = np.unique(owner * room + places, return_counts=True)
        owner, places = np.divmod(keys[counts % 2 == 1], room)
    ends = np.searchsorted(owner, np.arange(len(painted) + 1))
    return [
        None if is_painted else places[start:end]
        for is_painted, start, end in zip(painted, ends[:-1], ends[1:], strict=True)
    ]
