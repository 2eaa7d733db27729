"""Every number of a run, and what it would be with other images: the same draws for all runs of the same images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.bootstrap import Draws, draw_weights, resample
from workbench.evaluation.compare import Measure, Sample
from workbench.evaluation.image_scores import ImageScores, score_objects, score_pixels, score_segments
from workbench.evaluation.judged import Judged
from workbench.evaluation.matching import Matches, match
from workbench.evaluation.objects import Scene
from workbench.evaluation.pairs import Pairs, compute_mask_pairs, compute_pairs
from workbench.evaluation.picture_draws import Table, draw_pixels, draw_segments
from workbench.evaluation.precision import SIZES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

DRAWS, FEWER_DRAWS, MANY_IMAGES = 1000, 300, 1000

Found = Iterator[tuple[Measure, Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Every number of a run in every draw, and how good the run is on each image, by each family."""

    samples: Mapping[Measure, Sample]
    images: Mapping[str, ImageScores]
    draws: int


def draw(judged: Judged, *, seed: int = 0) -> Drawn:
    """Draw the images of a run again and again; equal seeds draw equal images."""
    samples: dict[Measure, Sample] = {}
    images: dict[str, ImageScores] = {}
    total = len(judged.val.images)
    count = DRAWS if total <= MANY_IMAGES else FEWER_DRAWS
    weights, ones = draw_weights(total, count, seed).astype(float), np.ones((total, 1))
    if judged.segments is not None:
        whole, drawn = (draw_segments(judged.segments, each) for each in (ones, weights))
        there = judged.segments.counts[..., [0, 2]].sum(2) > 0
        samples |= _take_tables("panoptic", whole, drawn, there, judged.segments.names)
        images["panoptic"] = score_segments(judged.segments)
    if judged.scene is not None:
        for pairs in _compare(judged.scene):
            matches = match(judged.scene, pairs)
            samples |= _draw_objects(judged.scene, matches, count, seed)
            images[pairs.kind] = score_objects(judged.scene, matches)
    if judged.pixels is not None:
        whole, drawn = (draw_pixels(judged.pixels, each) for each in (ones, weights))
        there = judged.pixels.counts[..., 1] > 0
        samples |= _take_tables("semantic", whole, drawn, there, judged.pixels.names)
        images["semantic"] = score_pixels(judged.pixels)
    return Drawn(samples=samples, images=images, draws=count)


def _compare(scene: Scene) -> tuple[Pairs, ...]:
    """By mask, boundary and box; by box alone where there are no masks."""
    masked = scene.truths.masks is not None and scene.found.masks is not None
    return (*(compute_mask_pairs(scene) if masked else ()), compute_pairs(scene, "box"))


def _draw_objects(scene: Scene, matches: Matches, count: int, seed: int) -> Found:
    draws, seen = resample(scene, matches, count=count, seed=seed), _count_seen(scene, matches)
    for key in draws.values:
        for row, category in enumerate(("", *draws.categories)):
            yield Measure(draws.kind, key, category), _take(draws, key, row, int(seen[row]))
    for letter, sizes in SIZES.items() if draws.kind != "boundary" else ():
        own = match(scene, matches.pairs, sizes=sizes)
        drawn = resample(scene, own, count=count, seed=seed)
        yield Measure(draws.kind, f"AP{letter}"), _take(drawn, "AP", 0, int(_count_seen(scene, own)[0]))


def _count_seen(scene: Scene, matches: Matches) -> "Ints":
    """In how many images there is something to find: of any class first, then of each."""
    wanted = np.flatnonzero(~matches.unwanted)
    there = np.zeros((len(scene.images), len(scene.categories)), bool)
    there[scene.truths.image[wanted], scene.truths.category[wanted]] = True
    return np.concatenate([[there.any(1).sum()], there.sum(0)])


def _take(draws: Draws, key: str, row: int, seen: int) -> Sample:
    return Sample(_to_value(draws.centre[key][row]), draws.values[key][row], seen)


def _to_value(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _take_tables(family: str, whole: Table, drawn: Table, there: "Bools", names: Sequence[str]) -> Found:
    """`there` says which classes the truth of each image has."""
    for key, values in drawn.overall.items():
        yield Measure(family, key), Sample(_to_value(whole.overall[key][0]), values, len(there))
    seen = there.sum(0).tolist()
    for key, table in drawn.classes.items():
        for place, name in enumerate(names):
            value = _to_value(whole.classes[key][0, place])
            yield Measure(family, key, name), Sample(value, table[:, place], seen[place])
