"""The area that a shape encloses, for every kind that Labelme and its dialects draw."""

from dataclasses import dataclass
from math import acos, ceil, cos, hypot, pi, sin

from workbench.data.annotation import CLOSED_KINDS, OPEN_KINDS, Point, Shape
from workbench.data.geometry import Ring, points_to_ring
from workbench.errors import nearest

SAGITTA = 0.02  # px that a chord may stay inside its circle: far below what a pixel can show

# kind -> how many points it may have; None: three or more
COUNTS: dict[str, tuple[int, ...] | None] = {
    "polygon": None,
    "rectangle": (2, 4),
    "oriented_rectangle": (4,),
    "rotation": (4,),
    "circle": (2,),
    "ellipse": (2, 4),
    "mask": (2,),
}


class NoOutline(ValueError):
    """A shape that encloses nothing; `rule` is the reason in the ledger and the finding."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


@dataclass(frozen=True, slots=True)
class Stamp:
    """A picture laid on the image with its top left pixel at (x, y): the area of a mask shape."""

    x: int
    y: int
    png: str


def shape_to_outline(shape: Shape) -> Ring | Stamp:
    """Return the ring or the stamp of a shape, or raise NoOutline with the reason."""
    require_points(shape)
    match shape.kind:
        case "mask":
            return _stamp(shape)
        case "rectangle" if len(shape.points) == 2:
            return _rectangle(*shape.points)
        case "circle":
            return _circle(*shape.points)
        case "ellipse":
            return _ellipse(shape.points)
    return points_to_ring(shape.points)


def require_points(shape: Shape) -> None:
    """Refuse kinds that enclose nothing, and counts of points that their kind cannot have."""
    if shape.kind in OPEN_KINDS:
        raise NoOutline("not-an-area", f"a {shape.kind} encloses no area; it is kept in the file and not learned from")
    if shape.kind not in COUNTS:
        raise NoOutline("unknown-kind", f'the kind "{shape.kind}" is not known{nearest(shape.kind, CLOSED_KINDS)}')
    allowed, count = COUNTS[shape.kind], len(shape.points)
    if allowed is None and count < 3:
        raise NoOutline("too-few-points", f"a {shape.kind} needs 3 points, but got {count}; redraw it in Labelme")
    if allowed is not None and count not in allowed:
        needs = " or ".join(map(str, allowed))
        raise NoOutline("too-few-points", f"a {shape.kind} needs {needs} points, but got {count}; redraw it in Labelme")


def _stamp(shape: Shape) -> Stamp:
    if not shape.mask:
        raise NoOutline("bad-mask", "a mask needs its picture, but has none; redraw it in Labelme")
    (x, y), _ = shape.points
    return Stamp(int(x), int(y), shape.mask)


def _rectangle(corner: Point, opposite: Point) -> Ring:
    (x0, y0), (x1, y1) = corner, opposite
    return (x0, y0, x1, y0, x1, y1, x0, y1)


def _circle(center: Point, edge: Point) -> Ring:
    radius = hypot(edge[0] - center[0], edge[1] - center[1])
    return _arc(center, (radius, 0.0), (0.0, radius))


def _ellipse(points: tuple[Point, ...]) -> Ring:
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
