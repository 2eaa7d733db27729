"""A table seen by a camera: millimetres on the table to pixels in the picture, and pictures laid onto it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.draw.canvas import Array, Shader
from tools.draw.curves import Point, Ring

Matrix = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Pixels a millimetre, a turn, a tilt, and where the table's origin is seen."""

    zoom: float
    turn: float
    tilt_x: float
    tilt_y: float
    x: float
    y: float

    def matrix(self) -> Matrix:
        """Return the homography from the table to the picture."""
        c, s = math.cos(self.turn) * self.zoom, math.sin(self.turn) * self.zoom
        px, py = self.tilt_x / 1000, self.tilt_y / 1000
        return (
            (c + self.x * px, -s + self.x * py, self.x),
            (s + self.y * px, c + self.y * py, self.y),
            (px, py, 1.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where something lies on the table: its own millimetres are turned and moved."""

    x: float
    y: float
    turn: float

    def lay(self, ring: Sequence[Point]) -> Ring:
        """Return an outline in the table's millimetres."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        return [(self.x + u * c - v * s, self.y + u * s + v * c) for u, v in ring]

    def matrix(self) -> Matrix:
        """Return the same as a matrix."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        return ((c, -s, self.x), (s, c, self.y), (0.0, 0.0, 1.0))


def project(camera: Camera, ring: Sequence[Point]) -> Ring:
    """Return an outline as the camera sees it."""
    (a, b, c), (d, e, f), (g, h, i) = camera.matrix()
    seen = []
    for x, y in ring:
        w = g * x + h * y + i
        seen.append(((a * x + b * y + c) / w, (d * x + e * y + f) / w))
    return seen


def dense(ring: Sequence[Point], step: float = 8.0) -> Ring:
    """Put points along long edges, so that perspective bends nothing."""
    points: Ring = []
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        count = max(1, int(math.dist((x0, y0), (x1, y1)) / step))
        points.extend((x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count) for k in range(count))
    return points


def laid(camera: Camera, pose: Pose, picture: NDArray[np.float32], origin: Point, density: float) -> Shader:
    """Return a paint that shows a picture lying on the table; `density` is its pixels a millimetre."""
    inverse = np.linalg.inv(np.array(camera.matrix()) @ np.array(pose.matrix()))

    def shade(x: Array, y: Array) -> Array:
        gx, gy = np.broadcast_arrays(x, y)
        u, v, w = (inverse[k, 0] * gx + inverse[k, 1] * gy + inverse[k, 2] for k in range(3))
        columns = ((u / w - origin[0]) * density - 0.5).astype(np.float32)
        rows = ((v / w - origin[1]) * density - 0.5).astype(np.float32)
        seen = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(seen, np.float32)

    return shade
