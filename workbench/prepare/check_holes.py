"""Holes whose object is not to be had, and objects of which their holes leave nothing: seen only by collecting them."""

from collections.abc import Collection, Iterator

from workbench.data.annotation import CLOSED_KINDS, Annotation, Shape
from workbench.data.dataset import Category, Image
from workbench.data.mask import require_raster_size
from workbench.prepare.collect import collect_instances, is_hole, names_instance

_MESSAGES = {
    "hole-without-group": "a hole must be in an object, but that of its group cannot be used; mend that first",
    "no-pixels": "the shape must cover a pixel, but its holes leave none; delete it or draw it again",
}


def check_holes(
    annotation: Annotation, known: Collection[str] | None, size: tuple[int, int] | None, told: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (where, rule, message) for what only `convert` would notice; `told` are the places with an error."""
    shapes = [shape for shape in annotation.shapes if isinstance(shape, Shape)]
    holes = any(shape.kind in CLOSED_KINDS and is_hole(shape, known) for shape in shapes)
    if not holes or not size or not _fits(size):
        return
    names = (
        known if known is not None else {one.label for one in shapes if names_instance(one.label, one.kind)}
    )
    categories = {name: Category(id=number, name=name) for number, name in enumerate(sorted(names), 1)}
    image = Image(path=annotation.image_path, width=size[0], height=size[1], annotation="")
    for row in collect_instances(annotation, image, categories).ledger:
        where = f"shapes[{row.shape}]"
        if row.reason in _MESSAGES and where not in told:
            yield where, row.reason, _MESSAGES[row.reason]


def _fits(size: tuple[int, int]) -> bool:
    try:
        require_raster_size(*size)
    except ValueError:
        return False
    return True
