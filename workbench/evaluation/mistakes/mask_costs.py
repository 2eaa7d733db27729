"""What each kind of mistake in masks costs: AP50 and AP if those masks were exact, and all else as it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.kinds import MASK_KINDS
from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.one_iou.ranking import Ranked, compute_ap
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Cost(NamedTuple):
    """What mending would bring."""

    ap50: float
    ap: float


class _Verdicts(NamedTuple):
    """At each of ten thresholds: what is right, and what counts; and truths that further predictions would find."""

    right: "Bools"
    counted: "Bools"
    more: "Ints"  # the predictions that have them, too: they come with their score


def compute_mask_costs(
    scene: Scene, matches: Matches, ranked: Ranked, errors: Sequence[MaskError]
) -> Mapping[str, Cost]:
    """Mend one kind after another: the mask finds its truth at every threshold, and pieces of it go."""
    counted = matches.considered[:, None] & ~matches.ignored
    base = _Verdicts(matches.truth >= 0, counted, np.zeros(0, np.int64))
    order = np.lexsort((matches.rank, scene.found.image, -scene.found.score, scene.found.category))
    order = order[matches.considered[order]]
    ends = np.searchsorted(scene.found.category[order], np.arange(len(ranked.truths) + 1))
    there = [category for category, truths in enumerate(ranked.truths) if truths]
    known: dict[int, Floats] = {}
    costs = {}
    for kind in MASK_KINDS:
        some = _choose_surest(scene, [error for error in errors if error.kind == kind])
        mended = _mend(matches, base, kind, some)
        touched = set(scene.truths.category[[error.truth for error in some]].tolist())
        total = np.zeros(10)
        for category in sorted(touched):
            own = order[ends[category] : ends[category + 1]]
            if category not in known:
                known[category] = _judge(scene, base, own, ranked.truths[category])
            total += _judge(scene, mended, own, ranked.truths[category]) - known[category]
        gains = total / max(1, len(there))
        costs[kind] = Cost(float(gains[0]), float(gains.mean()))
    return costs


def _choose_surest(scene: Scene, errors: Sequence[MaskError]) -> list[MaskError]:
    """One truth is found once, by the surest of those that are about it; the others stay as they are."""
    first: dict[int, MaskError] = {}
    for error in sorted(errors, key=lambda one: (-scene.found.score[one.found], one.found)):
        first.setdefault(error.truth, error)
    return list(first.values())


def _mend(matches: Matches, base: _Verdicts, kind: str, errors: Sequence[MaskError]) -> _Verdicts:
    right, counted = base.right.copy(), base.counted.copy()
    found = np.array([error.found for error in errors], np.int64)
    others = [(error.found, other) for error in errors for other in error.others]
    swallowed = [other for _, other in others] if kind == "merged" else []
    truths = np.array([error.truth for error in errors] + swallowed, np.int64)
    rivals, column = matches.found_of[truths], np.arange(right.shape[1])
    there = rivals >= 0
    right[rivals[there], np.broadcast_to(column, rivals.shape)[there]] = False
    right[found], counted[found] = True, True
    if kind == "split":
        counted[[other for _, other in others]] = False
    more = np.array([own for own, _ in others] if kind == "merged" else [], np.int64)
    return _Verdicts(right, counted, more)


def _judge(scene: Scene, verdicts: _Verdicts, own: "Ints", truths: int) -> "Floats":
    """AP of one class at each threshold; `own` are its predictions, the surest first."""
    right, counted = verdicts.right[own], verdicts.counted[own]
    more = verdicts.more[np.isin(verdicts.more, own)]
    if len(more):
        score = scene.found.score
        order = np.argsort(-np.append(score[own], score[more]), kind="stable")
        added = np.ones((len(more), right.shape[1]), bool)
        right, counted = np.concatenate([right, added])[order], np.concatenate([counted, added])[order]
    return np.array([compute_ap(hit[there], truths) for hit, there in _columns(right, counted)])


def _columns(right: "Bools", counted: "Bools") -> "Iterator[tuple[Bools, Bools]]":
    return zip(right.T, counted.T, strict=True)
