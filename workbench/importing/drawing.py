"""Checked numbers and the shapes made of them, for importers: nothing infinite or absurd gets into a Labelme file."""

from collections.abc import Iterable, Mapping, Sequence
from math import acos, ceil, cos, isfinite, pi, radians, sin
from typing import TYPE_CHECKING, Any

from workbench.data.annotation import Point, Shape
from workbench.importing.skip import Skip

if TYPE_CHECKING:
    from workbench.data.mask import Array

LARGEST = 1e6  # px: what the Labelme codec takes too
SAGITTA = 0.05  # px that a chord stays inside its ellipse: no pixel shows it


def number(value: object, what: str) -> float:
    """Take a JSON number or a number written as text; refuse what is none, NaN, infinite or absurd."""
    if isinstance(value, str):
        value = _parse(value, what)
    if type(value) not in (int, float):
        raise Skip("bad-number", f"{what} must be a number, but got {str(value)[:40]!r}")
    if isinstance(value, float) and not isfinite(value):
        raise Skip("non-finite", f"{what} must be finite, but got {value}")
    if not -LARGEST <= value <= LARGEST:  # type: ignore[operator]
        raise Skip("absurd-coordinate", f"{what} must be within ±{LARGEST:.0f}, but got {str(value)[:40]}")
    return float(value)  # type: ignore[arg-type]


def _parse(text: str, what: str) -> float:
    try:
        if "_" in text or len(text) > 400:
            raise ValueError(text)
        return float(text)
    except ValueError:
        raise Skip("bad-number", f"{what} must be a number, but got {text[:40]!r}") from None


def numbers(values: object, what: str) -> list[float]:
    """Take a list of numbers."""
    if not isinstance(values, list | tuple):
        raise Skip("bad-number", f"{what} must be a list of numbers, but got {str(values)[:40]!r}")
    return [number(value, f"{what}[{place}]") for place, value in enumerate(values)]


def pair_up(flat: Sequence[float], what: str) -> tuple[Point, ...]:
    """Pair x, y, x, y, …"""
    if len(flat) % 2:
        raise Skip("bad-points", f"{what} must hold pairs of numbers, but has {len(flat)} numbers")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def draw_polygon(label: str, points: Iterable[Point], **more: Any) -> Shape:
    """Return a polygon, unless it encloses nothing."""
    points = tuple(points)
    if len(points) > 3 and points[0] == points[-1]:
        points = points[:-1]  # Labelme closes polygons itself
    if len(set(points)) < 3:
        raise Skip("too-few-points", f"a polygon needs 3 different points, but got {len(set(points))}")
    return Shape(label=label, kind="polygon", points=points, **more)


def draw_line(label: str, points: Iterable[Point], **more: Any) -> Shape:
    """Return a line strip of two points or more."""
    points = tuple(points)
    if len(points) < 2:
        raise Skip("too-few-points", f"a line needs 2 points, but got {len(points)}")
    return Shape(label=label, kind="linestrip", points=points, **more)


def draw_points(label: str, points: Iterable[Point], **more: Any) -> tuple[Shape, ...]:
    """Return one point shape for each point."""
    shapes = tuple(Shape(label=label, kind="point", points=(point,), **more) for point in points)
    if not shapes:
        raise Skip("too-few-points", "points must be 1 or more, but there are none")
    return shapes


def draw_rectangle(label: str, corner: Point, opposite: Point, **more: Any) -> Shape:
    """Return an upright rectangle, unless it has no area."""
    if corner[0] == opposite[0] or corner[1] == opposite[1]:
        raise Skip("zero-size", f"a box must have an area, but goes from {corner} to {opposite}")
    xs, ys = sorted((corner[0], opposite[0])), sorted((corner[1], opposite[1]))
    return Shape(label=label, kind="rectangle", points=((xs[0], ys[0]), (xs[1], ys[1])), **more)


def draw_turned(label: str, corners: Sequence[Point], pivot: Point, degrees: float, **more: Any) -> Shape:
    """Return a rectangle of four corners, turned clockwise (as seen) about a point."""
    if degrees % 360 == 0:
        return draw_rectangle(label, corners[0], corners[2], **more)
    draw_rectangle(label, corners[0], corners[2])  # refuses what has no area
    points = tuple(turn(corner, pivot, degrees) for corner in corners)
    return Shape(label=label, kind="oriented_rectangle", points=points, **more)


def turn(point: Point, pivot: Point, degrees: float) -> Point:
    """Turn a point clockwise as seen (y grows downwards)."""
    angle = radians(degrees % 360)
    x, y = point[0] - pivot[0], point[1] - pivot[1]
    return (pivot[0] + x * cos(angle) - y * sin(angle), pivot[1] + x * sin(angle) + y * cos(angle))


def draw_ellipse(label: str, center: Point, radii: Point, degrees: float = 0.0, **more: Any) -> Shape:
    """Return a circle, or a polygon within 0.1 px of the ellipse its numbers in `extra`: Labelme has no ellipse."""
    rx, ry = radii
    if rx <= 0 or ry <= 0:
        raise Skip("zero-size", f"an ellipse needs radii above 0, but got {rx} and {ry}")
    if rx == ry:
        return Shape(label=label, kind="circle", points=(center, (center[0] + rx, center[1])), **more)
    more["extra"] = {
        **more.get("extra", {}),
        "ellipse": {"center": list(center), "radii": [rx, ry], "degrees": degrees},
    }
    count = max(16, ceil(pi / acos(1 - SAGITTA / max(rx, ry, 1.0))))
    ring = (
        (center[0] + rx * cos(2 * pi * k / count), center[1] + ry * sin(2 * pi * k / count))
        for k in range(count)
    )
    return Shape(
        label=label, kind="polygon", points=tuple(turn(point, center, degrees) for point in ring), **more
    )


def draw_mask(label: str, array: "Array", left: int = 0, top: int = 0, **more: Any) -> Shape:
    """Return a mask shape: the crop around the pixels that are set, placed by its first and last pixel."""
    import numpy as np

    from workbench.data.mask import array_to_png

    rows, columns = np.flatnonzero(array.any(axis=1)), np.flatnonzero(array.any(axis=0))
    if not len(rows):
        raise Skip("empty-mask", "a mask must cover a pixel, but covers none")
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
    points = ((float(left + x0), float(top + y0)), (float(left + x1), float(top + y1)))
    png = array_to_png(array[y0 : y1 + 1, x0 : x1 + 1])
    return Shape(label=label, kind="mask", points=points, mask=png, **more)


def runs_to_array(runs: Sequence[int], length: int) -> "Array":
    """Lay out runs that begin with zeros; they must fill the length exactly."""
    import numpy as np

    if any(type(run) is not int or run < 0 for run in runs) or sum(runs) != length:
        raise Skip(
            "bad-rle", f"runs must be whole numbers that add up to {length}, but add up to {_total(runs)}"
        )
    values = np.arange(len(runs), dtype=np.int64) % 2
    return np.repeat(values, np.array(runs, dtype=np.int64)).astype(np.uint8)


def _total(runs: Sequence[int]) -> str:
    whole = [run for run in runs if type(run) is int]
    return str(sum(whole))[:40] if len(whole) == len(runs) else "something that is none"


def split_attributes(attributes: Mapping[str, object]) -> tuple[dict[str, bool], dict[str, object]]:
    """Divide a tool's attributes into flags, which are yes or no, and the rest, which is kept beside the shape."""
    flags = {
        name: value in (True, "true")
        for name, value in attributes.items()
        if value in (True, False, "true", "false") and type(value) in (bool, str)
    }
    return flags, {name: value for name, value in attributes.items() if name not in flags}
