"""A picture that is painted from back to front, and remembers which object each of its pixels shows.

Everything is painted at SCALE times the final size. Outlines are in final pixels. `things` and `parts` are two layers
of owners, so that an eye does not cut a hole into its face; what is painted without an owner covers nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.draw.curves import Point, Ring

SCALE = 3
_SHIFT = 6  # sub-pixel bits of the rasteriser

Array = NDArray[Any]
Color = tuple[float, float, float]
Shader = Callable[[Array, Array], Any]
Paint = Color | Shader


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An object that will be labelled, and the kind of shape a person would have drawn."""

    label: str
    kind: str = "polygon"


@dataclass(slots=True, kw_only=True)
class Look:
    """How the camera saw it; set by the scene."""

    gain: Color = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    vignette: float = 0.25
    noise: float = 0.012
    blur: float = 0.45
    bloom: float = 0.35
    quality: int = 78


@dataclass(slots=True)
class Canvas:
    """See the module's first lines."""

    width: int
    height: int
    rnd: Random
    names: list[Named] = field(default_factory=list)
    frozen: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    soft: float = 0.0
    smear: Point = (0.0, 0.0)
    look: Look = field(default_factory=Look)
    rgb: Array = field(init=False)
    things: NDArray[np.int32] = field(init=False)
    parts: NDArray[np.int32] = field(init=False)
    noise: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the layers."""
        shape = (self.height * SCALE, self.width * SCALE)
        self.rgb = np.zeros((*shape, 3), np.float32)
        self.things, self.parts = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        self.noise = np.random.default_rng(self.rnd.getrandbits(32))

    def name(self, label: str, kind: str = "polygon") -> int:
        """Register an object to be labelled; returns its owner number."""
        self.names.append(Named(label=label, kind=kind))
        return len(self.names)

    def freeze(self, owner: int) -> None:
        """Keep what can be seen of an object now: what is laid onto it later does not change its label."""
        self.frozen[owner] = self.things == owner

    @contextmanager
    def lens(self, soft: float = 0.0, smear: Point = (0.0, 0.0)) -> Iterator[None]:
        """Paint out of focus, or moving, for a while."""
        before = self.soft, self.smear
        self.soft, self.smear = soft, smear
        yield
        self.soft, self.smear = before

    def fill(
        self,
        rings: Ring | Sequence[Ring],
        paint: Paint,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        owner: int | None = None,
        part: int | None = None,
    ) -> None:
        """Paint an outline (or several: the inner ones are holes)."""
        listed = (
            [rings]
            if rings and isinstance(rings[0], tuple) and isinstance(rings[0][0], float | int)
            else rings
        )
        self._paint(listed, paint, alpha, max(soft, self.soft), (owner, part), 0.0)  # type: ignore[arg-type]

    def stroke(
        self,
        line: Ring,
        width: float,
        paint: Paint,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        owner: int | None = None,
        part: int | None = None,
    ) -> None:
        """Paint a line with round ends."""
        self._paint([line], paint, alpha, max(soft, self.soft), (owner, part), width)

    def _paint(
        self,
        rings: Sequence[Ring],
        paint: Paint,
        alpha: float,
        soft: float,
        owners: tuple[int | None, int | None],
        width: float,
    ) -> None:
        margin = 2 + 3 * soft + max(map(abs, self.smear)) + width
        xs, ys = [x for ring in rings for x, _ in ring], [y for ring in rings for _, y in ring]
        x0, x1 = (self._clip(v, self.width) for v in (min(xs) - margin, max(xs) + margin))
        y0, y1 = (self._clip(v, self.height) for v in (min(ys) - margin, max(ys) + margin))
        if x1 <= x0 or y1 <= y0:
            return
        # the patch reaches beyond the image, so that blur does not darken its border
        pad = int(margin * SCALE) + 1
        cover = _raster(rings, (x0 - pad, y0 - pad), (y1 - y0 + 2 * pad, x1 - x0 + 2 * pad), width)
        cover = self._defocus(cover, soft)[pad:-pad, pad:-pad]
        self._blend((slice(y0, y1), slice(x0, x1)), paint, cover * alpha)
        self._own((slice(y0, y1), slice(x0, x1)), cover > 0.4973, owners)

    @staticmethod
    def _clip(value: float, limit: int) -> int:
        return int(min(max(value, 0), limit) * SCALE)

    def _defocus(self, cover: Array, soft: float) -> Array:
        if soft > 0:
            cover = cv2.GaussianBlur(cover, (0, 0), soft * SCALE)
        length = int(max(map(abs, self.smear)) * SCALE)
        if length > 1:
            kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
            dx, dy = (round(v * SCALE / 2) for v in self.smear)
            cv2.line(kernel, (length - dx, length - dy), (length + dx, length + dy), 1.0)
            cover = cv2.filter2D(cover, -1, kernel / kernel.sum())
        return cover

    def _blend(self, window: tuple[slice, slice], paint: Paint, cover: Array) -> None:
        rows, columns = window
        if callable(paint):
            x = ((np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / SCALE)[None, :]
            y = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / SCALE)[:, None]
            color = np.asarray(paint(x, y), np.float32)
        else:
            color = np.asarray(paint, np.float32)
        under = self.rgb[window]
        under += (color - under) * cover[..., None]

    def _own(
        self, window: tuple[slice, slice], seen: NDArray[np.bool_], owners: tuple[int | None, int | None]
    ) -> None:
        thing, part = owners
        if thing is not None:
            self.things[window][seen] = thing
            self.parts[window][seen] = 0
        if part is not None:
            self.parts[window][seen & (self.things[window] > 0)] = part

    def blur_all(self, sigma: float) -> None:
        """Put everything painted so far out of focus."""
        self.rgb = cv2.GaussianBlur(self.rgb, (0, 0), sigma * SCALE)

    def develop(self) -> NDArray[np.uint8]:
        """Return the photograph: lens, light, sensor noise."""
        look = self.look
        picture = cv2.resize(self.rgb, (self.width, self.height), interpolation=cv2.INTER_AREA)
        picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
        glow = cv2.GaussianBlur(np.maximum(picture - 0.8, 0), (0, 0), self.width / 40)
        picture = (picture + look.bloom * glow - 0.5) * look.contrast + 0.5
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        picture = picture * (1 - look.vignette * (x * x + y * y)[..., None] / 2) * np.asarray(look.gain)
        grain = self.noise.normal(0, look.noise, picture.shape[:2])[..., None]
        speckle = self.noise.normal(0, look.noise * 0.5, picture.shape)
        picture = picture + (grain + speckle) * (1.15 - np.clip(picture, 0, 1) * 0.6)
        finished: NDArray[np.uint8] = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
        return finished


def _raster(rings: Sequence[Ring], origin: tuple[int, int], shape: tuple[int, int], width: float) -> Array:
    scale = SCALE * (1 << _SHIFT)
    half = 1 << (_SHIFT - 1)
    lines = []
    for ring in rings:
        fixed = [
            (round(x * scale - origin[0] * 64) - half, round(y * scale - origin[1] * 64) - half)
            for x, y in ring
        ]
        lines.append(np.array(fixed, np.int32))
    cover = np.zeros(shape, np.uint8)
    if width:
        cv2.polylines(cover, lines, False, 255, max(1, round(width * SCALE)), cv2.LINE_AA, _SHIFT)
    else:
        cv2.fillPoly(cover, lines, 255, cv2.LINE_AA, _SHIFT)
    return cover.astype(np.float32) / 255


def to_jpeg(picture: NDArray[np.uint8], quality: int, exif: Image.Exif | None = None) -> bytes:
    """Encode a photograph."""
    stream = BytesIO()
    extra = {} if exif is None else {"exif": exif}
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, optimize=True, **extra)
    return stream.getvalue()
