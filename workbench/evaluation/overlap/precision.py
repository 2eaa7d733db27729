"""COCO's averages of our own matches: for what no engine scores (boundaries), and for every resample of the images.

As pycocotools has it: precision at 101 recalls, made to fall, the mean over thresholds and classes with truth.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.overlap.matching import THRESHOLDS, Matches, match
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int32]
    Floats = NDArray[np.float64]

Values = dict[str, float | None]

RECALLS = np.linspace(0, 1, 101)
SIZES = {"s": (0.0, 32.0**2), "m": (32.0**2, 96.0**2), "l": (96.0**2, 1e10)}
_TINY = np.spacing(1.0)


class Averages(NamedTuple):
    """The twelve numbers, and four of each class by its name; None where there is no truth."""

    overall: Values
    classes: dict[str, Values]


@dataclass(frozen=True, slots=True)
class Curves:
    """Precision and recall of every class, -1 where there is no truth."""

    precision: "Floats"  # threshold, recall, class
    recall: "Floats"  # threshold, class, limit of 1, 10, 100


def compute_averages(scene: Scene, matches: Matches) -> Averages:
    """Take the averages of one kind of overlap; the matches must be those of every size."""
    every = compute_curves(scene, matches)
    values = summarize(every.precision, every.recall)
    for letter, sizes in SIZES.items():
        one = compute_curves(scene, match(scene, matches.pairs, sizes=sizes))
        values |= {f"AP{letter}": mean(one.precision), f"AR{letter}": mean(one.recall[..., -1])}
    classes = {
        name: summarize(every.precision[..., [place]], every.recall[:, [place]])
        for place, name in enumerate(scene.categories)
    }
    keys = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
    short = ("AP", "AP50", "AP75", "AR100")
    return Averages(
        {key: values[key] for key in keys},
        {name: {key: one[key] for key in short} for name, one in classes.items()},
    )


def summarize(precision: "Floats", recall: "Floats") -> Values:
    """Average over thresholds, recalls and classes."""
    return {
        "AP": mean(precision),
        "AP50": mean(precision[0]),
        "AP75": mean(precision[5]),
        "AR1": mean(recall[..., 0]),
        "AR10": mean(recall[..., 1]),
        "AR100": mean(recall[..., 2]),
    }


def mean(values: "Floats") -> float | None:
    """Average what is there: -1 says that there is no truth."""
    there = values[values > -1]
    return float(np.mean(there)) if there.size else None


def compute_curves(scene: Scene, matches: Matches) -> Curves:
    """Precision at the 101 recalls, and the recall that is reached, of every class at every threshold."""
    classes = len(scene.categories)
    wanted = np.bincount(scene.truths.category[~matches.unwanted], minlength=classes)
    precision = np.full((len(THRESHOLDS), len(RECALLS), classes), -1.0)
    recall = np.full((len(THRESHOLDS), classes, 3), -1.0)
    order, counted = matches.order, ~matches.ignored
    right = np.ascontiguousarray(((matches.truth >= 0) & counted)[order].T)
    sums = [side.cumsum(1, dtype=np.int32) for side in (right, counted[order].T)]
    ends = np.searchsorted(scene.found.category[order], np.arange(classes + 1)).tolist()
    for place in np.flatnonzero(wanted).tolist():
        start, stop = ends[place], ends[place + 1]
        before = [side[:, start - 1 : start] if start else 0 for side in sums]
        hits, among = (side[:, start:stop] - base for side, base in zip(sums, before, strict=True))
        total = int(wanted[place])
        precision[:, :, place] = trace(hits, among, total)
        rank = matches.rank[order[start:stop]]
        for limit, most in enumerate((1, 10)):
            recall[:, place, limit] = right[:, start:stop][:, rank < most].sum(1) / total
        recall[:, place, 2] = hits[:, -1] / total if stop > start else 0
    return Curves(precision, recall)


def trace(hits: "Counts", among: "Counts", total: int) -> "Floats":
    """Precision (thresholds x recalls) of one class, from how many of the first predictions were right, and counted."""
    result = np.zeros((len(hits), len(RECALLS)))
    if not hits.shape[1]:
        return result
    precision = hits / (among + _TINY)
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / total
    for place, row in enumerate(recall):
        at = np.searchsorted(row, RECALLS, side="left")
        reached = at < len(row)
        result[place, reached] = falling[place, at[reached]]
    return result
