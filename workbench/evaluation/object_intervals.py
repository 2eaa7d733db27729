"""How sure the averages of objects are: an interval beside every number that a resample has."""

from collections.abc import Mapping

from workbench.evaluation.bootstrap import KEYS, resample
from workbench.evaluation.matching import Matches, match
from workbench.evaluation.objects import Scene
from workbench.evaluation.precision import SIZES

Intervals = dict[str, list[float]]


def find_intervals(scene: Scene, matches: Mapping[str, Matches]) -> tuple[Intervals, dict[str, Intervals]]:
    """Resample the images for each kind of overlap; return intervals over all classes, and of each."""
    overall: Intervals = {}
    classes: dict[str, Intervals] = {name: {} for name in scene.categories}
    for kind, one in matches.items():
        draws = resample(scene, one)
        for key in KEYS:
            _put(overall, f"{kind}.{key}", draws.interval(key))
            for name, table in classes.items():
                _put(table, f"{kind}.{key}", draws.interval(key, name))
        for letter, sizes in SIZES.items():
            sized = resample(scene, match(scene, one.pairs, sizes=sizes))
            _put(overall, f"{kind}.AP{letter}", sized.interval("AP"))
    return overall, classes


def _put(table: Intervals, name: str, interval: tuple[float, float] | None) -> None:
    if interval is not None:
        table[name] = list(interval)
