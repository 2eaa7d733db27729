"""The order of merged shapes: that of the side which changed it, what the other side added beside its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.data.annotation import BrokenShape, Shape
from workbench.drafting.matching import Pairs


@dataclass(slots=True, kw_only=True)
class Entry:
    """A shape of the result, its places in both versions, and what is to be said of it."""

    shape: Shape | BrokenShape
    person: int | None = None
    other: int | None = None
    says: str = ""


def arrange(entries: Sequence[Entry], to_person: Pairs) -> list[Entry]:
    """Labelme's list can be sorted by hand, and later shapes lie on top: an order is an edit, too."""
    common = [to_person[place] for place in sorted(to_person)]
    names = ("other", "person") if common == sorted(common) else ("person", "other")
    first, second = (
        sorted(
            (entry for entry in entries if getattr(entry, name) is not None),
            key=lambda entry: int(getattr(entry, name)),
        )
        for name in names
    )
    placed = {id(entry) for entry in first}
    after: dict[int | None, list[Entry]] = {}
    neighbour: int | None = None
    for entry in second:
        if id(entry) in placed:
            neighbour = id(entry)
        else:
            after.setdefault(neighbour, []).append(entry)
    found = list(after.get(None, ()))
    for entry in first:
        found += [entry, *after.get(id(entry), ())]
    return found
