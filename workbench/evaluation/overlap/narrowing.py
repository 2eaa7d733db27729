"""A scene with fewer images and classes, in an order of one's own, as if there were no others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.objects import Objects, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def narrow(scene: Scene, images: Sequence[int], classes: Sequence[str]) -> Scene:
    """Keep these images (by id) and classes (by name), in this order."""
    image_places = {number: place for place, number in enumerate(scene.images)}
    image = np.array([image_places[number] for number in images], np.int64)
    category = np.array([scene.categories.index(name) for name in classes], np.int64)
    places = (
        _turn_around(image, len(scene.images)),
        _turn_around(category, len(scene.categories)),
    )
    return replace(
        scene,
        images=tuple(images),
        sizes=scene.sizes[image],
        bursts=None if scene.bursts is None else scene.bursts[image],
        categories=tuple(classes),
        category_ids=tuple(scene.category_ids[place] for place in category.tolist()),
        truths=_keep(scene.truths, *places),
        found=_keep(scene.found, *places),
    )


def _turn_around(kept: "Ints", total: int) -> "Ints":
    """For each old place the new one, -1 where it is gone."""
    new = np.full(total, -1)
    new[kept] = np.arange(len(kept))
    return new


def _keep(objects: Objects, images: "Ints", classes: "Ints") -> Objects:
    image, category = images[objects.image], classes[objects.category]
    kept = np.flatnonzero((image >= 0) & (category >= 0))
    masks, sizes = objects.masks, objects.sizes
    return replace(
        objects,
        image=image[kept],
        category=category[kept],
        box=objects.box[kept],
        area=objects.area[kept],
        score=objects.score[kept],
        crowd=objects.crowd[kept],
        number=objects.number[kept],
        masks=None if masks is None else tuple(masks[place] for place in kept.tolist()),
        sizes=None if sizes is None else sizes[kept],
    )
