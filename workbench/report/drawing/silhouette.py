"""Where an object is in a window of its photograph: a truth for each pixel of the picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from workbench.data.mask import require_mask
from workbench.evaluation.coco.run_lengths import count_pixels, read_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Seen = NDArray[np.bool_]

Window = tuple[float, float, float, float]  # left, top, right, bottom


def find_silhouette(segmentation: Any, box: Window, window: Window, out: tuple[int, int]) -> "Seen":
    """Look at run lengths, at rings, or at the box where there is neither; `out` is width and height."""
    if segmentation is None:
        return _box_to_seen(box, window, out)
    if isinstance(segmentation, dict):
        return _run_lengths_to_seen(segmentation, window, out)
    return _rings_to_seen(segmentation, window, out)


def size_of(window: Window) -> tuple[float, float]:
    """Width and height, at least a pixel each."""
    return max(1.0, window[2] - window[0]), max(1.0, window[3] - window[1])


def _place(points: Sequence[float], window: Window, out: tuple[int, int]) -> list[tuple[float, float]]:
    wide, high = size_of(window)
    across, up = out[0] / wide, out[1] / high
    return [
        ((x - window[0]) * across, (y - window[1]) * up)
        for x, y in zip(points[::2], points[1::2], strict=True)
    ]


def _rings_to_seen(rings: Sequence[Sequence[float]], window: Window, out: tuple[int, int]) -> "Seen":
    canvas = Image.new("1", out)
    draw = ImageDraw.Draw(canvas)
    for ring in rings:
        draw.polygon(_place(ring, window, out), fill=1)
    return np.array(canvas)


def _box_to_seen(box: Window, window: Window, out: tuple[int, int]) -> "Seen":
    canvas = Image.new("1", out)
    (left, top), (right, bottom) = _place(box, window, out)
    ImageDraw.Draw(canvas).rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=1)
    return np.array(canvas)


def _run_lengths_to_seen(rle: dict[str, Any], window: Window, out: tuple[int, int]) -> "Seen":
    """Look the mask up where the picture's pixels have their middles: nothing of the photograph's size is painted."""
    height, width = rle["size"]
    counts = rle["counts"]
    text = counts.encode() if isinstance(counts, str) else counts
    if not isinstance(text, bytes) or count_pixels([text]) != [height * width]:
        text = require_mask(height, width, counts).counts
    ends = read_runs([text]).ends
    wide, high = size_of(window)
    across = (window[0] + (np.arange(out[0]) + 0.5) * wide / out[0]).astype(np.int64).clip(0, width - 1)
    down = (window[1] + (np.arange(out[1]) + 0.5) * high / out[1]).astype(np.int64).clip(0, height - 1)
    places = across * height + down[:, None]
    seen: Seen = np.searchsorted(ends, places, "right") % 2 == 1
    return seen
