"""Images of segments or classes from the worst to the best: by the share of pixels whose class is right."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from workbench.parallel import map_in_order
from workbench.report.material import Row, Views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Classes = NDArray[np.int64]

IGNORED = 255  # of pictures of classes; 0 is the unknown of segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Two PNGs, and what their segments are; without segments they hold classes."""

    truth: Path
    found: Path
    segments: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] | None


def rank_painted(views: Views) -> list[Row]:
    """One row an image, the worst first."""
    numbers = list(views.painted)
    wanted = [_pair(views, number) for number in numbers]
    rows = [
        {"image_id": number, "image": views.images[number].name, "value": share}
        for number, share in zip(numbers, map_in_order(compute_share, wanted, chunk=16), strict=True)
        if share is not None
    ]
    return sorted(rows, key=lambda row: (row["value"], row["image"]))


def _pair(views: Views, number: int) -> Both:
    truth, found = views.painted[number]
    segments = views.segments.get(number)
    tables = None if segments is None else (tuple(segments[0].items()), tuple(segments[1].items()))
    return Both(truth=truth, found=found, segments=tables)


def compute_share(both: Both) -> float | None:
    """Share of the truth's pixels that are right; None where a picture cannot be read, or nothing is labelled."""
    try:
        truth, found = _read(both.truth, both, 0), _read(both.found, both, 1)
    except (OSError, ValueError):
        return None
    known = truth >= 0
    if truth.shape != found.shape or not known.any():
        return None
    return float((truth == found)[known].mean())


def _read(path: Path, both: Both, side: int) -> "Classes":
    """A class for each pixel, -1 where there is none."""
    with Image.open(path) as picture:
        if both.segments is None:
            values = np.asarray(picture.convert("L")).astype(np.int64)
            return np.where(values == IGNORED, -1, values)
        ids = np.asarray(picture.convert("RGB")).astype(np.int64) @ np.array([1, 256, 65536])
    classes = np.full(ids.shape, -1)
    for number, kind in both.segments[side]:
        classes[ids == number] = kind
    return classes
