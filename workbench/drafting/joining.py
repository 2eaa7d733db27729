"""One draft as a person left it, and the annotation as it is by now, become the annotation as it will be."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from workbench.data.annotation import Annotation, Shape
from workbench.drafting.draft import read_id, read_mark
from workbench.drafting.dress import undress, unmark
from workbench.drafting.likeness import Look, freeze
from workbench.drafting.merge import Conflict, merge
from workbench.drafting.slots import Slot

GONE = Conflict(where="", label="", what="deleted meanwhile; what was drawn in the draft is in a new file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The result, with ids for the next time (`named`) and without (`plain`), and what is to be said of it."""

    named: Annotation
    plain: Annotation
    conflicts: tuple[Conflict, ...]
    kept: int
    undecided: int


def join(slot: Slot, person: Annotation, other: Annotation | None) -> Joined:
    """Merge; what a machine offers in the place of a shape that is still there stays behind."""
    base = slot.read_base() or _start(slot)
    proposed = _list_proposals(slot, base)
    undecided = _find_undecided(person, proposed)
    rest = tuple(shape for place, shape in enumerate(person.shapes) if place not in undecided)
    mine = replace(
        undress(replace(person, shapes=rest)),
        image_path=base.image_path,
        image_size=base.image_size,
        image_data=base.image_data,
    )
    gone = other is None and slot.base is not None
    now = other or (replace(base, shapes=()) if gone else _start(slot))
    merged = merge(base, mine, now)
    return Joined(
        named=merged.annotation,
        plain=unmark(merged.annotation),
        conflicts=(*merged.conflicts, *([GONE] if gone else ())),
        kept=sum(1 for shape in mine.shapes if proposed.get(read_id(shape)) == freeze(shape)),
        undecided=len(undecided),
    )


def _start(slot: Slot) -> Annotation:
    """An annotation of nothing; it will lie beside its image."""
    size = slot.read_laid().image_size
    return Annotation(image_path=PurePosixPath(slot.image).name, image_size=size)


def _list_proposals(slot: Slot, base: Annotation) -> dict[str, Look]:
    """What was laid out and is not in the annotation, by its id."""
    old = set(map(read_id, base.shapes))
    laid = undress(slot.read_laid()).shapes
    return {name: freeze(shape) for shape in laid if (name := read_id(shape)) and name not in old}


def _find_undecided(person: Annotation, proposed: dict[str, Look]) -> set[int]:
    """Offered in place of a shape that a person did not delete, and not touched either: nobody chose it."""
    plain = undress(person).shapes
    there = set(map(read_id, person.shapes))
    changed = {
        read_id(shape) for shape in plain if proposed.get(read_id(shape), freeze(shape)) != freeze(shape)
    }
    chosen = {_name_object(name) for name in (*changed, *(proposed.keys() - there))}
    return {
        place
        for place, shape in enumerate(plain)
        if isinstance(shape, Shape)
        and read_mark(shape).get("instead") in there - {""}
        and read_id(shape) in proposed
        and _name_object(read_id(shape)) not in chosen
    }


def _name_object(name: str) -> str:
    """Parts and holes of one object are chosen together: their ids differ in the number behind the last dot."""
    return name.rpartition(".")[0]
