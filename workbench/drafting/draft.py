"""What a machine proposes for one image, and how its shapes are known again after a person worked on them.

A shape of a draft carries shape.extra["workbench"]: `id` always, and of a proposal `run` and `score` as well.
Labelme keeps keys that it does not know; where something else does not, shapes are known by what they look like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.data.annotation import BrokenShape, Shape

KEY = "workbench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One image for a person to finish: `proposals` are added to what the annotation has, `notes` say why to look.

    `image` is its path below the annotation folder. `notes` go by the place of a shape in the annotation as it is.
    `annotation` names its Labelme file where that is known (a dataset knows); else it is looked for.
    """

    image: str
    why: str = ""
    proposals: tuple[Shape, ...] = ()
    notes: Mapping[int, str] = field(default_factory=dict)
    annotation: str = ""


def mark_proposal(
    shapes: Sequence[Shape],
    *,
    run: str,
    name: str,
    score: float | None = None,
    why: str = "",
    instead: int | None = None,
) -> tuple[Shape, ...]:
    """Say of the shapes of one found object who drew them; `name` must differ between the objects of an image.

    `instead` is the place of the shape that it may replace: where that stays, this is not brought back.
    """
    mark: dict[str, object] = {"run": run, "score": score, "object": name}
    if instead is not None:
        mark["instead"] = instead
    return tuple(
        replace(
            shape,
            description=why or shape.description,
            extra={**shape.extra, KEY: {**mark, "id": f"{run}:{name}.{place}"}},
        )
        for place, shape in enumerate(shapes)
    )


def read_mark(shape: Shape) -> Mapping[str, object]:
    """Return what a shape carries of us; nothing where it is no table."""
    mark = shape.extra.get(KEY)
    return mark if isinstance(mark, dict) else {}


def read_id(shape: Shape | BrokenShape) -> str:
    """Return the name that a desk knows a shape by, or nothing."""
    name = read_mark(shape).get("id") if isinstance(shape, Shape) else None
    return name if isinstance(name, str) else ""


def is_proposal(shape: Shape) -> bool:
    """Say whether a machine drew it first."""
    return "run" in read_mark(shape)
