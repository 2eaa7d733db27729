"""How far the numbers would move with other images: intervals by drawing the images again and again, with repeats.

Nothing is matched twice: a match knows only its own image, so a draw is a weight for each image. Weights times the
hits of each image in each bin of scores give precision and recall of all draws at once. A class of up to 256
predictions has a bin for each, and its draws are what scoring the drawn images would give; more predictions share
bins, and the draws are moved by what that changes in the number itself.

Few images vary less in their own draws than they do in the world: an interval is taken wider by what Student's t says
of so many (the expanded percentiles of Hesterberg 2015, arXiv:1411.5279), and of very few there is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.precision import compute_curves, mean
from workbench.evaluation.sampling.redrawn import Hits, split_classes, trace_draws
from workbench.evaluation.sampling.seen import FEW, count_bursts, find_wanted
from workbench.evaluation.sampling.steps import heap_up
from workbench.evaluation.sampling.student import widen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Weights = NDArray[np.float32]

KEYS = ("AP", "AP50", "AP75", "AR100")
_FEW_IMAGES = 500
_BINS = 256
_FEWER_BINS = 48  # of a class with more predictions than bins


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The four numbers of every draw: row 0 is the mean over classes, then each class. NaN: a draw without truth."""

    kind: str
    categories: tuple[str, ...]
    values: "Mapping[str, Floats]"  # key -> classes + 1 x draws
    centre: "Mapping[str, Floats]"  # key -> classes + 1: of the images as they are
    seen: "Ints"  # classes + 1: images (bursts of them) that have something to find
    paired: bool = False  # differences

    def of(self, key: str, category: str = "") -> "Floats":
        """Return the draws of one number, without those that have no truth of the class."""
        row: Floats = self.values[key][self._find(category)]
        return row[~np.isnan(row)]

    def interval(self, key: str, category: str = "", *, level: float = 0.95) -> tuple[float, float] | None:
        """Return where the number may lie on ever more images, with 95 %; None where there are too few to say.

        AP comes out the higher the fewer images there are: each recall takes the best precision at or behind it. The
        draws show by how much: as they lie above the number, so does the number above that of many images. They are
        moved down by twice that.
        """
        draws, centre = self.of(key, category), float(self.centre[key][self._find(category)])
        seen = int(self.seen[self._find(category)])
        if not draws.size or np.isnan(centre) or seen < FEW:
            return None
        share = widen(level, seen)
        too_high = draws.mean() - centre if key.startswith("AP") else 0.0
        low, high = np.quantile(draws, ((1 - share) / 2, (1 + share) / 2)) - 2 * too_high
        low, high = min(float(low), centre), max(float(high), centre)
        return (low, high) if self.paired else (max(low, 0.0), min(high, 1.0))

    def minus(self, other: "Draws") -> "Draws":
        """Subtract draw by draw: both must be drawn from the same images with the same seed."""
        if self.categories != other.categories or self.values["AP"].shape != other.values["AP"].shape:
            raise ValueError("draws must be of the same classes and of the same number, but are not")
        values = {key: self.values[key] - other.values[key] for key in KEYS}
        centre = {key: self.centre[key] - other.centre[key] for key in KEYS}
        seen = np.minimum(self.seen, other.seen)
        return replace(self, values=values, centre=centre, seen=seen, paired=True)

    def _find(self, category: str) -> int:
        return self.categories.index(category) + 1 if category else 0


def resample(scene: Scene, matches: Matches, *, count: int = 0, seed: int = 0) -> Draws:
    """Draw the images `count` times (0: as often as is worth it) and take the averages of each draw."""
    count = count or choose_count(scene)
    known = _KNOWN.setdefault(scene, {})
    tables = (matches.truth, matches.ignored, matches.unwanted, matches.order)
    key = (matches.kind, count, seed, *(hash(table.tobytes()) for table in tables))
    if key not in known:
        known[key] = _resample(scene, matches, draw_images(scene, count, seed))
    return known[key]


# Slices ask again for what was drawn for the intervals.
_KNOWN: "WeakKeyDictionary[Scene, dict[object, Draws]]" = WeakKeyDictionary()


