"""Does a score of 0.8 mean right in eight of ten? Expected and maximum calibration error over ten bins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.evaluation.one_iou.ranking import Ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

BINS = 10


class Calibration(NamedTuple):
    """As scores/<part>.json has it, and the expected error of each class."""

    overall: dict[str, Any]
    classes: dict[str, float | None]


def compute_calibration(ranked: Ranked, names: Sequence[str]) -> Calibration:
    """Compare scores with how often they were right at IoU 0.5; no value where scores are not from 0 to 1."""
    score, right = ranked.score, ranked.right
    if not len(score) or score.min() < 0 or score.max() > 1:
        return Calibration({"ECE": None, "MCE": None, "bins": []}, dict.fromkeys(names))
    means, shares, counts = _fill(score, right)
    gaps = np.abs(shares - means)
    bins = [
        {
            "low": place / BINS,
            "high": (place + 1) / BINS,
            "score": float(means[place]) if count else None,
            "precision": float(shares[place]) if count else None,
            "count": count,
        }
        for place, count in enumerate(counts.astype(int).tolist())
    ]
    overall = {"ECE": _weigh(gaps, counts), "MCE": float(gaps.max()), "bins": bins}
    classes = {
        name: _expect(score[part], right[part]) for name, part in zip(names, ranked.parts, strict=True)
    }
    return Calibration(overall, classes)


def _fill(score: "Floats", right: "Bools") -> "tuple[Floats, Floats, Floats]":
    """Return each bin's mean score, share of right ones and count."""
    place = (score * BINS).astype(np.int64).clip(0, BINS - 1)
    counts = np.bincount(place, minlength=BINS).astype(float)
    sums, hits = np.bincount(place, score, BINS), np.bincount(place, right, BINS)
    there = counts.clip(1)
    return sums / there, hits / there, counts


def _weigh(gaps: "Floats", counts: "Floats") -> float:
    return float((gaps * counts).sum() / counts.sum())


def _expect(score: "Floats", right: "Bools") -> float | None:
    if not len(score):
        return None
    means, shares, counts = _fill(score, right)
    return _weigh(np.abs(shares - means), counts)
