"""Panoptic quality and IoU of drawn images: counts of each image are added as often as the image was drawn."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.panoptic_quality import Segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HEADS = ("mIoU", "fwIoU", "mACC", "pACC")


class Pixels(NamedTuple):
    """What IoU is made from, image by image."""

    counts: "Floats"  # image, class, (right, of the truth, predicted)
    names: tuple[str, ...]


class Table(NamedTuple):
    """Numbers of every draw; NaN where there is nothing to take one of."""

    overall: Mapping[str, "Floats"]  # key -> draws
    classes: Mapping[str, "Floats"]  # key -> draws x classes


def confusions_to_pixels(confusions: Sequence["NDArray[np.int64]"], names: Sequence[str]) -> Pixels:
    """Keep what the scores need of each image's table of pixels."""
    counts = np.array([[one.diagonal(), one.sum(1), one.sum(0)] for one in confusions], float)
    return Pixels(counts.reshape(-1, 3, len(names)).transpose(0, 2, 1), tuple(names))


def draw_segments(segments: Segments, weights: "Floats") -> Table:
    """Return PQ, SQ and RQ of each draw (columns of `weights`: how often each image is in it)."""
    found, false, missed, overlap = np.moveaxis(np.tensordot(weights.T, segments.counts, 1), 2, 0)
    sums = found + (false + missed) / 2
    there = sums > 0
    classes = {
        "PQ": _divide(overlap, sums),
        "SQ": np.where(there, np.nan_to_num(_divide(overlap, found)), np.nan),
        "RQ": _divide(found, sums),
    }
    groups = {"": np.ones_like(segments.things), "_th": segments.things, "_st": ~segments.things}
    overall = {
        f"{key}{ending}": _average(table[:, chosen])
        for ending, chosen in groups.items()
        for key, table in classes.items()
    }
    return Table(overall, classes)


def draw_pixels(pixels: Pixels, weights: "Floats") -> Table:
    """Return mIoU and its relatives of each draw."""
    right, truth, found = np.moveaxis(np.tensordot(weights.T, pixels.counts, 1), 2, 0)
    classes = {
        "IoU": np.where(truth > 0, _divide(right, truth + found - right), np.nan),
        "ACC": _divide(right, truth),
    }
    weighted = np.nansum(classes["IoU"] * _divide(truth, truth.sum(1, keepdims=True)), axis=1)
    means = (
        _average(classes["IoU"]),
        weighted,
        _average(classes["ACC"]),
        _divide(right.sum(1), truth.sum(1)),
    )
    return Table(dict(zip(_HEADS, means, strict=True)), classes)


def _divide(upper: "Floats", lower: "Floats") -> "Floats":
    lower = np.broadcast_to(lower, upper.shape)
    result: Floats = np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0)
    return result


def _average(table: "Floats") -> "Floats":
    """The mean of each draw over the classes that it has."""
    there = ~np.isnan(table)
    return _divide(np.where(there, table, 0).sum(1), there.sum(1).astype(float))
