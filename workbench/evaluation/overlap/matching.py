"""COCO's greedy rule: the best prediction chooses first, at ten thresholds, all images at once.

Within a class of an image predictions come in the order of their scores (equal ones as in the file). Each takes the
truth that it overlaps most of those that are left (the later of equals); one that does not count only where none that
counts is left. A crowd can be taken by many. What matched something that does not count does not count itself.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from workbench.evaluation.overlap.objects import Objects, Scene
from workbench.evaluation.overlap.pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
LIMIT = 100  # predictions of one class and image that COCO looks at
EVERY_SIZE = (0.0, 1e10)
_NEAR_ONE = 1 - 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What matched what; columns of ten are the thresholds."""

    kind: str
    pairs: Pairs
    truth: "Ints"  # predictions x 10: the place of the truth, -1 where there is none
    ignored: "Bools"  # predictions x 10: neither right nor wrong
    considered: "Bools"  # predictions: among the best 100 of class and image
    rank: "Ints"  # predictions: place among those of class and image, the best is 0
    order: "Ints"  # what is considered: class by class, the best first, equal scores as COCO has them
    iou: "Floats"  # predictions: with its match at 0.5, else with what it overlaps most of its class
    found_of: "Ints"  # truths x 10: the place of the prediction, -1 where there is none
    unwanted: "Bools"  # truths that need not be found: crowds, and sizes that were not asked for


_Order = tuple["Ints", "Ints"]
_KNOWN: "WeakKeyDictionary[Scene, dict[int, _Order]]" = (
    WeakKeyDictionary()
)  # the same for all overlaps and sizes


def match(
    scene: Scene,
    pairs: Pairs,
    *,
    sizes: tuple[float, float] = EVERY_SIZE,
    limit: int = LIMIT,
) -> Matches:
    """Match predictions with truths of their class; only areas from `sizes[0]` to `sizes[1]` count."""
    truths, found = scene.truths, scene.found
    known = _KNOWN.setdefault(scene, {})
    rank, order = known[limit] = known.get(limit) or _rank(scene, limit)
    considered = rank < limit
    unwanted = truths.crowd | _lies_outside(truths, sizes)
    near = truths.category[pairs.truth] == found.category[pairs.found]
    chosen = np.flatnonzero(near & (pairs.iou >= THRESHOLDS[0]) & considered[pairs.found])
    truth_of = np.full((len(found), len(THRESHOLDS)), -1, np.int32)
    found_of = np.full((len(truths), len(THRESHOLDS)), -1, np.int32)
    iou = _find_best(scene, pairs, np.flatnonzero(near & ~truths.crowd[pairs.truth]))
    limits = np.minimum(THRESHOLDS, _NEAR_ONE)
    for some in _take_turns(pairs, chosen, rank, unwanted):
        own, other, overlap = pairs.found[some], pairs.truth[some], pairs.iou[some]
        free = (found_of[other] < 0) | truths.crowd[other][:, None]
        takes = (overlap[:, None] >= limits) & (truth_of[own] < 0) & free
        row, threshold = np.nonzero(takes)
        truth_of[own[row], threshold] = other[row]
        found_of[other[row], threshold] = own[row]
        iou[own[takes[:, 0]]] = overlap[takes[:, 0]]
    idle = np.append(unwanted, False)[truth_of]  # -1 takes the last
    ignored = np.where(truth_of >= 0, idle, _lies_outside(found, sizes)[:, None])
    return Matches(
        kind=pairs.kind, pairs=pairs, truth=truth_of.astype(np.int64), ignored=ignored & considered[:, None],
        considered=considered, rank=rank, order=order, iou=iou, found_of=found_of.astype(np.int64), unwanted=unwanted,
    )  # fmt: skip


def _rank(scene: Scene, limit: int) -> _Order:
    """Say how many of its class and image come before each prediction, and put classes in the order of scores."""
    found = scene.found
    group = found.image * max(1, len(scene.categories)) + found.category
    best_first = np.argsort(-found.score, kind="stable")
    order = best_first[np.argsort(group[best_first], kind="stable")]  # by image and class, then score
    counts = np.bincount(group)
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found)) - (np.cumsum(counts) - counts)[group[order]]
    order = order[rank[order] < limit]
    order = order[np.argsort(-found.score[order], kind="stable")]
    return rank, order[np.argsort(found.category[order], kind="stable")]


def _lies_outside(found: Objects, sizes: tuple[float, float]) -> "Bools":
    return (found.area < sizes[0]) | (found.area > sizes[1])


def _find_best(scene: Scene, pairs: Pairs, near: "Ints") -> "Floats":
    """For each prediction the largest IoU with a truth of its class."""
    best = np.zeros(len(scene.found))
    np.maximum.at(best, pairs.found[near], pairs.iou[near])
    return best


def _take_turns(pairs: Pairs, chosen: "Ints", rank: "Ints", unwanted: "Bools") -> "Iterator[Ints]":
    """Yield pairs that do not touch each other: the n-th wish of the m-th prediction of every class and image."""
    own = pairs.found[chosen]
    several = np.flatnonzero(np.bincount(own)[own] > 1) if len(own) else own  # of predictions with a choice
    other, overlap = pairs.truth[chosen[several]], pairs.iou[chosen[several]]
    wishes = several[np.lexsort((-other, -overlap, unwanted[other], own[several]))]
    chosen[several] = chosen[wishes]
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    wish = np.arange(len(own)) - np.repeat(starts, np.diff(np.append(starts, len(own))))
    turn = rank[own] * (wish.max(initial=0) + 1) + wish
    order = np.argsort(turn.astype(np.int16) if turn.max(initial=0) < 2**15 else turn, kind="stable")
    cuts = np.flatnonzero(np.diff(turn[order])) + 1
    yield from (some for some in np.split(chosen[order], cuts) if len(some))
