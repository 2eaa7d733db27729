"""What a model learns from: categories, images and their instances."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.data.geometry import Box, Outline
from workbench.data.mask import Mask

Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A class; ids count from 1 in the order of the project's list, for ever."""

    id: int
    name: str
    thing: bool = True
    color: Color = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image; its identity is `path`, relative to the annotation folder."""

    path: str
    width: int
    height: int
    annotation: str
    flags: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One object; `shapes` are the indices of the shapes it was drawn with: the way back.

    `mask` is the truth in pixels; `segmentation` is what is written, an outline wherever it loses nothing.
    """

    category_id: int
    segmentation: Outline | Mask
    mask: Mask
    box: Box
    area: int
    crowd: bool = False
    shapes: tuple[int, ...] = ()
    iou: float | None = 1.0  # with what was drawn; None where that lies too far outside to be measured
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What became of one source shape: the instance it went into (its place in the image), or the reason why not."""

    shape: int
    label: str
    kind: str
    instance: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInstances:
    """One image with all its objects, and a ledger row for each shape of its annotation."""

    image: Image
    instances: tuple[Instance, ...]
    ledger: tuple[LedgerRow, ...]
    void: Mask | None = None  # what a person marked to be ignored
