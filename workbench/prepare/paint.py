"""Instances that may overlap become one class and one object for each pixel.

The order, from the bottom up: what nobody labelled, stuff in the order of the classes, then things from the largest to
the smallest (a small part drawn on a large one stays visible); what a person marked `__ignore__` lies on top of all.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.data.dataset import Category, ImageInstances, Instance
from workbench.data.geometry import Box
from workbench.data.mask import mask_to_array
from workbench.data.painting import Painting, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VOID = 255  # the pixel value that no loss and no score looks at
LARGEST_ID = 256**3 - 1


def paint_instances(
    collected: ImageInstances, categories: Mapping[int, Category], unlabelled: str | None
) -> Painting:
    """Lay the instances of one image over each other."""
    import numpy as np

    image = collected.image
    places = np.zeros(
        (image.height, image.width), np.uint32
    )  # 1 + place of the instance; 0: nobody labelled it
    for place in _bottom_up(collected.instances, categories):
        places[mask_to_array(collected.instances[place].mask).view(bool)] = place + 1
    void = mask_to_array(collected.void).view(bool) if collected.void else None
    fill = next((category for category in categories.values() if category.name == unlabelled), None)
    places = _merge_fill(places, collected.instances, fill)
    if void is not None:
        places[void] = np.iinfo(np.uint32).max
    return _number(places, collected.instances, categories, fill)


def _bottom_up(instances: Sequence[Instance], categories: Mapping[int, Category]) -> list[int]:
    def height(place: int) -> tuple[bool, int, int]:
        instance = instances[place]
        thing = categories[instance.category_id].thing
        return (thing, -instance.area if thing else instance.category_id, place)

    return sorted(range(len(instances)), key=height)


def _merge_fill(
    places: "NDArray[np.uint32]", instances: Sequence[Instance], fill: Category | None
) -> "NDArray[np.uint32]":
    """Where the class of unlabelled pixels was drawn too, both are one segment."""
    drawn = [place for place, instance in enumerate(instances) if fill and instance.category_id == fill.id]
    if drawn:
        places[places == 0] = drawn[0] + 1
    return places


def _number(
    places: "NDArray[np.uint32]",
    instances: Sequence[Instance],
    categories: Mapping[int, Category],
    fill: Category | None,
) -> Painting:
    """Name each visible segment by an id close to the colour of its class, and measure it."""
    import numpy as np

    ids = np.zeros_like(places)
    segments: list[Segment] = []
    for value in np.unique(places).tolist():
        instance = instances[value - 1] if 0 < value <= len(instances) else None
        category = categories[instance.category_id] if instance else (fill if value == 0 else None)
        if category is None:
            continue
        seen = places == value
        identity = _free_id(category, {segment.id for segment in segments})
        ids[seen] = identity
        segments.append(
            Segment(
                id=identity,
                category=category,
                area=int(seen.sum()),
                box=_box_of(seen),
                crowd=instance.crowd if instance else False,
                instance=value - 1 if instance else None,
            )
        )
    return Painting(ids, tuple(segments))


def _free_id(category: Category, taken: set[int]) -> int:
    red, green, blue = category.color
    wanted = max(1, red + 256 * green + 65536 * blue)
    while wanted in taken:
        wanted = wanted % LARGEST_ID + 1
    return wanted


def _box_of(seen: "NDArray[np.bool_]") -> Box:
    import numpy as np

    ys, xs = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return Box(int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1)


def measure_visible(painting: Painting, instances: Sequence[Instance]) -> list[float]:
    """Return the share of each instance's pixels that nothing covers; 0 says it has no segment."""
    seen = {segment.instance: segment.area for segment in painting.segments}
    return [
        min(1.0, round(seen.get(place, 0) / instance.area, 4)) for place, instance in enumerate(instances)
    ]


def paint_values(painting: Painting, values: Mapping[int, int]) -> "NDArray[np.uint8]":
    """Give each pixel the value of its category id, and VOID where nothing is known."""
    import numpy as np

    picture = np.full(painting.ids.shape, VOID, np.uint8)
    for segment in painting.segments:
        picture[painting.ids == segment.id] = values[segment.category.id]
    return picture


def semantic_values(categories: Sequence[Category]) -> dict[int, int]:
    """Number all classes from 0 in their order."""
    return {category.id: category.id - 1 for category in categories}


def separated_values(categories: Sequence[Category]) -> dict[int, int]:
    """Number as Panoptic FPN wants it: 0 for every thing, then the stuff from 1."""
    stuff = [category.id for category in categories if not category.thing]
    return {category.id: 0 if category.thing else stuff.index(category.id) + 1 for category in categories}
