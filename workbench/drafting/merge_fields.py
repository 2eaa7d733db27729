"""Merging what is inside a shape, or a table of keys, where both sides changed it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from workbench.data.annotation import BrokenShape, Shape
from workbench.drafting.draft import KEY
from workbench.drafting.likeness import freeze, freeze_drawing

Value = TypeVar("Value")

_ABSENT = object()


def choose(base: Value, person: Value, other: Value) -> Value:
    """Return what one side changed it to; the person's where both did."""
    return other if person == base else person


def merge_tables(
    base: Mapping[str, object], person: Mapping[str, object], other: Mapping[str, object]
) -> tuple[dict[str, object], list[tuple[str, object]]]:
    """Merge key by key; return, too, each key that both sides changed, with the other's value, which gives way."""
    merged, clashes = dict(other), []
    for key in dict.fromkeys((*person, *base)):
        was, left, now = (table.get(key, _ABSENT) for table in (base, person, other))
        if left in (was, now):
            continue
        if now != was:
            clashes.append((key, None if now is _ABSENT else now))
        if left is _ABSENT:
            merged.pop(key, None)
        else:
            merged[key] = left
    return merged, clashes


def merge_flags(
    base: Mapping[str, bool], person: Mapping[str, bool], other: Mapping[str, bool]
) -> tuple[dict[str, bool], list[tuple[str, object]]]:
    """Do the same for flags, where not set is the same as not there."""
    known = dict.fromkeys((*base, *person), False)
    merged, clashes = merge_tables(known | dict(base), known | dict(person), known | dict(other))
    kept = {name for name, value in merged.items() if value is not False} | {*person, *other}
    return {name: value for name, value in merged.items() if name in kept}, clashes  # type: ignore[misc]


def merge_shape(
    was: Shape | BrokenShape, left: Shape | BrokenShape, now: Shape | BrokenShape
) -> tuple[Shape | BrokenShape | None, str]:
    """Merge what a person left with what it is by now; None where both must stay, and why in words."""
    before, mine, theirs = map(freeze, (was, left, now))
    if before == mine or mine == theirs:
        return now, ""
    if before == theirs:
        return left, ""
    if isinstance(was, BrokenShape) or isinstance(left, BrokenShape) or isinstance(now, BrokenShape):
        return None, "changed in the draft and in the annotation; both stay"
    return _merge_fields(was, left, now)


def _merge_fields(was: Shape, left: Shape, now: Shape) -> tuple[Shape | None, str]:
    if left.label != was.label != now.label != left.label:
        return None, f'"{left.label}" in the draft, "{now.label}" in the annotation; both stay'
    before, mine, theirs = map(freeze_drawing, (was, left, now))
    if mine != before != theirs != mine:
        return None, "drawn anew in the draft and in the annotation; both stay"
    drawn = left if mine != before else now
    flags, clashes = merge_flags(was.flags, left.flags, now.flags)
    extra, more = merge_tables(*(_keep_extra(shape) for shape in (was, left, now)))
    mark = left.extra.get(KEY, now.extra.get(KEY))
    words = [f"{key} was {value!r} in the annotation" for key, value in (*clashes, *more)]
    for name in ("group", "description"):
        values = [getattr(shape, name) or None for shape in (was, left, now)]
        if len(set(values)) == 3:
            words.append(f"{name} was {values[2]!r} in the annotation")
    shape = replace(
        now,
        label=choose(was.label, left.label, now.label),
        kind=drawn.kind,
        points=drawn.points,
        mask=drawn.mask,
        group=choose(was.group, left.group, now.group),
        description=choose(was.description or None, left.description or None, now.description or None),
        flags=flags,
        extra=extra | ({KEY: mark} if mark is not None else {}),
    )
    return shape, f"the draft's stays: {', '.join(words)}" if words else ""


def _keep_extra(shape: Shape) -> dict[str, object]:
    return {key: value for key, value in shape.extra.items() if key != KEY}
