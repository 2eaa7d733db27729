"""Parts of photographs with objects drawn over them; each is opened once, and decoded no larger than needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from workbench.data.dataset import Color
from workbench.data.mask import require_mask
from workbench.evaluation.run_lengths import count_pixels, read_runs
from workbench.report.tint import FILL, tint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

Window = tuple[float, float, float, float]  # left, top, right, bottom
QUALITY = 78
LARGER = 4  # so many times a small object is enlarged


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An object to draw; `strong` ones are what the picture is about."""

    color: Color
    box: Window
    segmentation: Any = None
    strong: bool = True
    fill: float = FILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """A PNG of classes or segments, and the colour of each value."""

    path: Path
    colors: tuple[tuple[int, Color], ...]
    segments: bool  # ids in three channels, not classes in one


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A window of a photograph; its longer side becomes `side` pixels."""

    key: str
    window: Window
    side: int
    marks: tuple[Mark, ...] = ()
    painting: Painting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A photograph, and all that is wanted of it; `size` is width and height as the truth says."""

    path: Path
    size: tuple[int, int]
    views: tuple[View, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture, encoded."""

    key: str
    content: bytes
    width: int
    height: int


def draw_job(job: Job) -> list[Drawn]:
    """Draw every view; none where the photograph cannot be read."""
    try:
        picture = _open(job)
        return [_draw(picture, view, job.size) for view in job.views]
    except (OSError, ValueError, Image.DecompressionBombError):
        return []


def _open(job: Job) -> Image.Image:
    """Decode as small as the sharpest view allows; only JPEG can."""
    scale = max(view.side / max(_size(view.window)) for view in job.views)
    with Image.open(job.path) as source:
        if scale < 1:
            long = ceil(max(job.size) * scale)
            source.draft("RGB", (long, long))
        picture: Image.Image = ImageOps.exif_transpose(source).convert("RGB")
    return picture


def _size(window: Window) -> tuple[float, float]:
    return max(1.0, window[2] - window[0]), max(1.0, window[3] - window[1])


def _draw(picture: Image.Image, view: View, size: tuple[int, int]) -> Drawn:
    wide, high = _size(view.window)
    scale = min(view.side / max(wide, high), LARGER)
    out = (max(1, round(wide * scale)), max(1, round(high * scale)))
    share = (picture.width / size[0], picture.height / size[1])
    box = tuple(value * share[place % 2] for place, value in enumerate(view.window))
    small = picture.resize(out, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)  # type: ignore[arg-type]
    pixels = np.asarray(small).astype(np.float32)
    if view.painting:
        _paint(pixels, view.painting, view.window)
    for mark in sorted(view.marks, key=lambda one: one.strong):
        _mark(pixels, mark, view.window, size)
    stream = BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, "WEBP", quality=QUALITY, method=2)
    return Drawn(key=view.key, content=stream.getvalue(), width=out[0], height=out[1])


def _mark(pixels: "Pixels", mark: Mark, window: Window, size: tuple[int, int]) -> None:
    out = (pixels.shape[1], pixels.shape[0])
    if mark.segmentation is None:
        seen = _box_to_seen(mark.box, window, out)
    elif isinstance(mark.segmentation, dict):
        seen = _run_lengths_to_seen(mark.segmentation, window, out)
    else:
        seen = _rings_to_seen(mark.segmentation, window, out)
    tint(pixels, seen, mark.color, fill=mark.fill if mark.strong else 0.0, edge=2 if mark.strong else 1)


def _place(points: Sequence[float], window: Window, out: tuple[int, int]) -> list[tuple[float, float]]:
    wide, high = _size(window)
    across, up = out[0] / wide, out[1] / high
    return [
        ((x - window[0]) * across, (y - window[1]) * up)
        for x, y in zip(points[::2], points[1::2], strict=True)
    ]


def _rings_to_seen(
    rings: Sequence[Sequence[float]], window: Window, out: tuple[int, int]
) -> "NDArray[np.bool_]":
    canvas = Image.new("1", out)
    draw = ImageDraw.Draw(canvas)
    for ring in rings:
        draw.polygon(_place(ring, window, out), fill=1)
    return np.array(canvas)


def _box_to_seen(box: Window, window: Window, out: tuple[int, int]) -> "NDArray[np.bool_]":
    canvas = Image.new("1", out)
    (left, top), (right, bottom) = _place(box, window, out)
    ImageDraw.Draw(canvas).rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=1)
    return np.array(canvas)


def _run_lengths_to_seen(rle: dict[str, Any], window: Window, out: tuple[int, int]) -> "NDArray[np.bool_]":
    """Look the mask up where the picture's pixels have their middles: nothing of the photograph's size is painted."""
    height, width = rle["size"]
    counts = rle["counts"]
    text = counts.encode() if isinstance(counts, str) else counts
    if not isinstance(text, bytes) or count_pixels([text]) != [height * width]:
        text = require_mask(height, width, counts).counts
    ends = read_runs([text]).ends
    wide, high = _size(window)
    across = (window[0] + (np.arange(out[0]) + 0.5) * wide / out[0]).astype(np.int64).clip(0, width - 1)
    down = (window[1] + (np.arange(out[1]) + 0.5) * high / out[1]).astype(np.int64).clip(0, height - 1)
    places = across * height + down[:, None]
    seen: NDArray[np.bool_] = np.searchsorted(ends, places, "right") % 2 == 1
    return seen


def _paint(pixels: "Pixels", painting: Painting, window: Window) -> None:
    """Tint every segment, and draw a line where one meets another."""
    with Image.open(painting.path) as source:
        form = "RGB" if painting.segments else "L"
        part = source.convert(form).resize(
            (pixels.shape[1], pixels.shape[0]), Image.Resampling.NEAREST, box=window
        )
    values = np.asarray(part).astype(np.int64)
    ids = values @ np.array([1, 256, 65536]) if painting.segments else values
    for value, color in painting.colors:
        seen = ids == value
        if seen.any():
            tint(pixels, seen, color, fill=0.55, edge=0)
    border = np.zeros(ids.shape, bool)
    border[1:] |= ids[1:] != ids[:-1]
    border[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    pixels[border] = 255
