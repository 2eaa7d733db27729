"""The rules of one annotation and its image: what would not reach the model as it was drawn."""

from collections.abc import Collection, Iterator, Sequence

from workbench.data.annotation import BACKGROUND, IGNORE, OPEN_KINDS, Annotation, Shape
from workbench.data.finding import Finding
from workbench.data.mask import png_to_array, require_raster_size
from workbench.data.rules import RULES, find
from workbench.data.survey import ImageFacts
from workbench.errors import nearest
from workbench.prepare.check_groups import check_groups
from workbench.prepare.check_holes import check_holes
from workbench.prepare.check_rings import check_rings
from workbench.prepare.collect import is_hole
from workbench.prepare.outline import Area, NoOutline, Stamp, outline_shapes

Size = tuple[int, int]
Said = tuple[str, str, str]  # where, rule, message


def check_annotation(
    path: str,
    annotation: Annotation,
    facts: ImageFacts | None = None,
    known_labels: Collection[str] | None = None,
    *,
    embedded: ImageFacts | None = None,
    areas: Sequence[Area] | None = None,
) -> list[Finding]:
    """Return all findings; `facts` are the image's, `known_labels` the classes (None: any label will do)."""
    areas = outline_shapes(annotation) if areas is None else areas
    known = None if known_labels is None else frozenset(known_labels)
    size = (facts.width, facts.height) if facts else annotation.image_size
    rings = [(index, area) for index, area in enumerate(areas) if isinstance(area, tuple)]
    said = [
        *_check_image(annotation, facts, embedded),
        *_check_shapes(annotation, areas, known, size),
        *check_rings(rings, size),
        *check_groups(annotation, known),
    ]
    said += check_holes(annotation, known, size, {one[0] for one in said if RULES[one[1]].level == "error"})
    return [find(path, *one) for one in said]


def _check_shapes(
    annotation: Annotation, areas: Sequence[Area], known: frozenset[str] | None, size: Size | None
) -> Iterator[Said]:
    """Check shapes one by one; their rings are checked together."""
    for index, (shape, area) in enumerate(zip(annotation.shapes, areas, strict=True)):
        where = f"shapes[{index}]"
        if isinstance(shape, Shape) and shape.kind not in OPEN_KINDS:
            yield from _check_label(where, shape, known)
        if isinstance(area, NoOutline) and area.rule != "not-an-area":
            yield where, area.rule, area.message
        elif isinstance(area, Stamp) and isinstance(shape, Shape):
            yield from _check_stamp(where, shape, area, size)


def _check_label(where: str, shape: Shape, known: frozenset[str] | None) -> Iterator[Said]:
    if known is None:
        if not shape.label.strip():
            yield where, "empty-label", "a shape must have a label, but has none; give it one in Labelme"
    elif shape.label not in known and shape.label not in (IGNORE, BACKGROUND) and not is_hole(shape, known):
        message = f'the label must be one of the classes, but got "{shape.label[:100]}"{nearest(shape.label, known)}'
        yield where, "unknown-label", message


def _check_stamp(where: str, shape: Shape, stamp: Stamp, size: Size | None) -> Iterator[Said]:
    """Look at a mask shape's picture: whether it can be decoded, fits its box, and lies on the image."""
    try:
        picture = png_to_array(stamp.png)
    except ValueError as error:
        yield where, "bad-mask", f"{error}; draw it again"
        return
    height, width = picture.shape
    (x0, y0), (x1, y1) = shape.points
    if abs(x1 - x0 + 1 - width) > 1 or abs(y1 - y0 + 1 - height) > 1:
        box = f"{x1 - x0 + 1:.0f} x {y1 - y0 + 1:.0f}"
        yield (
            where,
            "mask-size",
            f"the mask must be as large as its box, {box}, but is {width} x {height}; draw it again",
        )
    x, y = stamp.x, stamp.y
    inside = picture[max(0, -y) : size[1] - y, max(0, -x) : size[0] - x] if size else picture
    if not (size and (x >= size[0] or y >= size[1])) and inside.any():
        if inside.sum() < picture.sum():
            yield (
                where,
                "partly-outside",
                "the mask should lie on the image, but reaches out; it is cut at the edge",
            )
        return
    yield (
        where,
        "no-pixels",
        "a mask must cover a pixel of the image, but covers none; delete it or draw it again",
    )


def _check_image(
    annotation: Annotation, facts: ImageFacts | None, embedded: ImageFacts | None
) -> Iterator[Said]:
    if facts:
        for rule, message in facts.notes:
            yield "imagePath", rule, message
        yield from _check_size(annotation, facts)
    elif annotation.image_size:
        try:
            require_raster_size(*annotation.image_size)
        except ValueError as error:
            yield "imageWidth", "image-too-large", f"{error}; correct the size, or put the image there"
    if facts and embedded and (facts.width, facts.height) != (embedded.width, embedded.height):
        message = (
            f"imageData must be the picture of imagePath, but is {embedded.width} x {embedded.height}"
            f" and that is {facts.width} x {facts.height}; keep the one that was labelled"
        )
        yield "imageData", "embedded-differs", message


def _check_size(annotation: Annotation, facts: ImageFacts) -> Iterator[Said]:
    """The points are those of the picture as it stands upright, so the size must be, too."""
    declared, real = annotation.image_size, (facts.width, facts.height)
    if declared is None or declared == real:
        return
    message = f"the size must be the image's, {real[0]} x {real[1]}, but got {declared[0]} x {declared[1]}"
    if declared == real[::-1] and facts.orientation >= 5:
        message += "; the shapes were drawn before its EXIF tag turned it: label it anew, or strip the tag"
    else:
        message += "; restore the image that was labelled, or label it anew"
    yield "imageWidth", "size-disagrees", message
