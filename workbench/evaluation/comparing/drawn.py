"""Every number of a run, and what it would be with other images: the same draws for all runs of the same images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.comparing.compare import Measure, Sample
from workbench.evaluation.comparing.judged import Judged
from workbench.evaluation.image_scores import ImageScores, score_objects, score_pixels, score_segments
from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.pairs import Pairs, compute_mask_pairs, compute_pairs
from workbench.evaluation.overlap.precision import SIZES, compute_curves, summarize
from workbench.evaluation.sampling.bootstrap import draw_weights, score_draws
from workbench.evaluation.sampling.picture_draws import Table, draw_pixels, draw_segments
from workbench.evaluation.sampling.seen import count_bursts, find_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Weights = NDArray[np.float32]

DRAWS, FEWER_DRAWS, MANY_IMAGES = 1000, 300, 1000

Found = Iterator[tuple[Measure, Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Every number of a run in every draw, and how good the run is on each image, by each family."""

    samples: Mapping[Measure, Sample]
    images: Mapping[str, ImageScores]
    draws: int
    bursts: int


def draw(judged: Judged, *, bursts: Sequence[int] | None = None, seed: int = 0) -> Drawn:
    """Draw the images of a run again and again, bursts as a whole; equal seeds and bursts draw equal images."""
    groups = np.array(judged.val.number_bursts() if bursts is None else bursts, np.int64)
    total = int(groups.max(initial=-1)) + 1
    count = DRAWS if len(groups) <= MANY_IMAGES else FEWER_DRAWS
    once = np.ones((len(groups), 1), np.float32)
    weights = np.concatenate([once, draw_weights(total, count, seed)[groups]], axis=1)
    samples: dict[Measure, Sample] = {}
    images: dict[str, ImageScores] = {}
    if judged.segments is not None:
        there = judged.segments.counts[..., [0, 2]].sum(2) > 0
        table = draw_segments(judged.segments, weights)
        samples |= _take_table("panoptic", table, count_bursts(there, groups).tolist(), judged.segments.names)
        images["panoptic"] = score_segments(judged.segments)
    if judged.scene is not None:
        for pairs in _compare(judged.scene):
            matches = match(judged.scene, pairs)
            samples |= _draw_objects(judged.scene, matches, weights, groups)
            images[pairs.kind] = score_objects(judged.scene, matches)
    if judged.pixels is not None:
        there = judged.pixels.counts[..., 1] > 0
        table = draw_pixels(judged.pixels, weights)
        samples |= _take_table("semantic", table, count_bursts(there, groups).tolist(), judged.pixels.names)
        images["semantic"] = score_pixels(judged.pixels)
    return Drawn(samples=samples, images=images, draws=count, bursts=total)


def _compare(scene: Scene) -> tuple[Pairs, ...]:
    """By mask, boundary and box; by box alone where there are no masks."""
    if scene.truths.masks is not None and not len(scene.found):  # who finds nothing finds no masks either
        scene = replace(scene, found=replace(scene.found, masks=(), sizes=np.zeros((0, 2), np.int64)))
    masked = scene.truths.masks is not None and scene.found.masks is not None
    return (*(compute_mask_pairs(scene) if masked else ()), compute_pairs(scene, "box"))


def _draw_objects(scene: Scene, matches: Matches, weights: "Weights", groups: "Ints") -> Found:
    kind, seen = matches.kind, count_bursts(find_wanted(scene, matches), groups).tolist()
    curves = compute_curves(scene, matches)
    for key, table in score_draws(scene, matches, weights).items():
        for row, category in enumerate(("", *scene.categories)):
            own = slice(None) if not row else [row - 1]
            exact = summarize(curves.precision[..., own], curves.recall[:, own])[key]
            yield Measure(kind, key, category), _take(table[row], seen[row], exact)
    for letter, sizes in SIZES.items() if kind != "boundary" else ():
        one = match(scene, matches.pairs, sizes=sizes)
        exact = summarize(*_trace(scene, one))["AP"]
        drawn = score_draws(scene, one, weights)["AP"][0]
        yield (
            Measure(kind, f"AP{letter}"),
            _take(drawn, int(count_bursts(find_wanted(scene, one), groups)[0]), exact),
        )


def _trace(scene: Scene, matches: Matches) -> tuple["Floats", "Floats"]:
    curves = compute_curves(scene, matches)
    return curves.precision, curves.recall


def _take(draws: "Floats", seen: int, exact: float | None) -> Sample:
    """The first draw is of the images as they are; what shared bins move it by, all draws are moved by."""
    if exact is None:
        return Sample(None, draws[1:], seen)
    return Sample(exact, draws[1:] + (exact - draws[0]), seen)


def _take_table(family: str, table: Table, seen: Sequence[int], names: Sequence[str]) -> Found:
    for key, values in table.overall.items():
        yield Measure(family, key), _split(values, seen[0])
    for key, columns in table.classes.items():
        for place, name in enumerate(names):
            yield Measure(family, key, name), _split(columns[:, place], seen[place + 1])


def _split(draws: "Floats", seen: int) -> Sample:
    return Sample(None if np.isnan(draws[0]) else float(draws[0]), draws[1:], seen)
