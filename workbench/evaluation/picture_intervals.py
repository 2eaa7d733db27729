"""How sure PQ and mIoU are: the same averages over images that are drawn anew, some of them twice, some not at all."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.panoptic_quality import Segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

DRAWS = 1000
ENDS = (2.5, 97.5)  # percent: 95 of 100 lie between

Intervals = dict[str, list[float]]


def resample_segments(segments: Segments, *, seed: int = 0) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of PQ, SQ and RQ, over all, things and stuff, and for each class."""
    found, false, missed, overlap = np.moveaxis(_draw(segments.counts, seed), 2, 0)
    sums = found + (false + missed) / 2
    there = sums > 0
    values = {
        "PQ": _divide(overlap, sums),
        "SQ": np.where(there, _divide(overlap, found, 0.0), np.nan),
        "RQ": _divide(found, sums),
    }
    groups = {"": np.ones_like(segments.things), "_th": segments.things, "_st": ~segments.things}
    overall: Intervals = {}
    for ending, chosen in groups.items():
        for key, table in values.items():
            overall |= _enclose(f"panoptic.{key}{ending}", _average(table[:, chosen]))
    return overall, _enclose_classes(
        segments.names, {f"panoptic.{key}": table for key, table in values.items()}
    )


def resample_pixels(
    confusions: Sequence["Counts"], names: Sequence[str], *, seed: int = 0
) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals of mIoU, fwIoU, mACC and pACC, and of IoU and ACC for each class."""
    counts = np.array([[one.diagonal(), one.sum(1), one.sum(0)] for one in confusions], float)
    right, truth, found = np.moveaxis(_draw(counts, seed), 1, 0)
    there = truth > 0
    overlap = np.where(there, _divide(right, truth + found - right), np.nan)
    accuracy = _divide(right, truth)
    shares = _divide(truth, truth.sum(1, keepdims=True))
    means = {
        "mIoU": _average(overlap),
        "fwIoU": np.nansum(overlap * shares, axis=1),
        "mACC": _average(accuracy),
        "pACC": _divide(right.sum(1), truth.sum(1)),
    }
    overall: Intervals = {}
    for key, values in means.items():
        overall |= _enclose(f"semantic.{key}", values)
    return overall, _enclose_classes(names, {"semantic.IoU": overlap, "semantic.ACC": accuracy})


def _draw(counts: "Floats", seed: int) -> "Floats":
    """Add the counts of as many images as there are, drawn with replacement, a thousand times."""
    images = len(counts)
    weights = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), DRAWS)
    sums: Floats = np.tensordot(weights.astype(float), counts, 1)
    return sums


def _divide(upper: "Floats", lower: "Floats", nothing: float = np.nan) -> "Floats":
    filled = np.broadcast_to(np.asarray(nothing, float), upper.shape).copy()
    result: Floats = np.divide(upper, lower, out=filled, where=np.broadcast_to(lower > 0, upper.shape))
    return result


def _average(table: "Floats") -> "Floats":
    """The mean of each draw over the classes that it has."""
    there = ~np.isnan(table)
    return _divide(np.where(there, table, 0).sum(1), there.sum(1).astype(float))


def _enclose(name: str, values: "Floats") -> Intervals:
    kept = values[~np.isnan(values)]
    return {name: np.percentile(kept, ENDS).tolist()} if len(kept) else {}


def _enclose_classes(names: Sequence[str], tables: dict[str, "Floats"]) -> dict[str, Intervals]:
    return {name: dict(_walk(tables, place)) for place, name in enumerate(names)}


def _walk(tables: dict[str, "Floats"], place: int) -> Iterator[tuple[str, list[float]]]:
    for key, table in tables.items():
        yield from _enclose(key, table[:, place]).items()
