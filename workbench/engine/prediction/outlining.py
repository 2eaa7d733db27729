"""What a model says of an image, as objects that can be drawn: things one by one, stuff a class at a time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.data.mask import array_to_mask, rings_to_masks
from workbench.drafting.scene import Found
from workbench.engine.prediction.images import Seen

SMALLEST = 0.002  # of the image: less of a class is noise, not a region that a person would draw


def list_found(seen: Seen) -> tuple[Found, ...]:
    """Number them as they come: what was found with a score, then regions without."""
    things = tuple(_list_things(seen))
    regions = (pair for pair in _list_regions(seen) if pair[1].mean() >= SMALLEST)
    return things + tuple(
        Found(number=number, label=label, score=None, mask=array_to_mask(region.astype(np.uint8)))
        for number, (label, region) in enumerate(regions, len(things))
    )


def _list_things(seen: Seen) -> Iterator[Found]:
    for number, one in enumerate(seen.found):
        label, mask, box = seen.names[one.category_id], one.segmentation, None
        if mask is None:
            box = one.box
            ring = (box.x_min, box.y_min, box.x_max, box.y_min, box.x_max, box.y_max, box.x_min, box.y_max)
            (mask,) = rings_to_masks([ring], seen.width, seen.height)
        yield Found(number=number, label=label, score=one.score, mask=mask, box=box)


def _list_regions(seen: Seen) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Segments of a panoptic answer, without things that were found anyway; classes of a semantic one."""
    stuff = {category.id for category in seen.categories if not category.thing}
    if seen.segment_ids is not None:
        for segment in seen.segments:
            if segment["category_id"] in stuff or not seen.found:
                yield seen.names[segment["category_id"]], seen.segment_ids == segment["id"]
    elif seen.semantic is not None:
        for place, category in enumerate(seen.categories):
            yield category.name, seen.semantic == place
