"""When two shapes, or two annotations, say the same: Labelme writes some things differently from how it read them.

It turns no description into an empty one, adds flags that are not set, packs pictures of masks anew, and names its own
version. Ids and other marks of ours say nothing of what is drawn.
"""

from collections.abc import Hashable, Mapping
from functools import lru_cache

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.data.mask import png_to_array
from workbench.drafting.draft import KEY

Look = tuple[Hashable, ...]


def freeze(shape: Shape | BrokenShape) -> Look:
    """Return what is equal for shapes that say the same."""
    if isinstance(shape, BrokenShape):
        return ("broken", repr(shape.raw))
    said = (shape.group, shape.description or "", _freeze_table(keep_set(shape.flags)))
    return (*freeze_drawing(shape), shape.label, *said, freeze_extra(shape))


def freeze_drawing(shape: Shape) -> Look:
    """Return what is equal for shapes that cover the same."""
    return (shape.kind, shape.points, shape.mask and _unpack(shape.mask))


def freeze_extra(shape: Shape) -> str:
    """Labelme 7 leaves `locked` out where it is not set."""
    unset = {KEY} if shape.extra.get("locked") else {KEY, "locked"}
    return _freeze_table({key: value for key, value in shape.extra.items() if key not in unset})


def keep_set(flags: Mapping[str, bool]) -> dict[str, bool]:
    """A flag that is not set and one that is not there are the same."""
    return {name: value for name, value in flags.items() if value is not False}


def same_drawing(one: Annotation, other: Annotation) -> bool:
    """Compare what two annotations say of their image: shapes in their order, flags, and keys that nobody knows."""
    return (
        keep_set(one.flags) == keep_set(other.flags)
        and one.extra == other.extra
        and list(map(freeze, one.shapes)) == list(map(freeze, other.shapes))
    )


def _freeze_table(table: Mapping[str, object]) -> str:
    return repr(sorted(table.items())) if table else ""


@lru_cache(maxsize=256)
def _unpack(png: str) -> tuple[object, ...]:
    """The pixels; what is no picture is only itself."""
    try:
        array = png_to_array(png)
    except ValueError:
        return (png,)
    return (array.shape, array.tobytes())
