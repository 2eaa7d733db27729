"""When two shapes, or two annotations, say the same: Labelme writes some things differently from how it read them.

It turns no description into an empty one, adds flags that are not set, packs pictures of masks anew, and names its own
version. Ids and other marks of ours say nothing of what is drawn.
"""

from collections.abc import Mapping
from dataclasses import replace

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.data.mask import png_to_array
from workbench.drafting.draft import KEY


def normalise(shape: Shape) -> Shape:
    """Return the one form of all shapes that say the same; masks of equal pixels may still differ in their text."""
    return replace(
        shape,
        description=shape.description or None,
        flags=keep_set(shape.flags),
        extra={key: value for key, value in shape.extra.items() if key != KEY},
    )


def keep_set(flags: Mapping[str, bool]) -> dict[str, bool]:
    """A flag that is not set and one that is not there are the same."""
    return {name: value for name, value in flags.items() if value is not False}


def say_same(one: Shape | BrokenShape, other: Shape | BrokenShape) -> bool:
    """Compare two shapes."""
    if not isinstance(one, Shape) or not isinstance(other, Shape):
        return one == other
    first, second = normalise(one), normalise(other)
    return replace(first, mask=None) == replace(second, mask=None) and same_picture(one.mask, other.mask)


def same_picture(one: str | None, other: str | None) -> bool:
    """Compare pictures of masks by their pixels."""
    if one == other or one is None or other is None:
        return one == other
    try:
        first, second = png_to_array(one), png_to_array(other)
    except ValueError:
        return False
    return first.shape == second.shape and bool((first == second).all())


def same_drawing(one: Annotation, other: Annotation) -> bool:
    """Compare what two annotations say of their image: shapes in their order, flags, and keys nobody knows."""
    return (
        len(one.shapes) == len(other.shapes)
        and keep_set(one.flags) == keep_set(other.flags)
        and one.extra == other.extra
        and all(map(say_same, one.shapes, other.shapes))
    )
