"""Objects that were merged into one prediction, and objects that were split into several."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.mistakes.mask_shares import Shares, to_rles
from workbench.evaluation.overlap.objects import Objects, Scene
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MOST = 0.75  # of a truth that is swallowed; of a piece that lies in its truth
PART = 0.1  # of a prediction that a swallowed truth makes up; of a truth that a piece covers
FILLED = 0.5  # of a prediction that the truths that it swallowed make up
COVERED = 0.6  # of a truth that its pieces cover
APART = 0.5  # of the smaller of two, which they may share and still be two


class Group(NamedTuple):
    """One object with the several that it is taken for, the largest part first."""

    found: int  # the prediction, of several the one that covers most
    truth: int
    others: tuple[int, ...]  # further truths in the prediction, or further predictions on the truth


def find_merged(scene: Scene, shares: Shares) -> list[Group]:
    """Find predictions that cover most of several truths of which nothing else found any two."""
    inside = shares.take((shares.common >= MOST * shares.wanted) & (shares.common >= PART * shares.size))
    owner = inside.owner[inside.truth]
    lost = (owner < 0) | (owner == inside.found)
    groups = []
    for rows in _group(inside.found, inside.common * lost / inside.size, FILLED, inside.common):
        mine = inside.take(rows[lost[rows]])
        kept = _keep_apart(scene.truths, mine.truth, mine.wanted)
        if len(kept) > 1 and mine.common[kept].sum() >= FILLED * mine.size[0]:
            truths = mine.truth[kept]
            first = np.flatnonzero(inside.owner[truths] == mine.found[0])
            order = np.append(first, np.setdiff1d(np.arange(len(truths)), first))[: len(truths)]
            groups.append(_to_group(int(mine.found[0]), truths[order]))
    return groups


def _to_group(found: int, truths: "Ints") -> Group:
    first, *others = truths.tolist()
    return Group(found, first, tuple(others))


def find_split(scene: Scene, shares: Shares) -> list[Group]:
    """Find truths that nothing found, and that several predictions cover together."""
    taken = np.zeros(len(scene.found) + 1, bool)
    taken[shares.owner] = True
    taken[-1] = False
    inside = shares.take(
        (shares.common >= MOST * shares.size)
        & (shares.common >= PART * shares.wanted)
        & (shares.owner[shares.truth] < 0)
        & ~taken[shares.found]
    )
    groups = []
    for rows in _group(inside.truth, inside.common / inside.wanted, COVERED, inside.common):
        mine = inside.take(rows)
        kept = _keep_apart(scene.found, mine.found, mine.size)
        truth = mine.truth[:1]
        if len(kept) > 1 and _count_covered(scene, mine.found[kept], truth) >= COVERED * mine.wanted[0]:
            first, *others = mine.found[kept].tolist()
            groups.append(Group(first, int(truth[0]), tuple(others)))
    return groups


def _group(names: "Ints", parts: "Floats", least: float, common: "Floats") -> "Iterator[Ints]":
    """Yield the rows of each name that has several and enough together, the one with most in common first."""
    if not len(names):
        return
    counts, sums = np.bincount(names), np.bincount(names, parts)
    chosen = np.flatnonzero(((counts > 1) & (sums >= least))[names])
    order = chosen[np.lexsort((chosen, -common[chosen], names[chosen]))]
    yield from np.split(order, np.flatnonzero(np.diff(names[order])) + 1) if len(order) else ()


def _keep_apart(objects: Objects, places: "Ints", sizes: "Floats") -> "Ints":
    """Choose those that lie beside those before them, and are not the same once more."""
    if len(places) < 2:
        return np.arange(len(places))
    rles = to_rles(objects, places)
    iou = np.asarray(require("hotcoco.mask", extra="train").iou(rles, rles, [0] * len(rles)))
    common = iou * (sizes[:, None] + sizes) / (1 + iou)
    close = common > APART * np.minimum(sizes[:, None], sizes)
    kept: list[int] = []
    for place in range(len(places)):
        if not close[place, kept].any():
            kept.append(place)
    return np.array(kept)


def _count_covered(scene: Scene, found: "Ints", truth: "Ints") -> float:
    """Count the pixels of a truth that some predictions cover together."""
    masks = require("hotcoco.mask", extra="train")
    union = masks.merge(to_rles(scene.found, found))
    return float(masks.area([masks.merge([union, *to_rles(scene.truths, truth)], True)])[0])
