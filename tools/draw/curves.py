"""Outlines as lists of points, made with the standard library so that they are equal on any machine."""

import math
from collections.abc import Sequence
from random import Random

Point = tuple[float, float]
Ring = list[Point]


def oval(cx: float, cy: float, rx: float, ry: float, *, turn: float = 0.0, power: float = 2.0) -> Ring:
    """Return an ellipse, or with a higher `power` a rounded box, turned by radians."""
    ring = []
    for step in range(72):
        c, s = math.cos(step * math.tau / 72), math.sin(step * math.tau / 72)
        x = math.copysign(abs(c) ** (2 / power), c) * rx
        y = math.copysign(abs(s) ** (2 / power), s) * ry
        ring.append((x, y))
    return place(ring, cx, cy, turn=turn)


def box(x0: float, y0: float, x1: float, y1: float) -> Ring:
    """Return an upright rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def place(ring: Sequence[Point], cx: float, cy: float, *, turn: float = 0.0, size: float = 1.0) -> Ring:
    """Scale, turn and move an outline that was drawn around (0, 0)."""
    c, s = math.cos(turn) * size, math.sin(turn) * size
    return [(cx + x * c - y * s, cy + x * s + y * c) for x, y in ring]


def blob(rnd: Random, cx: float, cy: float, radius: float, *, wobble: float = 0.2) -> Ring:
    """Return a closed wavy outline, as a bush or a cloud has."""
    waves = [(k, rnd.uniform(-wobble, wobble) / k**0.5, rnd.uniform(0, math.tau)) for k in range(2, 9)]
    ring = []
    for step in range(90):
        t = step * math.tau / 90
        r = radius * (1 + sum(a * math.sin(k * t + p) for k, a, p in waves))
        ring.append((cx + r * math.cos(t), cy + r * math.sin(t)))
    return ring


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 8) -> Ring:
    """Run a Catmull-Rom curve through a few points."""
    n = len(points)
    spans = n if closed else n - 1
    ring: Ring = []
    for i in range(spans):
        four = [points[(i + k) % n] if closed else points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2)]
        ring.extend(_between(four, step / steps) for step in range(steps))
    return ring if closed else [*ring, points[-1]]


def _between(four: Sequence[Point], t: float) -> Point:
    weights = (
        -0.5 * t + t * t - 0.5 * t**3,
        1 - 2.5 * t * t + 1.5 * t**3,
        0.5 * t + 2 * t * t - 1.5 * t**3,
        0.5 * t**3 - 0.5 * t * t,
    )
    return (
        sum(w * p[0] for w, p in zip(weights, four, strict=True)),
        sum(w * p[1] for w, p in zip(weights, four, strict=True)),
    )


def mirror(points: Sequence[Point]) -> Ring:
    """Complete the right half of an outline, drawn from top to bottom, with its mirror image."""
    return [*points, *((-x, y) for x, y in reversed(points) if abs(x) > 1e-9)]
