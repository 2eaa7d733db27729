"""Predictions as COCO counts them at one IoU: class after class, the best first, each right or wrong."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

RECALLS = np.linspace(0, 1, 101)
_SPACING = float(np.spacing(1))  # pycocotools adds it; without it the last bit would differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """What counts; rows of one class lie together, `parts` says where."""

    place: "Ints"  # of the prediction in the scene
    score: "Floats"
    right: "Bools"
    parts: tuple[slice, ...]  # of each class
    truths: tuple[int, ...]  # of each class, crowds left out


def rank(scene: Scene, matches: Matches) -> Ranked:
    """Order what counts at IoU 0.5 as COCO does: equal scores by image, then as in the file."""
    found, classes = scene.found, len(scene.categories)
    counts = np.flatnonzero(matches.considered & ~matches.ignored[:, 0])
    keys = (matches.rank, found.image, -found.score, found.category)
    place = counts[np.lexsort([key[counts] for key in keys])]
    ends = np.cumsum(np.bincount(found.category[place], minlength=classes)).tolist()
    wanted = scene.truths.category[~matches.unwanted]
    return Ranked(
        place=place,
        score=found.score[place],
        right=matches.truth[place, 0] >= 0,
        parts=tuple(slice(start, end) for start, end in zip([0, *ends], ends, strict=False)),
        truths=tuple(np.bincount(wanted, minlength=classes).tolist()),
    )


def find_envelope(right: "Bools", truths: int) -> "Floats":
    """Return the best precision at each of COCO's 101 recalls, 0 where the recall is not reached."""
    return find_envelope_of(np.flatnonzero(right), truths)


def find_envelope_of(hits: "Ints", truths: int) -> "Floats":
    """Do the same where the places of what is right are known, the best first, from 0."""
    values = np.zeros(len(RECALLS))
    if not len(hits) or not truths:
        return values
    order = np.arange(1, len(hits) + 1)
    precision = order / (hits + 1 + _SPACING)
    reached = np.searchsorted(order / truths, RECALLS)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    there = reached < len(hits)
    values[there] = best[reached[there]]
    return values


def compute_ap(right: "Bools", truths: int) -> float:
    """Average precision of one class: the mean of its envelope."""
    return float(find_envelope(right, truths).mean())
