"""How sure the averages of objects are: an interval beside every number that a resample has."""

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.precision import SIZES
from workbench.evaluation.sampling.bootstrap import KEYS, Draws, resample
from workbench.evaluation.threads import map_in_threads

Intervals = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """Objects of one size alone."""

    matches: Matches
    draws: Draws


def resample_sizes(scene: Scene, matches: Matches) -> dict[str, Sized]:
    """Resample each size that there is, by its letter."""

    def look(sizes: tuple[float, float]) -> Sized | None:
        one = match(scene, matches.pairs, sizes=sizes)
        return None if one.unwanted.all() else Sized(matches=one, draws=resample(scene, one))

    found = zip(SIZES, map_in_threads(look, SIZES.values()), strict=True)
    return {letter: sized for letter, sized in found if sized}


def collect_intervals(
    draws: Mapping[str, Draws], sized: Mapping[str, Sized]
) -> tuple[Intervals, dict[str, Intervals]]:
    """Return the intervals over all classes, and of each; `draws` are of several kinds of overlap."""
    overall: Intervals = {}
    classes: dict[str, Intervals] = {}
    for kind, one in draws.items():
        for key in KEYS:
            _put(overall, f"{kind}.{key}", one.interval(key))
            for name in one.categories:
                _put(classes.setdefault(name, {}), f"{kind}.{key}", one.interval(key, name))
    for letter, own in sized.items():
        _put(overall, f"{own.draws.kind}.AP{letter}", own.draws.interval("AP"))
    return overall, classes


def _put(table: Intervals, name: str, interval: tuple[float, float] | None) -> None:
    if interval is not None:
        table[name] = list(interval)
