"""What TIDE's kinds of errors cost: AP50 again, with all errors of one kind mended and no other.

Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020.
"""

from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.kinds import CLASS, KINDS, MISSED, PLACE
from workbench.evaluation.one_iou.ranking import Ranked, compute_ap
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


def find_mendable(scene: Scene, matches: Matches, kind: "Ints", truth: "Ints") -> "Ints":
    """For each prediction the truth that it would find if it were mended, else -1: only the surest finds it, once."""
    found = scene.found
    wrong = np.flatnonzero(np.isin(kind, (CLASS, PLACE)))
    wrong = wrong[(matches.found_of[truth[wrong], 0] < 0) & ~matches.unwanted[truth[wrong]]]
    keys = (np.arange(len(found)), -found.score, truth)
    wrong = wrong[np.lexsort([key[wrong] for key in keys])]
    first = wrong[np.flatnonzero(np.diff(truth[wrong], prepend=-1))]
    mendable = np.full(len(found), -1)
    mendable[first] = truth[first]
    return mendable


def compute_costs(
    scene: Scene, ranked: Ranked, kind: "Ints", mendable: "Ints", missed: "Bools"
) -> tuple[float, dict[str, float]]:
    """Mend one kind after another and take AP50 again.

    Wrong class or place becomes right where that finds a truth; all else that is too much goes. What is missed is no
    longer asked for.
    """
    lost = np.bincount(scene.truths.category[missed], minlength=len(ranked.parts))
    moved = np.flatnonzero((kind == CLASS) & (mendable >= 0))
    goal = scene.truths.category[mendable[moved]]
    rows = [[0.0] * (len(KINDS) + 1)]
    for category, (part, truths) in enumerate(zip(ranked.parts, ranked.truths, strict=True)):
        if truths:
            right, score, place = ranked.right[part], ranked.score[part], ranked.place[part]
            own, placed = kind[place], (kind[place] == PLACE) & (mendable[place] >= 0)
            values = [compute_ap(right[own != each], truths) for each in range(MISSED)]
            values[CLASS] = _add(
                score[own != CLASS], right[own != CLASS], scene.found.score[moved[goal == category]], truths
            )
            values[PLACE] = compute_ap((right | placed)[(own != PLACE) | placed], truths)
            rows.append([*values, compute_ap(right, truths - int(lost[category])), compute_ap(right, truths)])
    *means, base = np.mean(rows[1:] or rows, axis=0).tolist()
    return base, {name: value - base for name, value in zip(KINDS, means, strict=True)}


def _add(score: "Floats", right: "Bools", more: "Floats", truths: int) -> float:
    """AP with some more that are right."""
    order = np.argsort(-np.append(score, more), kind="stable")
    return compute_ap(np.append(right, np.ones(len(more), bool))[order], truths)
