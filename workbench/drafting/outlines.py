"""A mask to shapes that a person can edit in Labelme: polygons of few points, holes as holes, nothing thin lost.

Rings are simplified with Shapely, cut at three points that always stay: so the bound holds all along the ring, also
where it begins. What docs/shapes.md says of groups and holes is what `workbench convert` reads back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any
from zlib import crc32

from workbench.data.annotation import HOLE_LABELS, Point, Shape
from workbench.data.geometry import Ring, points_to_ring, ring_to_points
from workbench.data.mask import mask_to_array, rings_to_masks, subtract, unite
from workbench.formats.contours import trace_rings

if TYPE_CHECKING:
    from workbench.data.mask import Array

_WIDTHS = 4  # an outline moves by no more than this part of what it surrounds is wide
_CLOSEST = 0.5  # below, the stairs of pixels stay as they are
_SMOOTHED = 0.5  # px between the corners of stairs and the line through their middle

Loop = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One outline and the holes in it; no loop meets itself. Strips are pieces of holes that fit together."""

    outer: Loop
    holes: tuple[Loop, ...] = ()
    strips: tuple[Loop, ...] = ()

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The outline, then all that is cut out of it."""
        return (self.outer, *self.holes, *self.strips)


def mask_to_shapes(
    array: "Array",
    label: str,
    *,
    error: float = 1.0,
    left: int = 0,
    top: int = 0,
    extra: Mapping[str, object] | None = None,
    group: int | None = None,
) -> tuple[Shape, ...]:
    """Return polygons, no point of whose outline is further than `error` px from the mask's own, and vice versa.

    The array lies on the image with its first pixel at (left, top). Several parts, or holes, share a group: `group`,
    or a number made of the pixels themselves, so that two objects of one image never become one. A lone polygon has
    none. With error=0 they give back the same pixels. An empty mask has no shapes.
    """
    if not (isfinite(error) and error >= 0):
        raise ValueError(f"the error must be 0 px or more, but is {error}")
    array, x, y = _crop(array)
    parts = [_simplify(part, error) for part in find_parts(array)]
    loops = [(part.outer, False) for part in parts]
    loops += [(hole, True) for part in parts for hole in part.loops[1:]]
    left, top = left + x, top + y
    if len(loops) > 1 and group is None:
        group = crc32(array.tobytes(), crc32(f"{left} {top} {array.shape}".encode())) & 0x7FFFFFFF
    return tuple(
        Shape(
            label=HOLE_LABELS[0] if hole else label,
            kind="polygon",
            points=tuple((px + left, py + top) for px, py in loop),
            group=group if len(loops) > 1 else None,
            flags={"hole": True} if hole else {},
            extra=dict(extra or {}),
        )
        for loop, hole in loops
    )


def _crop(array: "Array") -> tuple["Array", int, int]:
    """Return the part with set pixels as zeros and ones, and where it lies."""
    import numpy as np

    rows, columns = np.flatnonzero(array.any(axis=1)), np.flatnonzero(array.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8), 0, 0
    x, y = int(columns[0]), int(rows[0])
    cut = array[y : int(rows[-1]) + 1, x : int(columns[-1]) + 1]
    return np.ascontiguousarray(cut != 0).astype(np.uint8), x, y


def find_parts(array: "Array") -> list[Part]:
    """Trace the exact outlines, the largest first. Rasterised, all outers without all holes are the mask again."""
    import numpy as np
    import shapely

    if not array.any():
        return []
    rings = [ring for side in trace_rings(array) for ring in side]
    loops = sorted((loop for ring in rings for loop in _split(ring)), key=_signed_area, reverse=True)
    outers = [loop for loop in loops if _signed_area(loop) > 0]
    holes = loops[len(outers) :]
    around, gaps = (np.array([shapely.Polygon(loop) for loop in one], object) for one in (outers, holes))
    inside: list[tuple[list[Loop], list[Loop]]] = [([], []) for _ in outers]
    homes = dict(
        zip(*_find_covered(gaps, around), strict=True)
    )  # outers come by size: the last is the smallest
    islands: dict[int, list[Loop]] = {}
    for island, gap in zip(*_find_covered(around, gaps), strict=True):
        islands.setdefault(gap, []).append(outers[island])
    for place, hole in enumerate(holes):
        whole, strips = inside[homes[place]]
        if place in islands:
            strips += _leave_islands(hole, islands[place])
        else:
            whole.append(hole)
    return [Part(outer, *map(tuple, both)) for outer, both in zip(outers, inside, strict=True)]


def _find_covered(polygons: Any, others: Any) -> tuple[list[int], list[int]]:
    """Pair each polygon with the others that it lies in, these in their order."""
    import shapely

    one, other = shapely.STRtree(others).query(polygons, predicate="covered_by")
    pairs = sorted(zip(one.tolist(), other.tolist(), strict=True))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _split(ring: Ring) -> Iterator[Loop]:
    """Take a ring apart where it meets itself (pixels that touch by a corner), so that no loop does."""
    stack: list[Point] = []
    places: dict[Point, int] = {}
    for point in (*ring_to_points(ring), ring_to_points(ring)[0]):
        start = places.get(point)
        if start is not None:
            yield tuple(stack[start:])
            for gone in stack[start + 1 :]:
                del places[gone]
            del stack[start + 1 :]
        else:
            places[point] = len(stack)
            stack.append(point)


def _signed_area(loop: Loop) -> float:
    follow = (*loop[1:], loop[0])
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(loop, follow, strict=True)) / 2


def _leave_islands(hole: Loop, islands: list[Loop]) -> list[Loop]:
    """Cut a hole into upright strips that go around what lies in it: a hole is cut out of its whole group."""
    high, wide = (int(max(point[axis] for point in hole)) for axis in (1, 0))
    masks = rings_to_masks([points_to_ring(loop) for loop in (hole, *islands)], wide, high)
    open_ = mask_to_array(subtract(masks[0], masks[1:]))
    cuts = sorted({0, wide, *(int(min(point[0] for point in island)) for island in islands)})
    found: list[Loop] = []
    for start, end in pairwise(cuts):
        outer, _ = trace_rings(open_[:, start:end])
        loops = (loop for ring in outer for loop in _split(ring))
        found += [tuple((x + start, y) for x, y in loop) for loop in loops]
    return found


def _simplify(part: Part, error: float) -> Part:
    """Drop points as long as the outlines stay close, and the pixels, too; thin parts are held closer.

    Straight edges want their corners, round ones a line through the middle of their stairs: fewer points win.
    """
    smooth = Part(_smooth(part.outer), tuple(map(_smooth, part.holes)), part.strips)
    allowed = min(error, _measure_width(part.loops) / _WIDTHS)
    while allowed >= _CLOSEST:
        tried = (_drop_points(part, allowed), _drop_points(smooth, allowed - _SMOOTHED))
        good = [found for found in tried if found and _keeps_pixels(part, found, error)]
        if good:
            return min(good, key=_count_points)
        allowed /= 2
    return part


def _smooth(loop: Loop) -> Loop:
    """Lead a line through the middle of stairs, whose corners it passes within half a pixel; other corners are cut."""
    points: list[Point] = []
    for before, here, after in zip((loop[-1], *loop[:-1]), loop, (*loop[1:], loop[0]), strict=True):
        stairs = min(_measure(before, here), _measure(here, after)) <= 1
        for there in (before, after):
            way = 0.5 if stairs else 0.5 / _measure(here, there)
            point = (here[0] + way * (there[0] - here[0]), here[1] + way * (there[1] - here[1]))
            points += [point] if point not in points[-1:] else []
    return tuple(points[:-1] if points[0] == points[-1] else points)


def _measure(here: Point, there: Point) -> float:
    """Return the length of an upright or level edge."""
    return abs(there[0] - here[0]) + abs(there[1] - here[1])


def _count_points(part: Part) -> int:
    return sum(map(len, part.loops))


def _measure_width(loops: Sequence[Loop]) -> float:
    """Return how wide a strip would be that has this area and this outline."""
    length = sum(
        _measure(here, there)
        for loop in loops
        for here, there in zip(loop, (*loop[1:], loop[0]), strict=True)
    )
    return 2 * abs(sum(map(_signed_area, loops))) / length


def _drop_points(part: Part, error: float) -> Part | None:
    """Douglas-Peucker on all rings at once, none crossing another; None where something does all the same."""
    import shapely

    loops = [part.outer, *part.holes]
    free = [place for place, loop in enumerate(loops) if _measure_width([loop]) >= _WIDTHS * error]
    arcs = [arc for place in free for arc in _cut_open(loops[place])]
    lines = shapely.get_parts(shapely.simplify(shapely.MultiLineString(arcs), error, preserve_topology=True))
    if len(lines) != len(arcs):
        return None
    for start, place in enumerate(free):
        loops[place] = _join(lines[3 * start : 3 * start + 3])
    if not all(shapely.Polygon(loops[place]).is_valid for place in free):
        return None
    return Part(loops[0], tuple(loops[1:]), part.strips)


def _cut_open(loop: Loop) -> tuple[Loop, Loop, Loop]:
    """Cut a ring at three corners far from each other, which thereby stay."""
    (ax, ay) = loop[0]
    far = max(range(len(loop)), key=lambda place: (loop[place][0] - ax) ** 2 + (loop[place][1] - ay) ** 2)
    bx, by = loop[far]
    aside = max(
        range(len(loop)),
        key=lambda place: abs((bx - ax) * (loop[place][1] - ay) - (by - ay) * (loop[place][0] - ax)),
    )
    one, two = sorted((far, aside))
    return loop[: one + 1], loop[one : two + 1], (*loop[two:], loop[0])


def _join(lines: Any) -> Loop:
    import shapely

    return tuple((x, y) for line in lines for x, y in shapely.get_coordinates(line)[:-1].tolist())


def _keeps_pixels(part: Part, found: Part, error: float) -> bool:
    """Say whether what is lost lies within the error of what stays: no thin tail vanishes."""
    left, top = (int(min(point[axis] for point in part.outer)) for axis in (0, 1))
    width, height = (int(max(point[axis] for point in part.outer)) for axis in (0, 1))
    exact, rough = (
        _rasterise(one, (left, top), (width - left, height - top)).astype(bool) for one in (part, found)
    )
    for _ in range(max(1, int(error))):
        rough = _grow(rough)
    return not (exact & ~rough).any()


def _rasterise(part: Part, corner: Point, size: tuple[int, int]) -> "Array":
    rings = [points_to_ring(tuple((x - corner[0], y - corner[1]) for x, y in loop)) for loop in part.loops]
    outer, *holes = rings_to_masks(rings, *size)
    return mask_to_array(subtract(unite([outer]), holes))


def _grow(array: Any) -> Any:
    """Add the eight neighbours of each pixel."""
    import numpy as np

    padded = np.pad(array, 1)
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
