"""From the layers of owners to the shapes that a person would have drawn around what can be seen."""

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.draw.canvas import SCALE, Canvas, Named
from tools.draw.curves import Point
from workbench.data.annotation import Shape

if TYPE_CHECKING:
    Seen = NDArray[np.bool_]

SMALLEST = 14.0  # px²: nobody labels less
SMALLEST_ISLAND = 5.0


def collect_shapes(canvas: Canvas) -> tuple[Shape, ...]:
    """Return the shapes of every named object that can be seen, in the order in which they were painted."""
    drawn = (_draw(seen, canvas.names[owner - 1], owner) for owner, seen in list_seen(canvas))
    return tuple(shape for shapes in drawn for shape in shapes)


def list_seen(canvas: Canvas) -> "Iterator[tuple[int, Seen]]":
    """Yield each object that is large enough to be labelled, with what can be seen of it."""
    for owner in range(1, len(canvas.names) + 1):
        thing, part = canvas.things == owner, canvas.parts == owner
        seen = canvas.frozen.get(owner, thing if thing.any() else part)
        if seen.sum() >= SMALLEST * SCALE**2:
            yield owner, seen


def _draw(seen: "Seen", named: Named, owner: int) -> list[Shape]:
    label, kind = named.label, named.kind
    if kind == "mask":
        return [_mask(seen, label)]
    rings = trace(seen)
    if len(rings) == 1 and kind != "polygon":
        points = {"circle": _circle, "rectangle": _rectangle, "oriented_rectangle": _oriented}[kind](seen)
        if _agreement(seen, kind, points) > 0.88:
            return [Shape(label=label, kind=kind, points=_rounded(points, seen), description="")]
    group = owner if len(rings) > 1 else None
    return [
        Shape(label="hole" if hole else label, kind="polygon", points=points, group=group, description="")
        for points, hole in rings
    ]


def trace(seen: "Seen") -> list[tuple[tuple[Point, ...], bool]]:
    """Return (outline, is a hole) for each island of what is seen and each hole in it, largest first."""
    wide = cv2.dilate(seen.astype(np.uint8), np.ones((3, 3), np.uint8))
    contours, tree = cv2.findContours(wide, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found = []
    for contour, (_, _, _, parent) in zip(contours, tree[0], strict=True):
        area = cv2.contourArea(contour)
        tolerance = min(max(0.02 * area**0.5 / SCALE, 0.3), 0.75) * SCALE
        line = cv2.approxPolyDP(contour, tolerance, True)[:, 0].tolist()
        if area >= SMALLEST_ISLAND * SCALE**2 and len(line) >= 3:
            found.append(
                (
                    parent >= 0,
                    -area,
                    _rounded([((x + 0.5) / SCALE, (y + 0.5) / SCALE) for x, y in line], seen),
                )
            )
    return [(points, hole) for hole, _, points in sorted(found)]


def _rounded(points: list[Point], seen: "Seen") -> tuple[Point, ...]:
    """Round to a tenth of a pixel; what touches the border of the image goes up to it."""
    height, width = seen.shape[0] / SCALE, seen.shape[1] / SCALE
    return tuple((_snap(x, width), _snap(y, height)) for x, y in points)


def _snap(value: float, limit: float) -> float:
    if value < 0.4:
        return max(0.0, round(value, 1)) if value < 0 else 0.0
    return float(limit) if value > limit - 0.4 else round(value, 1)


def _circle(seen: "Seen") -> list[Point]:
    ys, xs = np.nonzero(seen)
    cx, cy = (float(v.mean() + 0.5) / SCALE for v in (xs, ys))
    radius = math.sqrt(len(xs) / math.pi) / SCALE
    return [(cx, cy), (cx + radius, cy)]


def _rectangle(seen: "Seen") -> list[Point]:
    ys, xs = np.nonzero(seen)
    low, high = (int(xs.min()), int(ys.min())), (int(xs.max()) + 1, int(ys.max()) + 1)
    return [(low[0] / SCALE, low[1] / SCALE), (high[0] / SCALE, high[1] / SCALE)]


def _oriented(seen: "Seen") -> list[Point]:
    """Return the smallest turned rectangle around what is seen."""
    contours, _ = cv2.findContours(seen.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=len))[:, 0].astype(float)
    best: tuple[float, list[Point]] = (math.inf, [])
    for i, start in enumerate(hull):
        dx, dy = hull[(i + 1) % len(hull)] - start
        length = math.sqrt(dx * dx + dy * dy)
        along, across = np.array([dx, dy]) / length, np.array([-dy, dx]) / length
        u, v = hull @ along, hull @ across
        area = (u.max() - u.min()) * (v.max() - v.min())
        if area < best[0] - 1e-6:
            corners = [(u.min(), v.min()), (u.max(), v.min()), (u.max(), v.max()), (u.min(), v.max())]
            best = area, [tuple((along * a + across * b + 0.5) / SCALE) for a, b in corners]
    return [(float(x), float(y)) for x, y in best[1]]


def _agreement(seen: "Seen", kind: str, points: list[Point]) -> float:
    """Return the IoU of a shape with what is seen; nothing when the shape leaves the image."""
    drawn = np.zeros(seen.shape, np.uint8)
    fixed = np.array(points) * SCALE
    if kind == "circle":
        radius = fixed[1][0] - fixed[0][0]
        ends = [fixed[0] - radius, fixed[0] + radius]
        cv2.circle(drawn, fixed[0].round().astype(int).tolist(), round(radius), 1, -1)
    elif kind == "rectangle":
        ends = list(fixed)
        (x0, y0), (x1, y1) = fixed.round().astype(int)
        drawn[y0:y1, x0:x1] = 1
    else:
        ends = list(fixed)
        cv2.fillPoly(drawn, [fixed.round().astype(np.int32)], 1)
    if np.min(ends) < -1 or (np.max(ends, axis=0) > (seen.shape[1] + 1, seen.shape[0] + 1)).any():
        return 0.0
    inside = drawn > 0
    return float((inside & seen).sum() / (inside | seen).sum())


def _mask(seen: "Seen", label: str) -> Shape:
    """Return a shape as Labelme's AI tools make it: a picture in the box from one pixel to another."""
    small = (
        cv2.resize(seen.astype(np.float32), None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
        > 0.5
    )
    ys, xs = np.nonzero(small)
    x0, y0, x1, y1 = int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())
    picture = to_png(small[y0 : y1 + 1, x0 : x1 + 1])
    points = ((float(x0), float(y0)), (float(x1), float(y1)))
    return Shape(label=label, kind="mask", points=points, mask=b64encode(picture).decode(), description="")


def to_png(picture: "Seen") -> bytes:
    """Encode a binary picture without compression: zlib's versions differ, and these bytes must not."""
    height, width = picture.shape
    raw = b"".join(b"\0" + bytes(row) for row in np.packbits(picture, axis=1))
    stored = b"".join(
        struct.pack("<BHH", start + 65535 >= len(raw), len(part), len(part) ^ 0xFFFF) + part
        for start in range(0, len(raw), 65535)
        for part in [raw[start : start + 65535]]
    )
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
