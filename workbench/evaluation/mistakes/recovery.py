"""How many points of AP and AP50 a label costs, if it is as wrong as the model says: AP again with that label mended.

What mending means is in docs/mistakes.md. Only the classes that a label is about are computed again, and of those only
what is right and its place among all that counts, so that a thousand suspects take a second or two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.one_iou.ranking import find_envelope_of
from workbench.evaluation.overlap.matching import THRESHOLDS, Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

STEPS = len(THRESHOLDS)


class Gain(NamedTuple):
    """What mending one label brings; below 0 where the model would look worse."""

    ap: float
    ap50: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """One label mended: predictions that become right or wrong, at ten thresholds each; truths that a class gains."""

    right: Sequence[tuple[int, ...]]
    wrong: Sequence[tuple[int, ...]]
    truths: Mapping[int, int] = field(default_factory=dict)


class Recovery:
    """Knows AP as it is, and what one mended label makes of it."""

    def __init__(self, scene: Scene, matches: Matches) -> None:
        self._scene, self._matches = scene, matches
        wanted = scene.truths.category[~matches.unwanted]
        self._truths = np.bincount(wanted, minlength=len(scene.categories))
        self._classes: dict[int, _Class] = {}

    def gain(self, mend: Mend) -> Gain:
        """AP of all classes afterwards, less what it is now."""
        category = self._scene.found.category
        touched = {int(category[found]) for step in (*mend.right, *mend.wrong) for found in step} | set(
            mend.truths
        )
        before, after = np.zeros(STEPS), np.zeros(STEPS)
        there = int((self._truths > 0).sum())
        still = there
        for number in sorted(touched):
            own, truths = self._find(number), int(self._truths[number]) + mend.truths.get(number, 0)
            still += int(truths > 0) - int(self._truths[number] > 0)
            before += own.base
            after += own.mend(mend, truths)
        rest = self._sum_all() - before
        change = (rest + after) / max(1, still) - (rest + before) / max(1, there)
        return Gain(float(change.mean()), float(change[0]))

    def _sum_all(self) -> "Floats":
        """AP of every class as it is: with one class, or few, that is what is touched anyway."""
        values = [self._find(number).base for number in np.flatnonzero(self._truths).tolist()]
        total: Floats = np.sum(values, axis=0) if values else np.zeros(STEPS)
        return total

    def _find(self, number: int) -> "_Class":
        if number not in self._classes:
            order = self._matches.order
            own = order[self._scene.found.category[order] == number]
            self._classes[number] = _Class(self._matches, own, int(self._truths[number]))
        return self._classes[number]


class _Class:
    """The predictions of one class, the best first, and at each threshold which are right."""

    def __init__(self, matches: Matches, own: "Ints", truths: int) -> None:
        counted = ~matches.ignored[own]
        self._counted = counted
        self._place = np.cumsum(counted, axis=0) - 1  # among what counts
        self._row = {int(found): row for row, found in enumerate(own.tolist())}
        right = (matches.truth[own] >= 0) & counted
        self._hits = [np.flatnonzero(right[:, step]) for step in range(STEPS)]
        self.base = np.array([self._score(step, hits, (), truths) for step, hits in enumerate(self._hits)])

    def mend(self, mend: Mend, truths: int) -> "Floats":
        """AP at each threshold with some that are right now, some that no longer are, and so many truths."""
        values = np.zeros(STEPS)
        for step, hits in enumerate(self._hits):
            more = [self._row[found] for found in mend.right[step] if found in self._row]
            less = [self._row[found] for found in mend.wrong[step] if found in self._row]
            if less:
                hits = hits[~np.isin(hits, less)]
            if more:
                hits = np.union1d(hits, more)
            fresh = tuple(row for row in more if not self._counted[row, step])
            values[step] = self._score(step, hits, fresh, truths)
        return values

    def _score(self, step: int, hits: "Ints", fresh: Sequence[int], truths: int) -> float:
        """`fresh` did not count before: all that comes after moves down by one."""
        if not truths:
            return 0.0
        places = self._place[hits, step]
        if fresh:
            places = places + np.searchsorted(np.sort(fresh), hits, "right")
        return float(find_envelope_of(places, truths).mean())
