"""Which values are best, and whether that is more than noise: means over seeds and folds, and what luck does."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import mean, stdev

from workbench.evaluation.sampling.student import find_student
from workbench.sweeps.outcome import Outcome

LEVEL = 0.05  # how often noise alone may pass for a difference, over all rows of a table together
BETTER, NOISE, EQUAL, UNKNOWN = "more than noise", "noise", "equal", "cannot say"
Values = tuple[tuple[str, str], ...]
Units = Mapping[int | None, float]  # fold (or seed) -> mean score


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The standard deviation that luck alone makes, and from how many degrees of freedom it is known."""

    deviation: float
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far a row is behind the best; without an interval where nobody knows what luck does."""

    difference: float
    interval: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """What may be said of it."""
        if self.interval is None:
            return UNKNOWN
        low, high = self.interval
        return EQUAL if low == high == 0 else BETTER if low > 0 or high < 0 else NOISE


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One choice of values: all its trainings, their mean and their spread."""

    values: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    units: Units = field(default_factory=dict)
    gap: Gap | None = None  # None for the best, and where nothing is finished

    @property
    def mean(self) -> float | None:
        """Over folds where there are any, else over seeds."""
        return mean(self.units.values()) if self.units else None

    @property
    def spread(self) -> float | None:
        """The standard deviation between folds, or seeds."""
        return stdev(self.units.values()) if len(self.units) > 1 else None

    @property
    def whole(self) -> bool:
        """Whether all its trainings are finished."""
        return all(one.counts for one in self.outcomes)

    @property
    def seconds(self) -> float | None:
        """How long one of its trainings took."""
        known = [one.seconds for one in self.outcomes if one.counts and one.seconds is not None]
        return mean(known) if known else None


def rank(outcomes: Iterable[Outcome], *, folds: int = 0, by_trial: bool = False) -> tuple[Standing, ...]:
    """Return a row for each choice of values, the best first; those without a finished training come last.

    A row of which a training is missing or failed comes behind the whole ones: its mean may be luck. Of a search each
    trial is a row: values that were chosen twice owe each other nothing.
    """
    groups: defaultdict[tuple[int, Values], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.trial if by_trial else 0, tuple(one.values.items())].append(one)
    rows = [
        Standing(values=dict(values), outcomes=tuple(its), units=_average(its, by_fold=folds > 0))
        for (_, values), its in groups.items()
    ]
    rows.sort(key=lambda row: (row.mean is None, not row.whole, -(row.mean or 0.0)))
    return _compare(rows, folds)


def _average(outcomes: Sequence[Outcome], *, by_fold: bool) -> dict[int | None, float]:
    """Seeds of one fold are averaged first: they are no further evidence about other data."""
    units: defaultdict[int | None, list[float]] = defaultdict(list)
    for one in outcomes:
        if one.counts and one.score is not None:
            units[one.fold if by_fold else one.seed].append(one.score)
    return {unit: mean(scores) for unit, scores in units.items()}


def _compare(rows: Sequence[Standing], folds: int) -> tuple[Standing, ...]:
    if not rows or rows[0].mean is None:
        return tuple(rows)
    best, *others = rows
    noise = measure_noise([row.units for row in rows], folds)
    known = sum(row.mean is not None for row in rows)
    pairs = known * (known - 1) // 2  # any of them could have been the best: it is picked after looking
    gaps = (measure_gap(best.units, row.units, pairs, noise, folds=folds) for row in others)
    return (best, *(_place(row, gap) for row, gap in zip(others, gaps, strict=True)))


def _place(row: Standing, gap: Gap | None) -> Standing:
    return Standing(values=row.values, outcomes=row.outcomes, units=row.units, gap=gap)


def measure_noise(rows: Sequence[Units], folds: int) -> Noise | None:
    """How much luck alone moves a score, from all rows together; None where nothing was done twice.

    Of seeds: how far they lie from the mean of their row. Of folds, of which some are harder for every row: what is
    left when row and fold are taken out; only of rows that have all folds.
    """
    if folds:
        rows = [row for row in rows if len(row) == folds]
    means = [mean(row.values()) if row else 0.0 for row in rows]
    hard = {fold: mean(row[fold] for row in rows) - mean(means) for fold in rows[0]} if folds and rows else {}
    squares = sum(
        (score - middle - hard.get(unit, 0.0)) ** 2
        for row, middle in zip(rows, means, strict=True)
        for unit, score in row.items()
    )
    free = (len(rows) - 1) * (folds - 1) if folds else sum(max(len(row) - 1, 0) for row in rows)
    return Noise(deviation=sqrt(squares / free), free=free) if free > 0 else None


def measure_gap(best: Units, other: Units, pairs: int, noise: Noise | None, *, folds: int = 0) -> Gap | None:
    """Return how far a row is behind, with an interval by Student's t whose risk all `pairs` share (Bonferroni).

    Folds are compared where both have them. What they learn from is nearly the same, so that they differ less than new
    data would: the variance is enlarged by the share of what is judged to what is learnt from, 1 / (folds - 1) (Nadeau
    and Bengio, "Inference for the generalization error", Machine Learning 52, 2003).
    """
    if folds:
        both = best.keys() & other.keys()
        best, other = ({unit: row[unit] for unit in both} for row in (best, other))
    if not best or not other:
        return None
    middle = mean(best.values()) - mean(other.values())
    if noise is None:
        return Gap(difference=middle)
    share = 1 / len(best) + 1 / len(other) + (2 / (folds - 1) if folds else 0.0)
    half = find_student(1 - LEVEL / (2 * pairs), noise.free) * noise.deviation * sqrt(share)
    return Gap(difference=middle, interval=(middle - half, middle + half))


def average_classes(row: Standing) -> dict[str, tuple[float, float | None, int]]:
    """Return mean, spread and count of each class's score over a row's trainings; a fold without a class has none."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in row.outcomes:
        for name, score in one.classes.items() if one.counts else ():
            found[name].append(score)
    return {
        name: (mean(scores), stdev(scores) if len(scores) > 1 else None, len(scores))
        for name, scores in found.items()
    }
