"""Precision and recall over the score, and the score from which a prediction is best believed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.evaluation.one_iou.ranking import RECALLS, Ranked, find_envelope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

POINTS = 101

Curve = dict[str, list[Any]]
Point = dict[str, float | None]  # score, precision, recall, F1


class Curves(NamedTuple):
    """A curve for each class that has truth, and their mean."""

    classes: dict[str, Curve]
    mean: Curve


def compute_curves(ranked: Ranked, names: Sequence[str]) -> Curves:
    """Draw each class as it was matched, in at most 101 points that keep COCO's AP as it is."""
    classes = {
        name: _draw(ranked.score[part], ranked.right[part], truths)
        for name, part, truths in zip(names, ranked.parts, ranked.truths, strict=True)
        if truths
    }
    return Curves(classes, _average(ranked))


def _draw(score: "Floats", right: "Bools", truths: int) -> Curve:
    hits = np.cumsum(right)
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / truths
    kept = _thin(precision, recall, right)
    return {
        "recall": recall[kept].tolist(),
        "precision": precision[kept].tolist(),
        "score": score[kept].tolist(),
    }


def _thin(precision: "Floats", recall: "Floats", right: "Bools") -> "Ints":
    """Keep the points that hold up the envelope, and fill up with others along the way."""
    total = len(precision)
    if total <= POINTS:
        return np.arange(total)
    start = np.searchsorted(recall, RECALLS[recall[-1] >= RECALLS])
    kept = np.unique(_find_peaks(precision)[start])
    spare = POINTS - len(kept)
    if spare > 0:
        others = np.setdiff1d(np.arange(total), kept)
        even = np.linspace(0, len(others) - 1, spare).round().astype(np.int64)
        kept = np.union1d(kept, others[even])
    return kept


def _find_peaks(values: "Floats") -> "Ints":
    """For each place, where the largest value from there on first is."""
    highest = np.maximum.accumulate(values[::-1])[::-1]
    peaks = np.where(values == highest, np.arange(len(values)), len(values))
    first: Ints = np.minimum.accumulate(peaks[::-1])[::-1]
    return first


def _average(ranked: Ranked) -> Curve:
    """At each recall the mean of the envelopes (its mean is AP50), and of the scores of the classes that get there."""
    there = [place for place, truths in enumerate(ranked.truths) if truths]
    if not there:
        return {"recall": [], "precision": [], "score": []}
    envelopes = [find_envelope(ranked.right[ranked.parts[n]], ranked.truths[n]) for n in there]
    scores = np.stack([_find_scores(ranked, n) for n in there])
    reached = (~np.isnan(scores)).sum(axis=0)
    sums = np.nansum(scores, axis=0)
    return {
        "recall": RECALLS.round(2).tolist(),
        "precision": np.mean(envelopes, axis=0).tolist(),
        "score": [
            total / count if count else None
            for total, count in zip(sums.tolist(), reached.tolist(), strict=True)
        ],
    }


def _find_scores(ranked: Ranked, category: int) -> "Floats":
    """The score down to which one must go for each recall; NaN where none is low enough."""
    part = ranked.parts[category]
    recall = np.cumsum(ranked.right[part]) / ranked.truths[category]
    return np.append(ranked.score[part], np.nan)[np.searchsorted(recall, RECALLS)]


def find_best_scores(ranked: Ranked) -> list[Point | None]:
    """For each class the score at which F1 is highest, the higher of equals; None where there is no truth."""
    return [_find_best(ranked, category) for category in range(len(ranked.parts))]


def _find_best(ranked: Ranked, category: int) -> Point | None:
    part, truths = ranked.parts[category], ranked.truths[category]
    if not truths:
        return None
    score, values = _trace_f1(ranked, category)
    if not len(values) or not values.max():
        return {"score": None, "precision": None, "recall": 0.0, "F1": 0.0}
    return _measure(ranked.score[part], ranked.right[part], truths, float(score[values.argmax()]))


def _trace_f1(ranked: Ranked, category: int) -> "tuple[Floats, Floats]":
    """F1 of a class at each score that one of its predictions has: those of one score come and go together."""
    part = ranked.parts[category]
    score = ranked.score[part]
    last = np.flatnonzero(np.diff(score, append=-np.inf))
    hits = np.cumsum(ranked.right[part])[last]
    return score[last], 2 * hits / (last + 1 + ranked.truths[category])


def find_shared_score(ranked: Ranked) -> float | None:
    """Return the one score for all classes at which the mean of their F1 is highest."""
    traces = [_trace_f1(ranked, category) for category, truths in enumerate(ranked.truths) if truths]
    if not sum(len(score) for score, _ in traces):
        return None
    score = np.concatenate([score for score, _ in traces])
    change = np.concatenate([np.diff(values, prepend=0) for _, values in traces])
    order = np.argsort(-score, kind="stable")
    total = np.cumsum(change[order])
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    return float(score[order][last][total[last].round(12).argmax()])


def measure_at(ranked: Ranked, score: float | None) -> list[Point | None]:
    """Precision, recall and F1 of each class with what is at least so sure."""
    return [
        _measure(ranked.score[part], ranked.right[part], truths, np.inf if score is None else score)
        for part, truths in zip(ranked.parts, ranked.truths, strict=True)
    ]


def _measure(score: "Floats", right: "Bools", truths: int, least: float) -> Point | None:
    count = int(np.searchsorted(-score, -least, "right"))
    hits = int(right[:count].sum())
    if not truths and not count:
        return None
    return {
        "score": least if np.isfinite(least) else None,
        "precision": hits / count if count else None,
        "recall": hits / truths if truths else None,
        "F1": 2 * hits / (count + truths) if truths else None,
    }
