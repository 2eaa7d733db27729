"""Which shape of one version is which of another: by the id that a desk gave it, else by what it looks like."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from workbench.data.annotation import BrokenShape, Point, Shape
from workbench.drafting.draft import read_id
from workbench.drafting.likeness import freeze, freeze_drawing

Shapes = Sequence[Shape | BrokenShape]
Pairs = dict[int, int]
Key = Callable[[Shape], Hashable]

ALIKE = 0.5  # of the points, or of the frame, are common
_SHIFTED = 0.9


def match_shapes(before: Shapes, after: Shapes) -> Pairs:
    """Pair the places of shapes; what has no partner was deleted, or is new."""
    pairs: Pairs = {}
    _pair_broken(before, after, pairs)
    _pair_equal(before, after, pairs, lambda shape: read_id(shape) and (read_id(shape), freeze(shape)))
    _pair_best(before, after, pairs, _rank_by_id)
    keys: tuple[Key, ...] = (freeze, lambda shape: (shape.label, freeze_drawing(shape)), freeze_drawing)
    for key in keys:
        _pair_equal(before, after, pairs, key)
    _pair_best(before, after, pairs, _rank_by_look)
    return pairs


def match_equal(one: Shapes, other: Shapes) -> Pairs:
    """Pair what both sides drew anew in the same way; each may have given it a group of its own."""
    pairs: Pairs = {}
    _pair_equal(one, other, pairs, freeze)
    _pair_equal(one, other, pairs, lambda shape: freeze(replace(shape, group=None)))
    return pairs


def _may_be_one(one: Shape, other: Shape) -> bool:
    """Two names are two shapes."""
    first, second = read_id(one), read_id(other)
    return not (first and second) or first == second


@dataclass(frozen=True, slots=True)
class _Seen:
    """A shape at its place, with what is asked of it often."""

    place: int
    shape: Shape
    points: frozenset[Point]
    steps: tuple[Point, ...]
    frame: tuple[float, float, float, float]


def _see(place: int, shape: Shape) -> _Seen:
    """Steps go from the first point, rounded, since a shift is not exact."""
    points = shape.points or ((0.0, 0.0),)
    (x0, y0), xs, ys = points[0], [x for x, _ in points], [y for _, y in points]
    steps = tuple((round(x - x0, 3), round(y - y0, 3)) for x, y in points)
    return _Seen(place, shape, frozenset(points), steps, (min(xs), min(ys), max(xs), max(ys)))


def _left(before: Shapes, after: Shapes, pairs: Pairs) -> tuple[list[tuple[int, Shape]], ...]:
    """What has no partner yet; a shape that makes no sense never has one by its look."""
    rest = (set(range(len(before))) - pairs.keys(), set(range(len(after))) - set(pairs.values()))
    return tuple(
        [(place, shape) for place in sorted(places) if isinstance(shape := shapes[place], Shape)]
        for shapes, places in zip((before, after), rest, strict=True)
    )


def _pair_broken(before: Shapes, after: Shapes, pairs: Pairs) -> None:
    """Shapes that make no sense are the same only if they are equal."""
    free = [place for place, shape in enumerate(after) if isinstance(shape, BrokenShape)]
    for place, shape in enumerate(before):
        equal = [
            other
            for other in free
            if isinstance(shape, BrokenShape) and freeze(after[other]) == freeze(shape)
        ]
        if equal:
            pairs[place] = equal[0]
            free.remove(equal[0])


def _pair_equal(before: Shapes, after: Shapes, pairs: Pairs, key: Key) -> None:
    """Pair in order what has one key; an empty one is none."""
    first, second = _left(before, after, pairs)
    known: dict[Hashable, list[tuple[int, Shape]]] = defaultdict(list)
    for place, shape in second:
        known[key(shape)].append((place, shape))
    for place, shape in first:
        wanted = key(shape)
        for choice in known.get(wanted, ()) if wanted != "" else ():
            if _may_be_one(shape, choice[1]):
                pairs[place] = choice[0]
                known[wanted].remove(choice)
                break


def _pair_best(before: Shapes, after: Shapes, pairs: Pairs, rank: Callable[[_Seen, _Seen], float]) -> None:
    """Pair the most alike first; of equals those that are close in the list."""
    first, second = ([_see(*one) for one in side] for side in _left(before, after, pairs))
    found = [
        (-score, abs(one.place - other.place), one.place, other.place)
        for one, other in product(first, second)
        if (score := rank(one, other)) > 0
    ]
    taken: set[int] = set()
    for _, _, place, partner in sorted(found):
        if place not in pairs and partner not in taken:
            pairs[place] = partner
            taken.add(partner)


def _rank_by_id(one: _Seen, other: _Seen) -> float:
    name = read_id(one.shape)
    return 1 + _rank_look(one, other) if name and name == read_id(other.shape) else 0


def _rank_by_look(one: _Seen, other: _Seen) -> float:
    look = _rank_look(one, other)
    return look if look >= ALIKE and _may_be_one(one.shape, other.shape) else 0


def _rank_look(one: _Seen, other: _Seen) -> float:
    """How much is common: of the points, whatever the label; else, of one label, the way they lie or the frame."""
    shared = 0.0
    if not one.points.isdisjoint(other.points):
        shared = len(one.points & other.points) / len(one.points | other.points)
    if shared >= ALIKE or one.shape.label != other.shape.label or one.shape.kind != other.shape.kind:
        return shared
    if one.steps == other.steps and len(one.steps) > 1:
        return _SHIFTED
    return max(shared, _share_frame(one.frame, other.frame))


def _share_frame(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """IoU of the frames."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(frame[2] - frame[0]) * (frame[3] - frame[1]) for frame in (one, other)]
    return wide * high / (sum(areas) - wide * high)
