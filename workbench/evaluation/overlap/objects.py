"""Truths and predictions of all images as columns, so that what follows can look at every object at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.coco.outlines import rasterise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.evaluation.coco.coco_predictions import Columns
    from workbench.evaluation.coco.coco_truth import Truth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Truths or predictions, in the order of their file."""

    image: "Ints"  # place in Scene.images
    category: "Ints"  # place in Scene.categories
    box: "Floats"  # x, y, width, height
    area: "Floats"  # as COCO judges sizes: the file's for truths; the box's for predictions, else the mask's
    score: "Floats"  # of truths: 1
    crowd: "Bools"
    number: "Ints"  # of a truth: its id; of a prediction: its row in the list of results
    masks: tuple[bytes, ...] | None  # run lengths in COCO's packed text
    sizes: "Ints | None"  # height and width of each mask

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.image)

    def to_rles(self) -> list[dict[str, Any]]:
        """Return the masks as compiled code wants them."""
        if self.masks is None or self.sizes is None:
            return []
        return [
            {"size": size, "counts": text} for size, text in zip(self.sizes.tolist(), self.masks, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Scene:
    """All images with what is in them and what was found."""

    images: tuple[int, ...]  # ids, sorted
    sizes: "Ints"  # height and width of each image, 0 where the file does not say
    categories: tuple[str, ...]  # names, in the order of their ids
    category_ids: tuple[int, ...]
    truths: Objects
    found: Objects
    bursts: "Ints | None" = (
        None  # of each image a number, the same for images that are nearly one; None: all differ
    )

    @property
    def groups(self) -> "Ints":
        """Which images are drawn together."""
        return np.arange(len(self.images)) if self.bursts is None else self.bursts


def build_scene(truth: "Truth", found: "Columns") -> Scene:
    """Arrange checked truths and predictions. Outlines are rasterised, unless `rasterise` was here before."""
    images, categories = sorted(truth.sizes), sorted(truth.names)
    return Scene(
        images=tuple(images),
        sizes=np.array([truth.sizes[image] for image in images], np.int64).reshape(-1, 2),
        categories=tuple(truth.names[category] for category in categories),
        category_ids=tuple(categories),
        truths=_arrange_truths(rasterise(truth), images, categories),
        found=_arrange_found(found, images, categories),
    )


def _arrange_truths(truth: "Truth", images: Sequence[int], categories: Sequence[int]) -> Objects:
    rows: list[Mapping[str, Any]] = truth.raw["annotations"]
    masks = [row["segmentation"] for row in rows] if truth.masks else None
    if masks is not None and not all(isinstance(mask, dict) for mask in masks):
        masks = None  # outlines on images of unknown size
    return Objects(
        image=_find_places([row["image_id"] for row in rows], images),
        category=_find_places([row["category_id"] for row in rows], categories),
        box=np.array([row["bbox"] for row in rows], float).reshape(-1, 4),
        area=np.array([row["area"] for row in rows], float),
        score=np.ones(len(rows)),
        crowd=np.array([bool(row.get("iscrowd", 0)) for row in rows], bool),
        number=np.array([row["id"] for row in rows], np.int64),
        masks=None if masks is None else tuple(mask["counts"] for mask in masks),
        sizes=None if masks is None else np.array([mask["size"] for mask in masks], np.int64).reshape(-1, 2),
    )


def _arrange_found(found: "Columns", images: Sequence[int], categories: Sequence[int]) -> Objects:
    table = found.table
    return Objects(
        image=_find_places(table[:, 0], images),
        category=_find_places(table[:, 6], categories),
        box=table[:, 1:5],
        area=table[:, 3] * table[:, 4] if found.pixels is None else found.pixels,
        score=table[:, 5],
        crowd=np.zeros(len(table), bool),
        number=found.rows if found.rows is not None else np.arange(len(table)),
        masks=found.masks,
        sizes=found.sizes,
    )


def _find_places(ids: "Sequence[int] | Floats", known: Sequence[int]) -> "Ints":
    """Say where each id stands in the sorted list of those that there are."""
    return np.searchsorted(np.array(known, np.int64), np.asarray(ids, np.int64))
