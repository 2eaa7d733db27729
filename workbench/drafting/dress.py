"""What a desk adds to an annotation for as long as it lies there, and how that comes off again.

Each shape gets an `id`, so that it is known again however it was moved and renamed; shapes to look at get a note in
their description, in lines of ours; the image gets a flag to tick when it was looked at and nothing was to be changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.drafting.draft import KEY, Draft, is_proposal, read_id, read_mark

NOTE = "[workbench] "
REVIEWED = "workbench: reviewed"


def name_shapes(plain: Annotation, stamp: str) -> Annotation:
    """Give each shape an id; `stamp` makes them differ from those of other images."""
    return replace(
        plain,
        shapes=tuple(
            _name(shape, f"{stamp}.{place}") if isinstance(shape, Shape) else shape
            for place, shape in enumerate(plain.shapes)
        ),
    )


def dress(named: Annotation, draft: Draft) -> Annotation:
    """Lay proposals and notes over an annotation whose shapes have ids."""
    own = tuple(
        _note(shape, draft.notes[place]) if place in draft.notes and isinstance(shape, Shape) else shape
        for place, shape in enumerate(named.shapes)
    )
    flag = f"{REVIEWED} ({draft.why})" if draft.why else REVIEWED
    return replace(
        named,
        shapes=(*own, *_add(draft.proposals, named.shapes)),
        flags={flag: False, **named.flags},
        image_data=None,
    )


def undress(annotation: Annotation) -> Annotation:
    """Take notes and our flag off again; ids stay, since a merge goes by them."""
    return replace(
        annotation,
        shapes=tuple(_unnote(shape) if isinstance(shape, Shape) else shape for shape in annotation.shapes),
        flags={name: value for name, value in annotation.flags.items() if not name.startswith(REVIEWED)},
    )


def unmark(annotation: Annotation) -> Annotation:
    """Take the ids off that only a desk needs; a proposal keeps `run`, `score` and `id`, to tell who began it."""
    return replace(
        annotation,
        shapes=tuple(_unmark(shape) if isinstance(shape, Shape) else shape for shape in annotation.shapes),
    )


def is_reviewed(annotation: Annotation) -> bool:
    """Say whether a person ticked the flag."""
    return any(name.startswith(REVIEWED) and value is True for name, value in annotation.flags.items())


def _name(shape: Shape, fresh: str) -> Shape:
    """What a machine began in an earlier round has a name already."""
    known = read_mark(shape).get("id")
    name = known if isinstance(known, str) else fresh
    return replace(shape, extra={**shape.extra, KEY: {**read_mark(shape), "id": name}})


def _note(shape: Shape, note: str) -> Shape:
    return replace(shape, description="\n".join(part for part in (shape.description, NOTE + note) if part))


def _add(proposals: Sequence[Shape], own: Sequence[Shape | BrokenShape]) -> Iterator[Shape]:
    """Proposals get groups that nobody has, and `instead` becomes the id of the shape that it names."""
    groups: dict[object, int] = {}
    free = max((shape.group or 0 for shape in own if isinstance(shape, Shape)), default=0) + 1
    for shape in proposals:
        mark, group = dict(read_mark(shape)), shape.group
        instead = mark.get("instead")
        if isinstance(instead, int):
            mark["instead"] = read_id(own[instead]) if instead < len(own) else ""
        if group is not None:
            group = groups.setdefault((mark.get("object"), group), free + len(groups))
        mark.pop("object", None)
        note = NOTE + shape.description if shape.description else None
        yield replace(shape, group=group, description=note, extra={**shape.extra, KEY: mark})


def _unnote(shape: Shape) -> Shape:
    lines = (shape.description or "").split("\n")
    kept = "\n".join(line for line in lines if not line.startswith(NOTE))
    return shape if len(kept) == len(shape.description or "") else replace(shape, description=kept or None)


def _unmark(shape: Shape) -> Shape:
    if KEY not in shape.extra:
        return shape
    rest = {key: value for key, value in shape.extra.items() if key != KEY}
    mark = {key: value for key, value in read_mark(shape).items() if key != "instead"}
    return replace(shape, extra={**rest, KEY: mark} if is_proposal(shape) else rest)
