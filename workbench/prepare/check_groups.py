"""The rules of groups: one label for each, and holes only where there is something to cut."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from workbench.data.annotation import BACKGROUND, CLOSED_KINDS, IGNORE, Annotation, Shape
from workbench.prepare.collect import is_hole


def check_groups(annotation: Annotation, known: Collection[str] | None) -> Iterator[tuple[str, str, str]]:
    """Yield (where, rule, message) for groups of several labels and for holes in nothing."""
    labels: defaultdict[int, dict[str, int]] = defaultdict(dict)
    holes: list[tuple[int, int | None]] = []
    for index, shape in enumerate(annotation.shapes):
        if (
            not isinstance(shape, Shape)
            or shape.kind not in CLOSED_KINDS
            or shape.label in (IGNORE, BACKGROUND)
        ):
            continue
        if is_hole(shape, known):
            holes.append((index, shape.group))
        elif shape.group is not None:
            labels[shape.group].setdefault(shape.label, index)
    for group, members in labels.items():
        if len(members) > 1:
            names = ", ".join(f'"{name}"' for name in members)
            message = (
                f"group {group} should have one label, but has {names}; each becomes an instance of its own"
            )
            yield f"shapes[{list(members.values())[1]}]", "mixed-group", message
    for index, its_group in holes:
        if its_group not in labels:
            message = "a hole must share its group id with the object it is in, but does not; give both one group id"
            yield f"shapes[{index}]", "hole-without-group", message
