"""Is one run better than another, or is it the luck of the images? Differences, draw by draw of the same images.

The images are drawn again and again with repeats, the same draw for both runs, and each draw gives a difference. 95 %
of these make the interval. Few images vary less in their own draws than they do in the world: the interval is taken
wider by what Student's t says of so many (the expanded percentiles of Hesterberg 2015, arXiv:1411.5279).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.sampling.seen import FEW
from workbench.evaluation.sampling.student import widen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL = 0.95
_LEAST = 0.0005  # what rounds to 0.0 points is no difference
BETTER, WORSE, NOISE, EQUAL, UNKNOWN = "better", "worse", "noise", "equal", "unknown"


class Measure(NamedTuple):
    """Which number: ("mask", "AP", "") is that of all classes."""

    family: str
    key: str
    category: str = ""

    @property
    def name(self) -> str:
        """mask.AP."""
        return f"{self.family}.{self.key}"


class Sample(NamedTuple):
    """A number of one run, and what it would be in each draw of the images; NaN where it has no truth."""

    value: float | None
    draws: "Floats"
    seen: int  # images (bursts of images) that have something to find of this kind


Samples = Mapping[Measure, Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one number between two runs."""

    measure: Measure
    first: float | None
    other: float | None
    difference: float | None
    interval: tuple[float, float] | None
    above: float | None  # share of draws in which the other run is better; equal ones count half
    verdict: str


def compare_samples(first: Samples, other: Samples, *, paired: bool = True) -> list[Change]:
    """Compare every number that both runs have."""
    return [
        compare_one(measure, first[measure], other[measure], paired=paired)
        for measure in first
        if measure in other
    ]


def compare_one(measure: Measure, first: Sample, other: Sample, *, paired: bool = True) -> Change:
    """Compare one number of two runs."""
    value, new, images = first.value, other.value, min(first.seen, other.seen)
    if value is None or new is None:
        return _change(measure, value, new)
    differences = other.draws - (first.draws if paired else first.draws[::-1])
    differences = differences[~np.isnan(differences)]
    if 2 * len(differences) < len(first.draws) or images < 2:
        return _change(measure, value, new)
    share = widen(LEVEL, images)
    low, high = np.quantile(differences, [(1 - share) / 2, (1 + share) / 2]).tolist()
    above = float(np.mean((np.sign(differences) + 1) / 2))
    verdict = judge(new - value, low, high, images)
    return _change(measure, value, new, interval=(low, high), above=above, verdict=verdict)


def _change(
    measure: Measure,
    value: float | None,
    new: float | None,
    *,
    interval: tuple[float, float] | None = None,
    above: float | None = None,
    verdict: str = UNKNOWN,
) -> Change:
    difference = None if value is None or new is None else new - value
    return Change(
        measure=measure, first=value, other=new, difference=difference,
        interval=interval, above=above, verdict=verdict,
    )  # fmt: skip


def judge(difference: float, low: float, high: float, images: int) -> str:
    """Say what a difference is worth."""
    if difference == low == high == 0:
        return EQUAL
    if images < FEW:
        return UNKNOWN
    if low > _LEAST and difference > _LEAST:
        return BETTER
    return WORSE if high < -_LEAST and difference < -_LEAST else NOISE


def count_expected(changes: Sequence[Change]) -> float:
    """Of equally good runs, how many of these numbers would look different by chance."""
    return (1 - LEVEL) * sum(change.interval is not None for change in changes)
