"""Polygons → run lengths, once for everything that is computed from them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from workbench.evaluation.threads import map_in_threads
from workbench.extras import require

if TYPE_CHECKING:
    from workbench.evaluation.coco.coco_truth import Truth

Rle = dict[str, Any]

_AT_ONCE = 2000  # rings


def rasterise(truth: "Truth") -> "Truth":
    """Replace outlines by the pixels that COCO gives them; what has run lengths already is left as it is."""
    rows: list[Mapping[str, Any]] = truth.raw["annotations"]
    fresh = rasterise_rows(rows, truth.sizes) if truth.masks else rows
    return truth if fresh is rows else replace(truth, raw={**truth.raw, "annotations": fresh})


def rasterise_rows(
    rows: Sequence[Mapping[str, Any]], sizes: Mapping[int, tuple[int, int]]
) -> Sequence[Mapping[str, Any]]:
    """Give each row whose segmentation is a list of rings run lengths in its place; the same rows if there is none.

    On images of unknown size there are no pixels: such rows stay as they are.
    """
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if isinstance(row.get("segmentation"), list) and any(sizes[row["image_id"]]):
            groups[sizes[row["image_id"]]].append(place)
    if not groups:
        return rows
    fresh = list(rows)
    for size, places in groups.items():
        masks = _rasterise_all([rows[place]["segmentation"] for place in places], size)
        for place, mask in zip(places, masks, strict=True):
            fresh[place] = {**rows[place], "segmentation": mask}
    return fresh


def _rasterise_all(outlines: Sequence[Sequence[Sequence[float]]], size: tuple[int, int]) -> list[Rle]:
    """Many rings of images of one size in one call, since each call costs; then the rings of one object become one."""
    hotcoco = require("hotcoco.mask", extra="train")
    rings = [ring for rings in outlines for ring in rings]
    parts = [rings[start : start + _AT_ONCE] for start in range(0, len(rings), _AT_ONCE)]
    drawn = map_in_threads(lambda part: hotcoco.frPyObjects(part, *size), parts)
    masks, result = chain.from_iterable(drawn), []
    for outline in outlines:
        own = [next(masks) for _ in outline]
        result.append(own[0] if len(own) == 1 else hotcoco.merge(own))
    return result
