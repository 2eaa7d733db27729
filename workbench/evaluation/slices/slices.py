"""The same average for some of the images at a time, or some of the objects: where is it weak?

A slice differs clearly when its difference from all other images stays on one side of 0 in 95 of 100 cases, where as
many slices as there are were looked at (Bonferroni): among twenty that do not differ one would seem to.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.sampling.bootstrap import Draws, draw_images, score_draws
from workbench.evaluation.sampling.object_intervals import Sized
from workbench.evaluation.sampling.seen import count_bursts, find_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

DRAWS, MANY_IMAGES = 200, 500
FEWEST_IMAGES, FEWEST_TRUTHS = 5, 10  # below which no difference is believed
LEAST = 0.02  # a difference that anybody would act upon
MOST_WORDS = 12  # values of a column of words that have a slice of their own
SIZE_NAMES = {"s": "small (below 32²)", "m": "medium", "l": "large (96² and more)"}


class Grouping(NamedTuple):
    """Images sorted by one thing; an image may be in no group."""

    by: str
    groups: Mapping[str, "Bools"]  # what it is called -> which images


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One group and its number."""

    by: str
    value: str
    images: int
    truths: int
    score: float | None
    interval: tuple[float, float] | None
    away: float | None = None  # from everything else
    clear: bool = False

    def to_json(self) -> dict[str, Any]:
        """As scores/<part>.json has it."""
        interval = None if self.interval is None else list(self.interval)
        counts = {"images": self.images, "truths": self.truths}
        number = {"AP": self.score, "interval": interval, "difference": self.away, "clear": self.clear}
        return {"by": self.by, "value": self.value, **counts, **number}


def group_crowding(scene: Scene) -> Grouping | None:
    """Sort images by how many objects they have; those without any have no AP."""
    counts = _count_truths(scene)
    return group_numbers("objects per image", np.where(counts > 0, counts, np.nan))


