"""Masks that are not pasted yet, of several images at once: small ones of soft values, each stretched over its box.

Coordinates are computed in single precision and in the order of Detectron2's mask_ops.py, whose pixels these are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
THRESHOLD = 0.5
_HALF, _ONE, _TWO = np.float32(0.5), np.float32(1), np.float32(2)
_AT_ONCE = 1 << 20  # values that are gathered for sampling
_MANY = 32  # columns of one mask: it is cheaper to take the mask by itself than to gather it for each


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftMasks:
    """All masks, counted through over all images; a frame of zeros is around each, since nothing is outside."""

    framed: Floats  # mask, column, row
    boxes: Floats  # x and y of two corners, in pixels of the image
    heights: Numbers  # of each mask's image
    widths: Numbers

    @property
    def side(self) -> int:
        """Rows of a mask, which are as many as its columns."""
        return self.framed.shape[1] - 2

    @property
    def starts(self) -> Numbers:
        """Where each mask's places begin: a place for each pixel, column by column, and one for its end."""
        ends: Numbers = np.cumsum(self.heights * self.widths + 1)
        return np.append(0, ends[:-1])

    def crop(self, axis: int) -> tuple[Numbers, Numbers]:
        """Return the first and the last column (axis 0) or row (1) that Detectron2 pastes, the last not included."""
        low, high = self.boxes[:, axis], self.boxes[:, axis + 2]
        first = np.maximum(np.floor(low) - 1, 0).astype(np.int64)
        return first, np.minimum(np.ceil(high) + 1, (self.widths, self.heights)[axis]).astype(np.int64)

    def to_grid(self, pixel: Numbers, owner: Numbers, axis: int) -> Floats:
        """From -1 to 1 over the box of each pixel's owner."""
        low, high = self.boxes[owner, axis], self.boxes[owner, axis + 2]
        grid: Floats = (pixel.astype(np.float32) + _HALF - low) / (high - low) * _TWO - _ONE
        return grid


def stack_masks(
    masks: Sequence[Floats], boxes: Sequence[Floats], sizes: Sequence[tuple[int, int]]
) -> SoftMasks:
    """Put the masks of several images together; all have the same side."""
    counts, side = [len(one) for one in masks], masks[0].shape[1]
    framed = np.zeros((sum(counts), side + 2, side + 2), np.float32)
    begin = 0
    for one in masks:
        framed[begin : begin + len(one), 1:-1, 1:-1] = one.transpose(0, 2, 1)
        begin += len(one)
    heights, widths = np.repeat(np.array(sizes, np.int64), counts, axis=0).T
    return SoftMasks(framed=framed, boxes=np.concatenate(boxes), heights=heights, widths=widths)


def sample_columns(soft: SoftMasks, owner: Numbers, x: Numbers) -> Numbers:
    """Paste single columns of pixels with Detectron2's own sampling, and return the places where they change."""
    many = np.flatnonzero(np.bincount(owner, minlength=len(soft.framed)) > _MANY)
    found = [_sample(soft, many[one : one + 1], x[None, owner == number]) for one, number in enumerate(many)]
    few = np.flatnonzero(~np.isin(owner, many))
    step = max(1, _AT_ONCE // (soft.side**2 + 2 * int(soft.heights.max(initial=0))))
    parts = (few[part : part + step] for part in range(0, len(few), step))
    found += [_sample(soft, owner[part], x[part, None]) for part in parts]
    return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))


def _sample(soft: SoftMasks, owner: Numbers, x: Numbers) -> Numbers:
    """Each owner has a row of columns."""
    top, foot = (edge[owner] for edge in soft.crop(1))
    rows = np.arange((foot - top).max())
    grid = np.empty((*x.shape, len(rows), 2), np.float32)
    grid[..., 0] = soft.to_grid(x, owner[:, None], 0)[..., None]
    grid[..., 1] = soft.to_grid(top[:, None] + rows, owner[:, None], 1)[:, None]
    masks = np.ascontiguousarray(soft.framed[owner, None, 1:-1, 1:-1].swapaxes(2, 3))
    values = functional.grid_sample(torch.from_numpy(masks), torch.from_numpy(grid), align_corners=False)
    inside = np.zeros((*x.shape, len(rows) + 2), bool)
    inside[..., 1:-1] = (values[:, 0].numpy() >= THRESHOLD) & (rows < (foot - top)[:, None, None])
    one, column, row = np.nonzero(inside[..., 1:] != inside[..., :-1])
    own = owner[one]
    return soft.starts[own] + x[one, column] * soft.heights[own] + top[one] + row
