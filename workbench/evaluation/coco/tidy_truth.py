"""Objects of a COCO dataset as nearly all are: read and checked many at once, which takes half the time.

Anything out of the ordinary is left to the careful reader, which looks at row after row and says what is wrong.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

_EXACT = 2**53
_HUGE = 1e300
_FARTHEST = 1e6


class _Mask(msgspec.Struct, gc=False):
    size: list[int]
    counts: str | list[int]


class _Row(msgspec.Struct, gc=False):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float
    iscrowd: int = 0
    segmentation: list[list[float]] | _Mask | None = None


class _File(msgspec.Struct):
    images: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    annotations: list[_Row]


_DECODER = msgspec.json.Decoder(_File)


def read_tidy_truth(path: Path) -> dict[str, Any] | None:
    """Return images, categories and annotations, where each annotation is in order; None where that is not certain."""
    try:
        if not path.is_file():
            return None
        file = _DECODER.decode(path.read_bytes())
        images, categories = ({row.get("id") for row in rows} for rows in (file.images, file.categories))
        if not _are_tidy(file.annotations, images, categories):
            return None
    except (
        OSError,
        ValueError,
        OverflowError,
        RecursionError,
        TypeError,
    ):  # msgspec's errors are ValueErrors
        return None
    rows = [_to_row(row) for row in file.annotations]
    return {"images": file.images, "categories": file.categories, "annotations": rows}


def _to_row(row: _Row) -> Mapping[str, Any]:
    result = {
        "id": row.id, "image_id": row.image_id, "category_id": row.category_id, "bbox": list(row.bbox),
        "area": row.area, "iscrowd": row.iscrowd,
    }  # fmt: skip
    mask = row.segmentation
    if mask is not None:
        result["segmentation"] = (
            {"size": mask.size, "counts": mask.counts} if isinstance(mask, _Mask) else mask
        )
    return result


def _are_tidy(rows: Sequence[_Row], images: set[Any], categories: set[Any]) -> bool:
    ids = {row.id for row in rows}
    if len(ids) < max(1, len(rows)) or min(ids) < 0 or max(ids) >= _EXACT:
        return False
    if not {row.image_id for row in rows} <= images or not {row.category_id for row in rows} <= categories:
        return False
    if not {row.iscrowd for row in rows} <= {0, 1}:
        return False
    numbers = np.fromiter(chain.from_iterable([(*row.bbox, row.area) for row in rows]), float).reshape(-1, 5)
    if not (np.abs(numbers) < _HUGE).all() or not (numbers[:, 2:] >= 0).all():
        return False
    return _are_rings(
        [ring for row in rows if isinstance(row.segmentation, list) for ring in row.segmentation]
    )


def _are_rings(rings: Sequence[Sequence[float]]) -> bool:
    lengths = {*map(len, rings)}
    if any(length < 6 or length % 2 for length in lengths):
        return False
    points = np.fromiter(chain.from_iterable(rings), float)
    return not points.size or bool(points.min() >= -_FARTHEST and points.max() <= _FARTHEST)
