"""Holes of the truth that a prediction fills."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.mistakes.mask_holes import Holes, find_holes
from workbench.evaluation.mistakes.mask_reading import read_strips, take_some
from workbench.evaluation.mistakes.mask_shares import Shares
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.strip_sums import add_up, count_between, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

HOLE = 25  # px: a hole that is smaller is not looked at
HOLE_SHARE = 0.01  # of the truth's area: the same for large objects
FILLED = 0.75  # of a hole that the prediction covers


def find_fillings(scene: Scene, pairs: Shares) -> Iterator[MaskError]:
    """Look for the holes of each truth, and for what the prediction has there."""
    least = np.maximum(HOLE, HOLE_SHARE * pairs.wanted)
    for some in take_some(np.flatnonzero(pairs.size - pairs.common >= FILLED * least)):
        mine = pairs.take(some)
        holes = find_holes(add_up(read_strips(scene.truths, mine.truth)[0]))
        large = holes.area >= least[some][holes.mask]
        if large.any():
            filled = _count_filled(scene, mine, holes)
            missed = np.flatnonzero(large & (filled >= FILLED * holes.area))
            pixels = np.bincount(holes.mask[missed], holes.area[missed], len(mine))
            for place in np.flatnonzero(pixels).tolist():
                yield MaskError(
                    "hole-missed", int(mine.found[place]), int(mine.truth[place]), (), float(pixels[place])
                )


def _count_filled(scene: Scene, pairs: Shares, holes: Holes) -> "Floats":
    """Count the pixels of each hole that the prediction covers."""
    holed, place = np.unique(holes.mask, return_inverse=True)
    sums = add_up(read_strips(scene.found, pairs.found[holed])[0])
    shift = number(place - holed[place], np.zeros_like(place), np.zeros_like(place))[holes.hole]
    counts = count_between(sums, holes.start + shift, holes.stop + shift)
    return np.bincount(holes.hole, counts, len(holes.area)).astype(float)
