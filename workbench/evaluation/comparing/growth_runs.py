"""Runs on growing data as points of a curve: what each was trained on, what it reached, and how both are joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.manifest import Manifest
from workbench.evaluation.comparing.compare import Measure, Sample
from workbench.evaluation.comparing.growth import Growth, Point
from workbench.evaluation.comparing.growth_fit import fit_growth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What a run was trained on: objects of each class (images, where a class is stuff) and of all things, as ""."""

    amounts: Mapping[str, int]
    images: int
    things: frozenset[str] = frozenset()  # what is counted by its objects; all else is counted by its images

    def per_image(self, category: str) -> float:
        """Return how many objects an image brings."""
        return self.amounts.get(category, 0) / max(self.images, 1)

    def name_unit(self, category: str) -> str:
        """Say what is counted of a class, or of all as ""."""
        return "objects" if category in self.things or (self.things and not category) else "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthRow:
    """One curve; `found` says why there is none, where there is none."""

    measure: Measure
    points: tuple[Point, ...]
    found: Growth | str
    per_image: float  # of the last run
    unit: str = "objects"  # or images


def count_labelled(manifest: Manifest, task: str) -> Labelled:
    """Count what there is to learn from."""
    part: Mapping[str, Any] = manifest.counts.get("parts", {}).get(TRAIN, {})
    rows: Mapping[str, Any] = part.get("classes", {})
    things = {category.name for category in manifest.categories if category.thing and task != "semantic"}
    images = int(part.get("images", 0))
    amounts = {name: row["instances"] if name in things else row["images"] for name, row in rows.items()}
    if manifest.unlabelled:
        amounts[manifest.unlabelled] = images  # what nobody labelled is in every image
    objects = sum(amount for name, amount in amounts.items() if name in things)
    return Labelled(
        amounts={**amounts, "": objects if things else images}, images=images, things=frozenset(things)
    )


def collect_growth(
    labelled: Sequence[Labelled],
    samples: Sequence[Mapping[Measure, Sample]],
    headline: Measure,
    *,
    paired: bool = True,
) -> list[GrowthRow]:
    """Fit a curve for all classes together and for each; `headline` is the overall number."""
    family, key, _ = headline
    own = {"mIoU": "IoU"}.get(key, key)
    classes = [measure for measure in samples[0] if measure[:2] == (family, own) and measure.category]
    rows = []
    for measure in (headline, *classes):
        there = [table.get(measure) for table in samples]
        known = [sample for sample in there if sample is not None and sample.value is not None]
        if len(known) == len(samples) and all(measure.category in one.amounts for one in labelled):
            rows.append(_fit(measure, labelled, known, paired=paired))
    return rows


def _fit(
    measure: Measure, labelled: Sequence[Labelled], samples: Sequence[Sample], *, paired: bool
) -> GrowthRow:
    points = tuple(
        Point(labelled=float(one.amounts[measure.category]), score=float(sample.value or 0))
        for one, sample in zip(labelled, samples, strict=True)
    )
    return GrowthRow(
        measure=measure,
        points=points,
        found=fit_growth(points, find_spread([sample.draws for sample in samples], paired=paired)),
        per_image=labelled[-1].per_image(measure.category),
        unit=labelled[-1].name_unit(measure.category),
    )


def find_spread(draws: "Sequence[Floats]", *, paired: bool = True) -> "Floats":
    """Return how far scores move with the images, and how much of it together."""
    table = np.stack(list(draws))
    whole = table[:, ~np.isnan(table).any(0)]
    if whole.shape[1] < 2:
        return np.full((len(table), len(table)), np.inf)
    spread: Floats = np.cov(whole).reshape(len(table), len(table))
    return spread if paired else np.diag(np.diag(spread))
