"""What an interval rests on: in how many images there is something to find, bursts of images counted once."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

FEW = 6  # images, below which no interval is worth much


def count_bursts(there: "Bools", groups: "Ints") -> "Ints":
    """In how many bursts there is something to find: of any class first, then of each (columns)."""
    seen = np.zeros((int(groups.max(initial=-1)) + 1, there.shape[1] + 1), bool)
    np.logical_or.at(seen, groups, np.concatenate([there.any(1, keepdims=True), there], axis=1))
    found: Ints = seen.sum(0)
    return found


def find_wanted(scene: Scene, matches: Matches) -> "Bools":
    """Which classes are to be found in which image."""
    wanted = np.flatnonzero(~matches.unwanted)
    there = np.zeros((len(scene.images), len(scene.categories)), bool)
    there[scene.truths.image[wanted], scene.truths.category[wanted]] = True
    return there
