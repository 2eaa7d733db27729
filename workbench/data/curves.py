"""Circles and ellipses as rings that pass for the curve."""

from math import acos, ceil, cos, hypot, pi, sin

from workbench.data.annotation import Point
from workbench.data.geometry import Ring, points_to_ring

SAGITTA = 0.02  # px that a chord may stay inside its circle: far below what a pixel can show


def circle_to_ring(center: Point, edge: Point) -> Ring:
    """Draw a circle from its center and one point on it."""
    radius = hypot(edge[0] - center[0], edge[1] - center[1])
    return _arc(center, (radius, 0.0), (0.0, radius))


def ellipse_to_ring(points: tuple[Point, ...]) -> Ring:
    """Two points are opposite corners of its upright box; four are the corners of its tilted box in order."""
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    (ax, ay), (bx, by), (cx, cy), _ = points
    center = ((ax + cx) / 2, (ay + cy) / 2)
    return _arc(center, ((bx - ax) / 2, (by - ay) / 2), ((cx - bx) / 2, (cy - by) / 2))


def _arc(center: Point, first: Point, second: Point) -> Ring:
    """Draw center + first · cos + second · sin, with chords short enough to pass for the curve."""
    radius = max(hypot(*first), hypot(*second))
    count = max(16, ceil(pi / acos(1 - SAGITTA / radius))) if radius > SAGITTA else 16
    turns = [2 * pi * step / count for step in range(count)]
    return points_to_ring(
        tuple(
            (
                center[0] + first[0] * cos(turn) + second[0] * sin(turn),
                center[1] + first[1] * cos(turn) + second[1] * sin(turn),
            )
            for turn in turns
        )
    )
