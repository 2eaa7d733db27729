"""Three versions of one annotation become one: as it was (base), as a person left it, as it is by now (other).

What only one side changed is taken from that side; deletions are changes. What both changed is merged field by
field; where that cannot be, nothing is lost: both shapes stay, and the conflict is listed (docs/drafts.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.drafting.likeness import freeze
from workbench.drafting.matching import Pairs, match_equal, match_shapes
from workbench.drafting.merge_fields import choose, merge_flags, merge_shape, merge_tables
from workbench.drafting.merge_order import Entry, arrange

Drawn = Shape | BrokenShape

DELETED_HERE = "deleted in the draft, but changed in the annotation; stays as it was changed"
DELETED_THERE = "deleted in the annotation, but changed in the draft; stays as it was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Something that both sides changed, each in its own way."""

    where: str  # in the merged annotation: shapes[3], flags.blurred, extra.depth
    label: str
    what: str  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came out, and what a person should look at."""

    annotation: Annotation
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Annotation, person: Annotation, other: Annotation) -> Merged:
    """Merge by the identity of shapes: the id that a desk gave them, else what they look like."""
    to_person, to_other = (match_shapes(base.shapes, side.shapes) for side in (person, other))
    entries = [
        entry
        for place, was in enumerate(base.shapes)
        for entry in _decide(was, (person, to_person.get(place)), (other, to_other.get(place)))
    ]
    new, moved = _add_new(base, (person, to_person), (other, to_other))
    entries = arrange([_move(entry, other, moved) for entry in (*entries, *new)], to_person)
    flags, clashing_flags = merge_flags(base.flags, person.flags, other.flags)
    extra, clashing_keys = merge_tables(base.extra, person.extra, other.extra)
    annotation = Annotation(
        image_path=choose(base.image_path, person.image_path, other.image_path),
        image_size=choose(base.image_size, person.image_size, other.image_size),
        image_data=choose(base.image_data, person.image_data, other.image_data),
        version=choose(base.version, person.version, other.version),
        shapes=tuple(entry.shape for entry in entries),
        flags=flags,
        extra=extra,
    )
    tables = (("flags", clashing_flags), ("extra", clashing_keys))
    return Merged(annotation=annotation, conflicts=tuple(_tell(entries, tables)))


def _decide(
    was: Drawn, person: tuple[Annotation, int | None], other: tuple[Annotation, int | None]
) -> list[Entry]:
    """Decide on a shape that was there before."""
    mine, theirs = person[1], other[1]
    left = None if mine is None else person[0].shapes[mine]
    now = None if theirs is None else other[0].shapes[theirs]
    if left is None or now is None:
        rest = left or now
        if rest is None or freeze(rest) == freeze(was):
            return []
        says = DELETED_HERE if left is None else DELETED_THERE
        return [Entry(shape=rest, person=mine, other=theirs, says=says)]
    shape, says = merge_shape(was, left, now)
    if shape is not None:
        return [Entry(shape=shape, person=mine, other=theirs, says=says)]
    return [Entry(shape=left, person=mine, says=says), Entry(shape=now, other=theirs)]


def _add_new(
    base: Annotation, person: tuple[Annotation, Pairs], other: tuple[Annotation, Pairs]
) -> tuple[list[Entry], dict[int, int]]:
    """What either side drew anew, once where both did; and which of the person's groups got another number."""
    mine, theirs = (
        [(place, side.shapes[place]) for place in _list_new(side, old)] for side, old in (person, other)
    )
    both = match_equal([shape for _, shape in mine], [shape for _, shape in theirs])
    found = [Entry(shape=shape, other=place) for place, shape in theirs]
    taken = _list_groups(shape for _, shape in theirs) - _list_groups(base.shapes)
    free = max(_list_groups((*base.shapes, *person[0].shapes, *other[0].shapes)), default=0) + 1
    moved: dict[int, int] = {}
    for number, (place, shape) in enumerate(mine):
        if number in both:
            found[both[number]].person = place
            continue
        if isinstance(shape, Shape) and shape.group in taken and shape.group is not None:
            moved.setdefault(shape.group, free + len(moved))
        found.append(Entry(shape=shape, person=place))
    return found, moved


def _list_new(side: Annotation, old: Pairs) -> list[int]:
    return sorted(set(range(len(side.shapes))) - set(old.values()))


def _move(entry: Entry, other: Annotation, moved: Mapping[int, int]) -> Entry:
    """A group that a person opened must not become one with what somebody else opened under that number."""
    shape = entry.shape
    if entry.person is None or not isinstance(shape, Shape) or shape.group is None:
        return entry
    theirs = None if entry.other is None else other.shapes[entry.other]
    if shape.group not in moved or (isinstance(theirs, Shape) and theirs.group == shape.group):
        return entry
    return replace(entry, shape=replace(shape, group=moved[shape.group]))


def _list_groups(shapes: Iterable[Drawn]) -> set[int]:
    return {shape.group for shape in shapes if isinstance(shape, Shape) and shape.group is not None}


def _tell(
    entries: Sequence[Entry], tables: Iterable[tuple[str, Sequence[tuple[str, object]]]]
) -> Iterable[Conflict]:
    for place, entry in enumerate(entries):
        if entry.says:
            yield Conflict(where=f"shapes[{place}]", label=entry.shape.label, what=entry.says)
    for name, clashes in tables:
        for key, value in clashes:
            what = f"the draft's stays: it was {value!r} in the annotation"
            yield Conflict(where=f"{name}.{key}", label="", what=what)
