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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

DRAWS = 1000
ENDS = (2.5, 97.5)  # percent: 95 of 100 lie between

Intervals = dict[str, list[float]]


def resample_segments(segments: Segments, *, seed: int = 0) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of PQ, SQ and RQ, over all, things and stuff, and for each class."""
    drawn = draw_segments(segments, _draw(len(segments.counts), seed))
    return _enclose("panoptic", drawn, segments.names)


def resample_pixels(
    confusions: Sequence["Counts"], names: Sequence[str], *, seed: int = 0
) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of mIoU, fwIoU, mACC and pACC, and of IoU and ACC for each class."""
    drawn = draw_pixels(confusions_to_pixels(confusions, names), _draw(len(confusions), seed))
    return _enclose("semantic", drawn, names)


def _draw(images: int, seed: int) -> "Floats":
    return draw_weights(images, DRAWS, seed).astype(float)


def _enclose(family: str, drawn: Table, names: Sequence[str]) -> tuple[Intervals, dict[str, Intervals]]:
    overall: Intervals = {}
    classes: dict[str, Intervals] = {name: {} for name in names}
    for key, values in drawn.overall.items():
        _put(overall, f"{family}.{key}", values)
    for key, table in drawn.classes.items():
        for place, name in enumerate(names):
            _put(classes[name], f"{family}.{key}", table[:, place])
    return overall, classes


def _put(table: Intervals, name: str, values: "Floats") -> None:
    kept = values[~np.isnan(values)]
    if len(kept):
        table[name] = np.percentile(kept, ENDS).tolist()
