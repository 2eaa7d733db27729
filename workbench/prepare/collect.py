"""The shapes of one annotation become instances, and every shape gets its row in the ledger.

Rules (docs/shapes.md): shapes of one group and one label are one instance; no group is an instance of its own;
a shape labelled or flagged `hole` is cut out of its group; all shapes of a stuff class are one instance;
`__ignore__` marks pixels that nobody is judged on; `_background_` says nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.data import mask as masks
from workbench.data.annotation import (
    BACKGROUND,
    HOLE_LABELS,
    IGNORE,
    OPEN_KINDS,
    RESERVED_LABELS,
    Annotation,
    BrokenShape,
    Shape,
)
from workbench.data.dataset import Category, Image, ImageInstances, Instance, LedgerRow
from workbench.data.geometry import Box, Outline, Ring, clip_ring
from workbench.data.mask import Mask
from workbench.prepare.outline import Area, NoOutline, Stamp, outline_shapes

Role = Literal["object", "hole", "ignore"]
Categories = Mapping[str, Category]


@dataclass(slots=True)
class _Part:
    """One shape on its way into an instance: `area` is cut to the image, `whole` is what was drawn if that differs."""

    index: int
    shape: Shape
    role: Role
    category: Category | None
    area: Ring | Stamp
    whole: Ring | None = None
    mask: Mask | None = None
    size: tuple[int, Box] | None = None


@dataclass(slots=True)
class _Draft:
    """The parts of one instance, and what is cut out of it."""

    category: Category
    parts: list[_Part]
    holes: list[_Part]

    @property
    def groups(self) -> set[int]:
        """The groups that its shapes are of; a stuff class may have several."""
        return {part.shape.group for part in self.parts if part.shape.group is not None}


def collect_instances(
    annotation: Annotation,
    image: Image,
    categories: Categories,
    *,
    as_rle: bool = False,
    areas: Sequence[Area] | None = None,
) -> ImageInstances:
    """Turn the shapes of one image into instances; each shape ends in one or has a reason why not."""
    reasons: dict[int, str] = {}
    areas = outline_shapes(annotation) if areas is None else areas
    parts = list(_read_parts(annotation, areas, image, categories, reasons))
    _rasterise(parts, image, reasons)
    parts = [part for part in parts if part.index not in reasons]
    drafts = _group(parts, reasons)
    built = [(draft, _build(draft, image, as_rle)) for draft in drafts]
    for draft, instance in built:
        if not instance.area:
            reasons.update((part.index, "no-pixels") for part in (*draft.parts, *draft.holes))
    instances = tuple(instance for _, instance in built if instance.area)
    ignored = [part.mask for part in parts if part.role == "ignore" and part.mask]
    return ImageInstances(
        image=image,
        instances=instances,
        ledger=_write_ledger(annotation, instances, reasons),
        void=masks.unite(ignored) if ignored else None,
    )


def _read_parts(
    annotation: Annotation,
    areas: Sequence[Area],
    image: Image,
    categories: Categories,
    reasons: dict[int, str],
) -> Iterable[_Part]:
    for index, (shape, area) in enumerate(zip(annotation.shapes, areas, strict=True)):
        try:
            yield _read_part(index, shape, area, image, categories)
        except NoOutline as reason:
            reasons[index] = reason.rule


def _read_part(
    index: int, shape: Shape | BrokenShape, area: Area, image: Image, categories: Categories
) -> _Part:
    if isinstance(shape, BrokenShape):
        raise NoOutline(shape.rule, shape.message)
    if isinstance(area, NoOutline):
        raise area
    role = _find_role(shape, categories)
    category = categories.get(shape.label)
    if role == "object" and category is None:
        rule = "background" if shape.label == BACKGROUND else "unknown-label"
        raise NoOutline(rule if shape.label.strip() else "empty-label", shape.label)
    if isinstance(area, Stamp) or _is_inside(area, image):
        return _Part(index, shape, role, category, area)
    clipped = clip_ring(area, image.width, image.height)
    if not clipped:
        raise NoOutline("outside", "the shape lies outside the image")
    return _Part(index, shape, role, category, clipped, whole=area)


def is_hole(shape: Shape, known: Collection[str] | None) -> bool:
    """Return whether a shape is cut out of its group: by its flag, or by a label that no class has."""
    return shape.flags.get("hole") is True or (
        shape.label in HOLE_LABELS and (known is None or shape.label not in known)
    )


def _find_role(shape: Shape, categories: Categories) -> Role:
    if shape.label == IGNORE:
        return "ignore"
    return "hole" if is_hole(shape, categories) else "object"


def _is_inside(ring: Ring, image: Image) -> bool:
    if min(ring) < 0:
        return False
    return max(ring[::2]) <= image.width and max(ring[1::2]) <= image.height


def _rasterise(parts: Sequence[_Part], image: Image, reasons: dict[int, str]) -> None:
    """Give each part its pixels: all rings of the image in one call, stamps one by one."""
    drawn = [part for part in parts if not isinstance(part.area, Stamp)]
    rings = [part.area for part in drawn if not isinstance(part.area, Stamp)]
    for part, mask in zip(drawn, masks.rings_to_masks(rings, image.width, image.height), strict=True):
        part.mask = mask
    for part in parts:
        if isinstance(part.area, Stamp):
            try:
                part.mask = masks.stamp_to_mask(
                    part.area.png, (part.area.x, part.area.y), image.width, image.height
                )
            except ValueError:
                reasons[part.index] = "bad-mask"
    seen = [part for part in parts if part.mask]
    for part, (area, box) in zip(seen, masks.measure([part.mask for part in seen if part.mask]), strict=True):
        part.size = (area, box)
        if not area:
            reasons[part.index] = "no-pixels"


def _group(parts: Sequence[_Part], reasons: dict[int, str]) -> list[_Draft]:
    """Join what belongs together, in the order of the first shape; holes go to every instance of their group."""
    drafts: dict[tuple[object, ...], _Draft] = {}
    for part in parts:
        if part.role == "object" and part.category:
            key = _key(part, part.category)
            drafts.setdefault(key, _Draft(part.category, [], [])).parts.append(part)
    for part in parts:
        if part.role == "hole":
            cut = [draft for draft in drafts.values() if part.shape.group in draft.groups]
            for draft in cut:
                draft.holes.append(part)
            if not cut:
                reasons[part.index] = "hole-without-group"
        elif part.role == "ignore":
            reasons[part.index] = "ignore"
    return list(drafts.values())


def _key(part: _Part, category: Category) -> tuple[object, ...]:
    if not category.thing:
        return ("stuff", category.id)
    if part.shape.group is None:
        return ("own", part.index)
    return ("group", part.shape.group, category.id)


def _build(draft: _Draft, image: Image, as_rle: bool) -> Instance:
    """Write an outline wherever it loses nothing, and run lengths where it would."""
    mask, (area, box) = _cover(draft)
    crowd = any(part.shape.flags.get("crowd") is True for part in draft.parts)
    rings = tuple(part.area for part in draft.parts if not isinstance(part.area, Stamp))
    exact = not (as_rle or crowd or draft.holes) and len(rings) == len(draft.parts)
    return Instance(
        category_id=draft.category.id,
        segmentation=Outline(rings) if exact else mask,
        mask=mask,
        box=box,
        area=area,
        crowd=crowd,
        shapes=tuple(sorted(part.index for part in (*draft.parts, *draft.holes))),
        iou=_measure(draft.parts, mask, image) if any(part.whole for part in draft.parts) else 1.0,
    )


def _cover(draft: _Draft) -> tuple[Mask, tuple[int, Box]]:
    """Return what an instance covers, with its area and box; a lone shape has been measured before."""
    (first, *others), holes = draft.parts, draft.holes
    if first.mask and first.size and not others and not holes:
        return first.mask, first.size
    mask = masks.unite([part.mask for part in draft.parts if part.mask])
    mask = masks.subtract(mask, [part.mask for part in holes if part.mask])
    return mask, masks.measure([mask])[0]


def _measure(parts: Sequence[_Part], mask: Mask, image: Image) -> float | None:
    """Compare what is written with what was drawn, where a shape had to be cut to the image."""
    drawn = [
        masks.ring_to_mask_cropped(part.whole, image.width, image.height) if part.whole else part.mask
        for part in parts
    ]
    found = [one for one in drawn if one]
    return round(masks.iou(mask, masks.unite(found)), 6) if len(found) == len(drawn) else None


def _write_ledger(
    annotation: Annotation, instances: Sequence[Instance], reasons: Mapping[int, str]
) -> tuple[LedgerRow, ...]:
    homes = {
        index: number
        for number, instance in reversed(list(enumerate(instances)))
        for index in instance.shapes
    }
    return tuple(
        LedgerRow(
            shape=index,
            label=shape.label,
            kind=shape.kind if isinstance(shape, Shape) else "",
            instance=homes.get(index),
            reason="" if index in homes else reasons[index],
        )
        for index, shape in enumerate(annotation.shapes)
    )


def find_labels(annotation: Annotation) -> list[str]:
    """Name the labels of an annotation that can be classes."""
    shapes = (shape for shape in annotation.shapes if isinstance(shape, Shape))
    return sorted({shape.label for shape in shapes if names_instance(shape.label, shape.kind)})


def names_instance(label: str, kind: object) -> bool:
    """Say whether a shape of this label and kind can be an object of a class."""
    return kind not in OPEN_KINDS and label not in RESERVED_LABELS and not label.isspace() and label != ""