def _resample(scene: Scene, matches: Matches, weights: "Weights") -> Draws:
    once = np.ones((len(weights), 1), np.float32)
    values = score_draws(scene, matches, np.concatenate([once, weights], axis=1))
    exact = _score(scene, matches)
    moved = {
        key: rows[:, 1:] + np.nan_to_num(exact[key] - rows[:, 0])[:, None] for key, rows in values.items()
    }
    seen = count_bursts(find_wanted(scene, matches), scene.groups)
    return Draws(kind=matches.kind, categories=scene.categories, values=moved, centre=exact, seen=seen)


def choose_count(scene: Scene) -> int:
    """Many draws where they are cheap; it depends on the number of images alone, as pairs of draws need it."""
    return 1000 if len(scene.images) <= _FEW_IMAGES else 200


def draw_images(scene: Scene, count: int, seed: int) -> "Weights":
    """How often each image is in each draw: those of a burst come and go together."""
    groups = scene.groups
    return draw_weights(int(groups.max(initial=-1)) + 1, count, seed)[groups]


@lru_cache(maxsize=2)
def draw_weights(images: int, count: int, seed: int) -> "Weights":
    """How often each image (rows) is in each draw (columns)."""
    generator = np.random.default_rng(seed)
    weights = np.zeros((images, count), np.float32)
    for draw in range(count if images else 0):
        weights[:, draw] = np.bincount(generator.integers(0, images, images), minlength=images)
    weights.setflags(write=False)
    return weights


def _score(scene: Scene, matches: Matches) -> "dict[str, Floats]":
    """The numbers as they are, in the form of draws."""
    curves = compute_curves(scene, matches)
    rows = [(curves.precision, curves.recall)]
    rows += [
        (curves.precision[..., [place]], curves.recall[:, [place]]) for place in range(len(scene.categories))
    ]
    values = [[mean(p), mean(p[0]), mean(p[5]), mean(r[..., -1])] for p, r in rows]
    table = np.array(values, float)  # None becomes NaN
    return dict(zip(KEYS, table.T, strict=True))


def score_draws(scene: Scene, matches: Matches, weights: "Weights") -> "dict[str, Floats]":
    """Score weighted images (images x draws): each key has a row for the mean over classes, then one a class."""
    classes, sides = len(scene.categories), np.ascontiguousarray(weights.T)
    truths = _count_truths(scene, matches, sides)
    result = np.full((len(KEYS), classes + 1, len(sides)), np.nan)
    result[:, 1:][:, truths > 0] = 0
    for group, hits in _collect_hits(scene, matches):
        result[:, group + 1] = trace_draws(hits, truths[group], sides)
    result[:, 0] = _average_classes(result[:, 1:])
    return dict(zip(KEYS, result, strict=True))


def _count_truths(scene: Scene, matches: Matches, sides: "Weights") -> "Weights":
    """How many objects of each class (rows) each draw (columns) has."""
    wanted, classes = ~matches.unwanted, len(scene.categories)
    heaps = heap_up(scene.truths.category[wanted], scene.truths.image[wanted], classes)
    result = np.zeros((classes, len(sides)), np.float32)
    result[heaps.cells] = heaps.add(sides)
    return result


def _average_classes(values: "Floats") -> "Floats":
    there = ~np.isnan(values)
    total, count = np.where(there, values, 0).sum(1), there.sum(1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _collect_hits(scene: Scene, matches: Matches) -> "Iterator[tuple[Ints, Hits]]":
    """Sort the predictions of each class, best first, into bins; classes that need about as many come together."""
    counted = ~matches.ignored
    right = (matches.truth >= 0) & counted
    own = matches.order[counted[matches.order].any(1)]
    category = scene.found.category[own]
    counts = np.bincount(category, minlength=len(scene.categories))
    bins = np.where(counts <= _BINS, counts, _FEWER_BINS)
    place = np.arange(len(own)) - (np.cumsum(counts) - counts)[category]
    bin_ = place * bins[category] // np.maximum(counts, 1)[category]
    for group in split_classes(counts, bins):
        some = np.flatnonzero(np.isin(category, group))
        yield (
            group,
            Hits(
                classes=len(group),
                bins=int(bins[group].max()),
                category=np.searchsorted(group, category[some]),
                bin=bin_[some],
                image=scene.found.image[own[some]],
                right=right[own[some]],
                counted=counted[own[some]],
            ),
        )
