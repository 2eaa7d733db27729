"""Parts of photographs with objects drawn over them; each is opened once, and decoded no larger than needed."""

from dataclasses import dataclass
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from workbench.data.dataset import Color
from workbench.report.drawing.silhouette import Window, find_silhouette, size_of
from workbench.report.drawing.tint import FILL, tint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

QUALITY = 78
ENOUGH = 0.7  # of the pixels that a view has, decoded: the page shows them smaller still
NEAR = 0.25  # of its size that an object may reach beyond its box
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
    return [_encode(view.key, picture) for view, picture in draw_views(job)]


def draw_views(job: Job) -> list[tuple[View, Image.Image]]:
    """Draw every view as a picture in memory."""
    try:
        picture = _open(job)
        return [(view, _draw(picture, view, job.size)) for view in job.views]
    except (OSError, ValueError, Image.DecompressionBombError):
        return []


def _encode(key: str, picture: Image.Image) -> Drawn:
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY, method=2)
    return Drawn(key=key, content=stream.getvalue(), width=picture.width, height=picture.height)


def _open(job: Job) -> Image.Image:
    """Decode as small as the sharpest view allows; only JPEG can. Nothing is copied: photographs are large."""
    scale = max(view.side / max(size_of(view.window)) for view in job.views)
    with Image.open(job.path) as source:
        if scale < 1:
            long = ceil(max(job.size) * scale * ENOUGH)
            source.draft("RGB", (long, long))
        source.load()
        ImageOps.exif_transpose(source, in_place=True)
        return source if source.mode == "RGB" else source.convert("RGB")


def _draw(picture: Image.Image, view: View, size: tuple[int, int]) -> Image.Image:
    wide, high = size_of(view.window)
    scale = min(view.side / max(wide, high), LARGER)
    out = (max(1, round(wide * scale)), max(1, round(high * scale)))
    share = (picture.width / size[0], picture.height / size[1])
    box = tuple(value * share[place % 2] for place, value in enumerate(view.window))
    small = picture.resize(out, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)  # type: ignore[arg-type]
    pixels = np.asarray(small).astype(np.float32)
    if view.painting:
        _paint(pixels, view.painting, view.window)
    for mark in sorted(view.marks, key=lambda one: one.strong):
        if mark.strong or _is_near(mark.box, view.window):
            _mark(pixels, mark, view.window)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _is_near(box: Window, window: Window) -> bool:
    """Whether an object can be seen in a window."""
    wide, high = ((one * NEAR) for one in size_of(box))
    return (
        box[0] - wide < window[2]
        and box[2] + wide > window[0]
        and box[1] - high < window[3]
        and box[3] + high > window[1]
    )


def _mark(pixels: "Pixels", mark: Mark, window: Window) -> None:
    seen = find_silhouette(mark.segmentation, mark.box, window, (pixels.shape[1], pixels.shape[0]))
    tint(pixels, seen, mark.color, fill=mark.fill if mark.strong else 0.0, edge=2 if mark.strong else 1)


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