def group_numbers(by: str, values: "Floats", names: Sequence[str] = ()) -> Grouping | None:
    """Sort images into thirds by a number (NaN: it has none); few different numbers are a group each."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) < 2:
        return None
    if len(known) <= 3:
        return Grouping(by, {f"{number:g}": values == number for number in known.tolist()})
    low, high = np.quantile(values[~np.isnan(values)], (1 / 3, 2 / 3), method="lower").tolist()
    above_low, above_high = (known[known > end] for end in (low, high))
    ends = [f"up to {_show(low)}", _range(above_low[0], high), f"{_show((*above_high, high)[0])} and more"]
    titles = [f"{name} ({end})" for name, end in zip(names, ends, strict=True)] if names else ends
    masks = (values <= low, (values > low) & (values <= high), values > high)
    groups = {title: mask for title, mask in zip(titles, masks, strict=True) if mask.any()}
    return Grouping(by, groups) if len(groups) > 1 else None


def group_words(by: str, words: Sequence[str]) -> Grouping | None:
    """Sort images by a word ("": it has none); rare ones are put together. Nothing where nearly each differs."""
    counts = Counter(word for word in words if word)
    if len(counts) < 2 or len(counts) > max(2 * MOST_WORDS, len(words) // 2):
        return None
    kept = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:MOST_WORDS]
    column = np.array(words, dtype=object)
    groups = {word: column == word for word in kept}
    rest = np.array([word not in groups and word != "" for word in words], bool)
    return Grouping(by, {**groups, **({f"others ({len(counts) - len(kept)})": rest} if rest.any() else {})})


def _show(number: float) -> str:
    return f"{number:.0f}" if number == round(number) or abs(number) >= 100 else f"{number:.3g}"


def _range(low: float, high: float) -> str:
    return _show(low) if low >= high else f"{_show(low)} to {_show(high)}"


def _count_truths(scene: Scene) -> "Floats":
    counted = scene.truths.image[~scene.truths.crowd]
    return np.bincount(counted, minlength=len(scene.images)).astype(float)


def slice_images(scene: Scene, matches: Matches, groupings: Sequence[Grouping]) -> list[Slice]:
    """Compare each group of images with all other images."""
    count = DRAWS if len(scene.images) <= MANY_IMAGES else DRAWS // 2
    weights = draw_images(scene, count, 0)
    whole = np.concatenate([np.ones((len(weights), 1), np.float32), weights], axis=1)
    truths = _count_truths(scene)
    found = []
    for grouping in groupings:
        for value, mask in grouping.groups.items():
            inside, outside = (_to_draws(scene, matches, whole * side[:, None]) for side in (mask, ~mask))
            counts = (int(mask.sum()), int(truths[mask].sum()))
            found.append(_describe(grouping.by, value, counts, inside, outside))
    return _judge(found)


def _to_draws(scene: Scene, matches: Matches, weights: "NDArray[np.float32]") -> Draws:
    """The first column has each image once: the number itself."""
    values = score_draws(scene, matches, weights)
    return Draws(
        kind=matches.kind,
        categories=scene.categories,
        values={key: table[:, 1:] for key, table in values.items()},
        centre={key: table[:, 0] for key, table in values.items()},
        seen=count_bursts(find_wanted(scene, matches) & (weights[:, :1] > 0), scene.groups),
    )


def slice_sizes(scene: Scene, sized: Mapping[str, Sized]) -> list[Slice]:
    """Compare each size with the mean of the others: false alarms of other sizes cost none of them."""
    found = []
    for letter, one in sized.items() if len(sized) > 1 else ():
        images = scene.truths.image[~one.matches.unwanted]
        others = _average([sized[other].draws for other in sized if other != letter])
        counts = (len(np.unique(images)), len(images))
        found.append(_describe("object size", SIZE_NAMES[letter], counts, one.draws, others))
    return _judge(found)


def _average(several: Sequence[Draws]) -> Draws:
    """Draw by draw; what one of them lacks, the mean has not either."""
    values = {key: np.mean([one.values[key] for one in several], axis=0) for key in several[0].values}
    centre = {key: np.mean([one.centre[key] for one in several], axis=0) for key in several[0].centre}
    seen = np.min([one.seen for one in several], axis=0)
    return replace(several[0], values=values, centre=centre, seen=seen)


def slice_classes(scene: Scene, draws: Draws) -> list[Slice]:
    """The same numbers as those of the classes, side by side with the other slices."""
    rows = []
    for place, name in enumerate(scene.categories if len(scene.categories) > 1 else ()):
        images = scene.truths.image[~scene.truths.crowd & (scene.truths.category == place)]
        if len(images):
            score, interval = _to_value(draws.centre["AP"][place + 1]), draws.interval("AP", name)
            rows.append(
                Slice(
                    by="class",
                    value=name,
                    images=len(np.unique(images)),
                    truths=len(images),
                    score=score,
                    interval=interval,
                )
            )
    return rows


def _describe(
    by: str, value: str, counts: tuple[int, int], inside: Draws, outside: Draws
) -> tuple[Slice, Draws]:
    difference = inside.minus(outside)
    images, truths = counts
    away = _to_value(difference.centre["AP"][0])
    score = _to_value(inside.centre["AP"][0])
    one = Slice(
        by=by,
        value=value,
        images=images,
        truths=truths,
        score=score,
        interval=inside.interval("AP"),
        away=away,
    )
    return one, difference


def _judge(found: Sequence[tuple[Slice, Draws]]) -> list[Slice]:
    """Say which differ clearly, given how many were looked at."""
    believed = [one.images >= FEWEST_IMAGES and one.truths >= FEWEST_TRUTHS for one, _ in found]
    limit = NormalDist().inv_cdf(1 - 0.025 / max(1, sum(believed)))
    return [
        replace(one, clear=fit and _is_clear(draws, limit))
        for (one, draws), fit in zip(found, believed, strict=True)
    ]


def _is_clear(draws: Draws, limit: float) -> bool:
    """Further from 0 than chance would take it, after AP's liking for few images is taken off twice."""
    values, centre = draws.of("AP"), float(draws.centre["AP"][0])
    if len(values) < 2 or np.isnan(centre) or abs(centre) < LEAST:
        return False
    corrected = centre - (values.mean() - centre)
    return bool(min(abs(centre), abs(corrected)) > limit * values.std() and centre * corrected > 0)


def _to_value(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
