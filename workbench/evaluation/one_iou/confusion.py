"""What was taken for what: every prediction above a score against every truth, whatever their classes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

IOU = 0.5


def count_confusion(scene: Scene, pairs: Pairs, score: float) -> dict[str, Any]:
    """Count, as scores/<part>.json has it: rows are truths, columns predictions, the last of each is background."""
    sure = scene.found.score >= score
    truth_of, found_of = match_any_class(scene, pairs, sure)
    background = len(scene.categories)
    wrong = np.append(scene.truths.category, background)  # -1 takes the last
    seen = np.append(scene.found.category, background)
    missed = np.flatnonzero((found_of < 0) & ~scene.truths.crowd)
    rows = np.concatenate([wrong[truth_of[sure]], wrong[missed]])
    columns = np.concatenate([scene.found.category[sure], seen[found_of[missed]]])
    side = background + 1
    matrix = np.bincount(rows * side + columns, minlength=side * side).reshape(side, side)
    return {"labels": [*scene.categories, "background"], "matrix": matrix.tolist(), "score": score}


def match_any_class(scene: Scene, pairs: Pairs, sure: "Bools") -> "tuple[Ints, Ints]":
    """Match `sure` predictions with truths of any class but crowds: place of the truth, place of the prediction, or -1.

    The surest chooses first, and takes what it overlaps most of what is left. All ask at once for what they like best;
    who is asked keeps the surest and sends the others on, until nobody has to ask again: that ends the same way.
    """
    found, truths = scene.found, scene.truths
    turn = np.empty(len(found), np.int64)
    turn[np.lexsort((found.category, -found.score))] = np.arange(len(found))
    wishes = _list_wishes(scene, pairs, sure)
    own, other = pairs.found[wishes], pairs.truth[wishes]
    first = np.searchsorted(own, np.arange(len(found)))
    last = np.searchsorted(own, np.arange(len(found)), "right")
    holder = np.full(len(truths), len(found))  # the turn of who is kept
    asking, who = np.flatnonzero(first < last), np.argsort(turn)
    while len(asking):
        asked = other[first[asking]]
        before = holder.copy()
        np.minimum.at(holder, asked, turn[asking])
        sent_on = asking[holder[asked] != turn[asking]]
        replaced = before[(before < len(found)) & (before != holder)]
        again = np.concatenate([sent_on, who[replaced]])
        first[again] += 1
        asking = again[first[again] < last[again]]
    found_of = np.append(who, -1)[holder]
    truth_of = np.full(len(found), -1)
    kept = np.flatnonzero(found_of >= 0)
    truth_of[found_of[kept]] = kept
    return truth_of, found_of


def _list_wishes(scene: Scene, pairs: Pairs, sure: "Bools") -> "Ints":
    """Pairs that may match, each prediction's best first; of equals the later one, as COCO has it."""
    truths = scene.truths
    chosen = np.flatnonzero(sure[pairs.found] & (pairs.iou >= IOU) & ~truths.crowd[pairs.truth])
    other = pairs.truth[chosen]
    keys = (-other, -truths.category[other], -pairs.iou[chosen], pairs.found[chosen])
    return chosen[np.lexsort(keys)]
