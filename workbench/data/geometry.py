"""Boxes and outlines, in absolute pixels; the pixel (0, 0) covers the square from (0, 0) to (1, 1)."""

from dataclasses import dataclass
from itertools import chain, pairwise

from workbench.data.annotation import Point

Ring = tuple[float, ...]  # x0, y0, x1, y1, …: as COCO writes it and the raster code takes it


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box; `x_max` and `y_max` are where it ends, not its last pixel."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    def to_xywh(self) -> tuple[float, float, float, float]:
        """Return x, y, width, height, as COCO writes a box."""
        return (self.x_min, self.y_min, self.x_max - self.x_min, self.y_max - self.y_min)


@dataclass(frozen=True, slots=True)
class Outline:
    """Rings whose union is the object; a ring never cuts a hole into another."""

    rings: tuple[Ring, ...]


def points_to_ring(points: tuple[Point, ...]) -> Ring:
    """Flatten ((x, y), …) to (x, y, x, y, …)."""
    return tuple(chain.from_iterable(points))


def ring_to_points(ring: Ring) -> tuple[Point, ...]:
    """Pair (x, y, x, y, …) up again."""
    return tuple(zip(ring[::2], ring[1::2], strict=True))


def clip_ring(ring: Ring, width: int, height: int) -> Ring:
    """Cut a ring to the image (Sutherland–Hodgman); empty when nothing is left.

    Shapely would first repair a self-crossing ring, and so change its pixels; this keeps them.
    """
    points = list(ring_to_points(ring))
    for axis, limit, sign in ((0, 0.0, 1), (0, float(width), -1), (1, 0.0, 1), (1, float(height), -1)):
        points = _cut(points, axis, limit, sign)
    return points_to_ring(tuple(points)) if len(points) >= 3 else ()


def _cut(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """Keep the part of a closed line where sign * (coordinate - limit) >= 0."""
    kept: list[Point] = []
    for start, end in pairwise([*points[-1:], *points]):
        start_in, end_in = sign * (start[axis] - limit) >= 0, sign * (end[axis] - limit) >= 0
        if start_in != end_in:
            kept.append(_meet(start, end, axis, limit))
        if end_in:
            kept.append(end)
    return kept


def _meet(start: Point, end: Point, axis: int, limit: float) -> Point:
    """Return where the edge crosses the line; the limit itself is taken over exactly."""
    share = (limit - start[axis]) / (end[axis] - start[axis])
    other = start[1 - axis] + share * (end[1 - axis] - start[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)
