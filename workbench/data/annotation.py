"""What a person drew on one image, as Labelme keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]

LARGEST_COORDINATE = 1e6  # px; far outside any image that can be rasterised

CLOSED_KINDS = ("polygon", "rectangle", "oriented_rectangle", "rotation", "circle", "ellipse", "mask")
OPEN_KINDS = ("line", "linestrip", "point", "points")
KINDS = CLOSED_KINDS + OPEN_KINDS

# Labels with a meaning of their own, as Labelme's examples and our docs/shapes.md have it.
IGNORE, BACKGROUND = "__ignore__", "_background_"
HOLE_LABELS = ("hole", "__hole__")
RESERVED_LABELS = (IGNORE, BACKGROUND, *HOLE_LABELS)

_MANY = 1_000_000_000
POINT_COUNTS: Mapping[str, Sequence[int]] = {
    "polygon": range(3, _MANY),
    "rectangle": (2, 4),
    "oriented_rectangle": (4,),
    "rotation": (4,),
    "circle": (2,),
    "ellipse": (2, 4),
    "mask": (2,),
    "line": (2,),
    "linestrip": range(2, _MANY),
    "point": (1,),
    "points": range(1, _MANY),
}


def counts_to_words(counts: Sequence[int]) -> str:
    """Say how many points a kind may have."""
    return f"{counts[0]} or more" if isinstance(counts, range) else " or ".join(map(str, counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One drawn shape; `mask` is the base64 PNG text of a `mask` shape."""

    label: str
    kind: str
    points: tuple[Point, ...]
    group: int | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)
    description: str | None = None
    mask: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenShape:
    """A shape whose file could be read but that itself makes no sense; kept so that it is counted."""

    label: str
    rule: str
    message: str
    raw: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Everything that one Labelme file says; unknown keys are in `extra`."""

    image_path: str
    image_size: tuple[int, int] | None
    image_data: str | None = None
    shapes: tuple[Shape | BrokenShape, ...] = ()
    flags: Mapping[str, bool] = field(default_factory=dict)
    version: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
