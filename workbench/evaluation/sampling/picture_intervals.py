"""How sure PQ and mIoU are: the same averages over images that are drawn anew, some of them twice, some not at all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.sampling.bootstrap import draw_weights
from workbench.evaluation.sampling.picture_draws import (
    Table,
    confusions_to_pixels,
    draw_pixels,
    draw_segments,
)
from workbench.evaluation.sampling.seen import FEW, count_bursts
from workbench.evaluation.sampling.student import widen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

DRAWS = 1000
LEVEL = 0.95

Intervals = dict[str, list[float]]


def resample_segments(segments: Segments, *, seed: int = 0) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of PQ, SQ and RQ, over all, things and stuff, and for each class."""
    drawn = draw_segments(segments, _draw(len(segments.counts), seed))
    there = segments.counts[..., [0, 2]].sum(2) > 0
    return _enclose("panoptic", drawn, segments.names, _count(there))


def resample_pixels(
    confusions: Sequence["Counts"], names: Sequence[str], *, seed: int = 0
) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of mIoU, fwIoU, mACC and pACC, and of IoU and ACC for each class."""
    pixels = confusions_to_pixels(confusions, names)
    drawn = draw_pixels(pixels, _draw(len(confusions), seed))
    return _enclose("semantic", drawn, names, _count(pixels.counts[..., 1] > 0))


def _draw(images: int, seed: int) -> "Floats":
    return draw_weights(images, DRAWS, seed).astype(float)


def _count(there: "NDArray[np.bool_]") -> list[int]:
    """In how many images there is something to find: of any class, then of each."""
    found: list[int] = count_bursts(there, np.arange(len(there))).tolist()
    return found


def _enclose(
    family: str, drawn: Table, names: Sequence[str], seen: Sequence[int]
) -> tuple[Intervals, dict[str, Intervals]]:
    overall: Intervals = {}
    classes: dict[str, Intervals] = {name: {} for name in names}
    for key, values in drawn.overall.items():
        _put(overall, f"{family}.{key}", values, seen[0])
    for key, table in drawn.classes.items():
        for place, name in enumerate(names):
            _put(classes[name], f"{family}.{key}", table[:, place], seen[place + 1])
    return overall, classes


def _put(table: Intervals, name: str, values: "Floats", seen: int) -> None:
    kept = values[~np.isnan(values)]
    if len(kept) and seen >= FEW:
        share = widen(LEVEL, seen)
        table[name] = np.quantile(kept, ((1 - share) / 2, (1 + share) / 2)).tolist()
