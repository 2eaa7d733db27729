"""Which images became better and which worse between two runs, the largest changes first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.image_scores import ImageScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SAME = 0.0005  # what rounds to 0.0 points


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One image in two runs; counts are differences of missed objects and of false alarms."""

    place: int
    first: float
    other: float
    missed: int | None
    false: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChanges:
    """All images that changed, the largest change first."""

    better: tuple[ImageChange, ...]
    worse: tuple[ImageChange, ...]
    same: int


def compare_images(first: ImageScores, other: ImageScores) -> ImageChanges:
    """Say which images became better and which worse."""
    difference = other.score - first.score
    order = np.lexsort((np.arange(len(difference)), -np.abs(difference))).tolist()
    changes = [_compare_image(first, other, place) for place in order if abs(difference[place]) >= _SAME]
    better = tuple(change for change in changes if change.other > change.first)
    worse = tuple(change for change in changes if change.other < change.first)
    return ImageChanges(better=better, worse=worse, same=len(difference) - len(changes))


def _compare_image(first: ImageScores, other: ImageScores, place: int) -> ImageChange:
    return ImageChange(
        place=place,
        first=float(first.score[place]),
        other=float(other.score[place]),
        missed=_subtract(first.missed, other.missed, place),
        false=_subtract(first.false, other.false, place),
    )


def _subtract(old: "Floats | None", new: "Floats | None", place: int) -> int | None:
    return None if old is None or new is None else int(new[place] - old[place])
