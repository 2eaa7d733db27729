"""What each key does: how much of the differences between trainings goes with it, and how good each value is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from workbench.sweeps.outcome import Outcome

BINS, IN_BIN = (
    4,
    3,
)  # numbers of a search are put together, so many ranges at most, with so many trainings at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The trainings with one value of a key, or with values of one range."""

    name: str
    mean: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One key; `share` is None where there are too few trainings to tell."""

    key: str
    share: float | None
    slices: tuple[Slice, ...]


def measure_effects(outcomes: Sequence[Outcome]) -> tuple[Effect, ...]:
    """Return the effect of each key that has several values, the largest first."""
    known = [one for one in outcomes if one.counts]
    scores = remove_folds(known)
    keys = dict.fromkeys(key for one in known for key in one.values)
    found = [
        _measure(key, [one.values[key] for one in known], scores)
        for key in keys
        if len({one.values.get(key) for one in known}) > 1 and all(key in one.values for one in known)
    ]
    return tuple(sorted(found, key=lambda effect: -(effect.share if effect.share is not None else -1)))


def remove_folds(outcomes: Sequence[Outcome]) -> list[float]:
    """Return the scores as they would be if all folds were equally hard."""
    every = [one.score or 0.0 for one in outcomes]
    folds: defaultdict[int | None, list[float]] = defaultdict(list)
    for one, score in zip(outcomes, every, strict=True):
        folds[one.fold].append(score)
    middle = mean(every) if every else 0.0
    return [
        score - mean(folds[one.fold]) + middle if one.fold is not None else score
        for one, score in zip(outcomes, every, strict=True)
    ]


def _measure(key: str, values: Sequence[str], scores: Sequence[float]) -> Effect:
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for name, score in zip(put_together(values), scores, strict=True):
        groups[name].append(score)
    slices = (Slice(name=name, mean=mean(its), count=len(its)) for name, its in groups.items())
    return Effect(key=key, share=explain(groups), slices=tuple(slices))


def explain(groups: Mapping[str, Sequence[float]]) -> float | None:
    """Return the share of the variance that the groups explain, less what chance would (epsilon squared)."""
    every = [score for its in groups.values() for score in its]
    within_free, free = len(every) - len(groups), len(every) - 1
    if within_free < 2 or len(groups) < 2:
        return None
    middle = mean(every)
    total = sum((score - middle) ** 2 for score in every)
    within = sum((score - mean(its)) ** 2 for its in groups.values() for score in its)
    return max(0.0, 1 - (within / within_free) / (total / free)) if total else 0.0


def put_together(values: Sequence[str]) -> list[str]:
    """Name the group of each value: itself where values come again, else a range of numbers that lie together."""
    numbers = [read_number(value) for value in values]
    order = sorted({number for number in numbers if number is not None})
    bins = min(BINS, len(values) // IN_BIN)
    if None in numbers or len(order) <= BINS or bins < 2:
        return list(values)
    edges = [order[len(order) * place // bins] for place in range(bins)]
    names = [_name(order, edges, place) for place in range(bins)]
    return [names[sum(number >= edge for edge in edges) - 1] for number in numbers if number is not None]


def _name(order: Sequence[float], edges: Sequence[float], place: int) -> str:
    last = edges[place + 1] if place + 1 < len(edges) else float("inf")
    inside = [number for number in order if edges[place] <= number < last]
    return f"{inside[0]:g} to {inside[-1]:g}" if len(inside) > 1 else f"{inside[0]:g}"


def read_number(text: str) -> float | None:
    """A value as a number, None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
