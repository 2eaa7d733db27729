"""What a person drew on one image, as Labelme keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, float]

CLOSED_KINDS = ("polygon", "rectangle", "oriented_rectangle", "rotation", "circle", "ellipse", "mask")
OPEN_KINDS = ("line", "linestrip", "point", "points")
KINDS = CLOSED_KINDS + OPEN_KINDS


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
