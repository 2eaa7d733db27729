"""What a person changed in one annotation, or in many: shapes added, moved, removed and relabelled, by class."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.drafting.likeness import freeze_drawing, keep_set
from workbench.drafting.matching import match_shapes

AnyShape = Shape | BrokenShape


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
    pairs = _pair(old, new)
    tallies: dict[str, Counter[Any]] = {name: Counter() for name in (*KINDS, "relabelled")}
    for one, other in pairs.items():
        for kind, name in _judge(old[one], new[other]):
            tallies[kind][name] += 1
    found = set(pairs.values())
    tallies["removed"].update(shape.label for place, shape in enumerate(old) if place not in pairs)
    tallies["added"].update(shape.label for place, shape in enumerate(new) if place not in found)
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


def _pair(old: Sequence[AnyShape], new: Sequence[AnyShape]) -> dict[int, int]:
    """Say which shape became which; those that make no sense are known by what they say, in their order."""
    pairs = dict(match_shapes(old, new))
    free = [place for place, shape in enumerate(new) if isinstance(shape, BrokenShape)]
    for place, shape in enumerate(old):
        if isinstance(shape, BrokenShape):
            same = next((other for other in free if repr(new[other]) == repr(shape)), None)
            if same is not None:
                pairs[place] = same
                free.remove(same)
    return pairs


def _judge(one: AnyShape, other: AnyShape) -> Iterable[tuple[str, Any]]:
    if one.label != other.label:
        yield "relabelled", (one.label, other.label)
    if isinstance(one, BrokenShape) or isinstance(other, BrokenShape):
        return
    if freeze_drawing(one) != freeze_drawing(other):
        yield "moved", one.label
    elif _marks(one) != _marks(other) and one.label == other.label:
        yield "marked", one.label


def _marks(shape: Shape) -> Hashable:
    """Flags that are off and flags that are not there are the same; so are no words and empty ones."""
    return (frozenset(keep_set(shape.flags)), shape.group, shape.description or "")


def _flags(annotation: Annotation | None) -> frozenset[str]:
    return frozenset(keep_set(annotation.flags if annotation else {}))
