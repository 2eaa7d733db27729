"""Detectron2's ROIAlign as a sparse matrix product: the same numbers, many times faster on a processor.

What is pooled is a weighted sum of a few pixels: rows of a sparse matrix. torchvision walks them one channel at a time,
and its backward on one core; here all channels of a pixel lie side by side, and both directions use every core.
The weights of a cell are those of its rows times those of its columns: the mean of bilinear samples is separable.
"""

from dataclasses import dataclass
from typing import Any

import torch
from detectron2.layers import ROIAlign
from torch.autograd.function import once_differentiable
from torch.nn import functional

_MOST_SAMPLES = 512  # along one side of a cell; boxes beyond that are a network that diverges
_MOST_ENTRIES = 1 << 25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """For each box and cell: the first pixel, how many, and their weights [boxes, cells, pixels]."""

    first: torch.Tensor
    count: torch.Tensor
    weight: torch.Tensor


class QuickROIAlign(ROIAlign):
    """ROIAlign of Detectron2; what this cannot do faster goes to the original."""

    def forward(self, input: torch.Tensor, rois: torch.Tensor) -> torch.Tensor:  # noqa: A002  (Detectron2's name)
        """Pool features [N, C, H, W] in boxes (image, x0, y0, x1, y1)."""
        if input.device.type != "cpu" or input.dtype != torch.float32 or not len(rois):
            return super().forward(input, rois)
        entries = _list_entries(self, rois.detach().to(input.dtype), input.shape)
        if entries is None:
            return super().forward(input, rois)
        return _Pool.apply(input, *entries, self.output_size)


class _Pool(torch.autograd.Function):
    """Multiply by the sparse matrix; backward by its transpose."""

    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, *plan: Any) -> torch.Tensor:
        pixel, cell, weight, starts, size = plan
        ctx.save_for_backward(pixel, cell, weight)
        ctx.shape = features.shape
        channels = features.shape[1]
        rows = features.permute(0, 2, 3, 1).reshape(-1, channels)
        pooled = functional.embedding_bag(pixel, rows, starts, mode="sum", per_sample_weights=weight)
        return pooled.view(-1, *_pair(size), channels).permute(0, 3, 1, 2).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        pixel, cell, weight = ctx.saved_tensors
        images, channels, height, width = ctx.shape
        rows = gradient.permute(0, 2, 3, 1).reshape(-1, channels)
        ordered, order = torch.sort(pixel, stable=True)  # the transpose: entries by pixel
        starts = torch.searchsorted(ordered, torch.arange(images * height * width))
        spread = functional.embedding_bag(
            cell[order], rows, starts, mode="sum", per_sample_weights=weight[order]
        )
        back = spread.view(images, height, width, channels).permute(0, 3, 1, 2).contiguous()
        return back, None, None, None, None, None


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _list_entries(
    layer: ROIAlign, rois: torch.Tensor, shape: torch.Size
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None:
    """Return the matrix: pixel, cell and weight of each entry, and where each cell starts. None: too much of it."""
    shift = 0.5 if layer.aligned else 0.0
    left, top, right, bottom = (rois[:, 1:] * layer.spatial_scale - shift).unbind(1)
    wide, high = right - left, bottom - top
    if not layer.aligned:  # the older rule knows no box below one pixel
        wide, high = wide.clamp(min=1), high.clamp(min=1)
    cells_y, cells_x = _pair(layer.output_size)
    ys = _weigh_axis(top, high / cells_y, cells_y, shape[2], layer.sampling_ratio)
    xs = _weigh_axis(left, wide / cells_x, cells_x, shape[3], layer.sampling_ratio)
    if ys is None or xs is None:
        return None
    return _cross(ys, xs, rois[:, 0].to(torch.int64), (shape[2], shape[3]))


def _weigh_axis(start: torch.Tensor, step: torch.Tensor, cells: int, limit: int, ratio: int) -> _Axis | None:
    """Weigh the pixels along one axis, by the rules of torchvision's kernel, in its order of operations."""
    samples = torch.full_like(step, ratio) if ratio > 0 else step.ceil()
    most = samples.max()
    if not 0 <= most <= _MOST_SAMPLES:  # also where it is no number
        return None
    divisor = samples.clamp(min=1)[:, None, None]
    number = torch.arange(max(int(most), 1), dtype=step.dtype)
    step = step[:, None, None]
    cell_starts = start[:, None, None] + torch.arange(cells, dtype=step.dtype)[:, None] * step
    at = cell_starts + (number + 0.5) * step / divisor
    counts = (number < samples[:, None, None]) & (at >= -1) & (at <= limit)
    at = at.clamp(0, limit - 1)
    low = at.floor()
    above, low = at - low, low.to(torch.int64)
    first = torch.where(counts, low, limit).amin(2)
    last = torch.where(counts, (low + 1).clamp(max=limit - 1), -1).amax(2)
    count = (last - first + 1).clamp(min=0)
    first = torch.where(count > 0, first, 0)
    span = max(int(count.max()), 1)
    weight = step.new_zeros(*first.shape, span + 1)
    place = (low - first[..., None]).clamp(0, span - 1)
    share = counts / divisor
    weight.scatter_add_(2, place, share * (1 - above))
    weight.scatter_add_(2, place + 1, share * above)
    return _Axis(first=first, count=count, weight=weight)


def _cross(
    ys: _Axis, xs: _Axis, image: torch.Tensor, size: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None:
    """Multiply the axes out: cell (i, j) of a box sees the rows of i times the columns of j."""
    height, width = size
    shape = (*ys.count.shape, xs.count.shape[1])
    counts = (ys.count[:, :, None] * xs.count[:, None, :]).flatten()
    ends = counts.cumsum(0)
    total = int(ends[-1])
    if total > _MOST_ENTRIES:
        return None
    starts = ends - counts
    cell = torch.repeat_interleave(torch.arange(counts.numel()), counts, output_size=total)
    inside = torch.arange(total) - starts[cell]
    columns = xs.count[:, None, :].expand(shape).flatten()[cell]
    down = torch.div(inside, columns, rounding_mode="floor")
    right = inside - down * columns
    corner = (image[:, None, None] * height + ys.first[:, :, None]) * width + xs.first[:, None, :]
    pixel = corner.flatten()[cell] + down * width + right
    rows = torch.arange(ys.count.numel()).view(*ys.count.shape, 1).expand(shape).flatten()[cell]
    cols = torch.arange(xs.count.numel()).view(len(image), 1, -1).expand(shape).flatten()[cell]
    weight_y = ys.weight.flatten()[rows * ys.weight.shape[2] + down]
    weight = weight_y * xs.weight.flatten()[cols * xs.weight.shape[2] + right]
    return pixel, cell, weight, starts
