"""TIDE's six kinds of errors, and the AP50 that each costs.

Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020:
thresholds, order and what mending means are theirs. Which truth each error is about is kept, so that every one can be
looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.kinds import BACKGROUND, BOTH, CLASS, DUPLICATE, KINDS, MISSED, PLACE
from workbench.evaluation.one_iou.error_costs import compute_costs, find_mendable
from workbench.evaluation.one_iou.ranking import Ranked
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

RIGHT = -1  # right, or does not count
FOUND, BARELY = 0.5, 0.1  # IoU from which an object is found, and from which it is touched at all


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKinds:
    """What is wrong with each prediction, and which truths are missed."""

    kind: "Ints"  # predictions: place in KINDS, or RIGHT
    truth: "Ints"  # predictions: the truth that the error is about, or -1
    iou: "Floats"  # predictions: with that truth
    missed: "Bools"  # truths
    base: float  # AP50 as it is
    counts: Mapping[str, int]
    costs: Mapping[str, float]  # AP50 that mending all of a kind, and nothing else, would bring


def find_error_kinds(scene: Scene, matches: Matches, ranked: Ranked) -> ErrorKinds:
    """Sort every error into one kind, and say what each kind costs."""
    pairs, found, truths = matches.pairs, scene.found, scene.truths
    counted = np.zeros(len(found), bool)
    counted[ranked.place[~ranked.right]] = True
    near = np.flatnonzero((pairs.iou >= BARELY) & counted[pairs.found])
    own, other = pairs.found[near], pairs.truth[near]
    alike = found.category[own] == truths.category[other]
    taken = alike & (pairs.iou[near] >= FOUND) & (matches.found_of[other, 0] >= 0)
    same, same_iou = _find_nearest(scene, matches, near[alike])
    strange, strange_iou = _find_nearest(scene, matches, near[~alike & ~truths.crowd[other]])
    first, first_iou = _find_nearest(scene, matches, near[taken])
    kind = np.select(
        [
            (same_iou >= BARELY) & (same_iou <= FOUND),
            strange_iou >= FOUND,
            first >= 0,
            strange_iou <= BARELY,
        ],
        [PLACE, CLASS, DUPLICATE, BACKGROUND],
        BOTH,
    )
    kind[~counted] = RIGHT
    about = [strange, same, strange, first]
    truth = np.select([kind == each for each in range(4)], about, -1)
    iou = np.select([kind == each for each in range(4)], [strange_iou, same_iou, strange_iou, first_iou], 0.0)
    missed = (matches.found_of[:, 0] < 0) & ~matches.unwanted
    missed[truth[np.isin(kind, (CLASS, PLACE))]] = False
    counts = np.append(np.bincount(kind[counted], minlength=MISSED), missed.sum()).tolist()
    base, costs = compute_costs(scene, ranked, kind, find_mendable(scene, matches, kind, truth), missed)
    return ErrorKinds(
        kind=kind, truth=truth, iou=iou, missed=missed, base=base, costs=costs,
        counts=dict(zip(KINDS, counts, strict=True)),
    )  # fmt: skip


def _find_nearest(scene: Scene, matches: Matches, chosen: "Ints") -> "tuple[Ints, Floats]":
    """For each prediction the truth of the chosen pairs that it overlaps most, the first of equals."""
    pairs, truths = matches.pairs, scene.truths
    other = pairs.truth[chosen]
    keys = (other, truths.category[other], matches.unwanted[other], -pairs.iou[chosen], pairs.found[chosen])
    chosen = chosen[np.lexsort(keys)]
    best = chosen[np.flatnonzero(np.diff(pairs.found[chosen], prepend=-1))]
    truth, iou = np.full(len(scene.found), -1), np.zeros(len(scene.found))
    truth[pairs.found[best]], iou[pairs.found[best]] = pairs.truth[best], pairs.iou[best]
    return truth, iou
