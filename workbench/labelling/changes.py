"""What a person changed in one annotation, or in many: shapes added, moved, removed and relabelled, by class."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.data.annotation import Annotation, BrokenShape, Shape

AnyShape = Shape | BrokenShape
Pair = tuple[int, int]
LEAST_OVERLAP = 0.1  # of two frames; with less it is another object


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Shapes of each class; a shape that was relabelled counts under what it was called before, with its new name."""

    added: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    relabelled: Mapping[tuple[str, str], int] = field(default_factory=dict)
    marked: Mapping[str, int] = field(
        default_factory=dict
    )  # flags, group or description, and not the drawing
    images: int = 0  # that differ

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return self.images > 0

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` shows it."""
        plain = {name: dict(sorted(getattr(self, name).items())) for name in KINDS}
        renamed = [
            {"from": old, "to": new, "shapes": count} for (old, new), count in sorted(self.relabelled.items())
        ]
        return {"images": self.images, **plain, "relabelled": renamed}


KINDS = ("added", "moved", "removed", "marked")


def compare_annotations(before: Annotation | None, after: Annotation | None) -> Changes:
    """Compare one image's shapes before and after; none stands for an image that has no file."""
    old, new = (annotation.shapes if annotation else () for annotation in (before, after))
    pairs = match_shapes(old, new)
    tallies: dict[str, Counter[Any]] = {name: Counter() for name in (*KINDS, "relabelled")}
    for one, other in pairs:
        for kind, name in _judge(old[one], new[other]):
            tallies[kind][name] += 1
    left, right = ({pair[side] for pair in pairs} for side in (0, 1))
    tallies["removed"].update(shape.label for index, shape in enumerate(old) if index not in left)
    tallies["added"].update(shape.label for index, shape in enumerate(new) if index not in right)
    differs = any(tallies.values()) or _flags(before) != _flags(after) or (before is None) != (after is None)
    return Changes(**{name: dict(tally) for name, tally in tallies.items()}, images=int(differs))


def add_changes(every: Iterable[Changes]) -> Changes:
    """Sum up those of many images."""
    tallies: dict[str, Counter[Any]] = {name: Counter() for name in (*KINDS, "relabelled")}
    images = 0
    for one in every:
        images += one.images
        for name, tally in tallies.items():
            tally.update(getattr(one, name))
    return Changes(**{name: dict(tally) for name, tally in tallies.items()}, images=images)


def match_shapes(old: Sequence[AnyShape], new: Sequence[AnyShape]) -> list[Pair]:
    """Say which shape became which: Labelme gives them no names, so the surest signs are asked first."""
    pairs: list[Pair] = []
    free = ([*range(len(old))], [*range(len(new))])
    for sign in (_whole, _drawn, _number):
        pairs += _pair_equal(old, new, free, sign)
    return sorted(pairs + _pair_alike(old, new, free))


def _pair_equal(
    old: Sequence[AnyShape],
    new: Sequence[AnyShape],
    free: tuple[list[int], list[int]],
    sign: Callable[[AnyShape], Hashable],
) -> list[Pair]:
    """Pair those that have a sign in common, in their order, and strike them off."""
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in reversed(free[1]):
        waiting[sign(new[index])].append(index)
    pairs = [
        (index, waiting[key].pop())
        for index in free[0]
        if (key := sign(old[index])) is not None and waiting.get(key)
    ]
    _strike(free, pairs)
    return pairs


def _pair_alike(
    old: Sequence[AnyShape], new: Sequence[AnyShape], free: tuple[list[int], list[int]]
) -> list[Pair]:
    """Pair what is left by likeness, the likest first."""
    likeness = sorted(
        (-value, one, other)
        for one in free[0]
        for other in free[1]
        if (value := _compare(old[one], new[other])) > 0
    )
    pairs: list[Pair] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, one, other in likeness:
        if one not in taken[0] and other not in taken[1]:
            pairs.append((one, other))
            taken[0].add(one)
            taken[1].add(other)
    _strike(free, pairs)
    return pairs


def _strike(free: tuple[list[int], list[int]], pairs: Iterable[Pair]) -> None:
    for side, numbers in enumerate(zip(*pairs, strict=True)):
        gone = set(numbers)
        free[side][:] = [index for index in free[side] if index not in gone]


def _whole(shape: AnyShape) -> Hashable:
    if isinstance(shape, BrokenShape):
        return ("broken", shape.label, repr(shape.raw))
    return (_drawn(shape), shape.label, _marks(shape))


def _drawn(shape: AnyShape) -> Hashable:
    """The drawing alone: who finds it again under another label was relabelled."""
    return None if isinstance(shape, BrokenShape) else (shape.kind, shape.points, shape.mask)


def _number(shape: AnyShape) -> Hashable:
    """What a draft wrote into the shape: which prediction of which run it began as."""
    mark = None if isinstance(shape, BrokenShape) else shape.extra.get("workbench")
    return (str(mark.get("run")), str(mark["id"])) if isinstance(mark, Mapping) and "id" in mark else None


def _marks(shape: Shape) -> Hashable:
    """Flags that are off and flags that are not there are the same; so are no words and empty ones."""
    flags = frozenset(name for name, value in shape.flags.items() if value)
    return (flags, shape.group, shape.description or "")


def _judge(one: AnyShape, other: AnyShape) -> Iterable[tuple[str, Any]]:
    if one.label != other.label:
        yield "relabelled", (one.label, other.label)
    if isinstance(one, BrokenShape) or isinstance(other, BrokenShape):
        return
    if _drawn(one) != _drawn(other):
        yield "moved", one.label
    elif _marks(one) != _marks(other) and one.label == other.label:
        yield "marked", one.label


def _compare(one: AnyShape, other: AnyShape) -> float:
    """From 0 (another object) to 3: points that stayed, an outline that was pushed, frames that overlap."""
    if isinstance(one, BrokenShape) or isinstance(other, BrokenShape):
        return 0.0
    stayed = len(set(one.points) & set(other.points)) / max(len(one.points), len(other.points), 1)
    frames = _overlap(_frame(one), _frame(other))
    slid = float(_slide(one) == _slide(other))
    if (
        one.label != other.label
    ):  # another name and another outline: only a shape that mostly stayed is the same
        return stayed + frames if stayed >= 0.5 else 0.0
    return stayed + slid + frames if stayed or slid or frames >= LEAST_OVERLAP else 0.0


def _slide(shape: Shape) -> Hashable:
    """The outline as seen from its first point: equal for a shape that was only pushed."""
    x, y = shape.points[0] if shape.points else (0.0, 0.0)
    return (shape.kind, tuple((round(a - x, 3), round(b - y, 3)) for a, b in shape.points))


def _frame(shape: Shape) -> tuple[float, float, float, float]:
    xs, ys = ([point[axis] for point in shape.points] or [0.0] for axis in (0, 1))
    return (min(xs), min(ys), max(xs), max(ys))


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Shared area by united area, where a pixel is added so that points and lines have some."""
    wide = min(one[2], other[2]) - max(one[0], other[0]) + 1
    high = min(one[3], other[3]) - max(one[1], other[1]) + 1
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    areas = sum((frame[2] - frame[0] + 1) * (frame[3] - frame[1] + 1) for frame in (one, other))
    return shared / (areas - shared)


def _flags(annotation: Annotation | None) -> frozenset[str]:
    return frozenset(name for name, value in (annotation.flags if annotation else {}).items() if value)
