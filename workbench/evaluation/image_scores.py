"""How good a run is on each image.

Objects: F1 of what the run is sure enough of, the mean over COCO's ten thresholds of IoU. Sure enough is the score at
which the run is best over all images, since scores of two models do not mean the same. Segments: PQ of all segments of
the image. Pixels: the mean IoU of the classes that are there. Nothing to find and nothing found is 1.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.one_iou.curves import find_shared_score
from workbench.evaluation.one_iou.ranking import rank
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.sampling.picture_draws import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageScores:
    """Columns with a row an image; counts are at IoU 0.5, None for pixels."""

    score: "Floats"
    found: "Floats | None" = None
    missed: "Floats | None" = None
    false: "Floats | None" = None
    sure: float | None = None  # the score from which predictions count


def score_objects(scene: Scene, matches: Matches) -> ImageScores:
    """Score each image by its objects."""
    least = find_shared_score(rank(scene, matches))
    sure = (scene.found.score >= (np.inf if least is None else least)) & matches.considered
    matched = matches.truth >= 0
    hit = matched & ~matches.ignored & sure[:, None]
    false = ~matched & ~matches.ignored & sure[:, None]
    wanted = np.flatnonzero(~matches.unwanted)
    images = len(scene.images)
    truths = np.bincount(scene.truths.image[wanted], minlength=images)
    hits, alarms = (_add_up(flags, scene.found.image, images) for flags in (hit, false))
    sums = hits + alarms + truths[:, None]
    score = np.where(sums > 0, 2 * hits / np.maximum(sums, 1), 1.0).mean(1)
    return ImageScores(
        score=score, found=hits[:, 0], missed=truths - hits[:, 0], false=alarms[:, 0], sure=least
    )


def _add_up(flags: "NDArray[np.bool_]", image: "NDArray[np.int64]", images: int) -> "Floats":
    columns = [np.bincount(image, weights=column, minlength=images) for column in flags.T]
    return np.stack(columns, axis=1)


def score_segments(segments: Segments) -> ImageScores:
    """Score each image by its segments, of all classes together."""
    found, false, missed, overlap = segments.counts.sum(1).T
    sums = found + (false + missed) / 2
    score = np.where(sums > 0, overlap / np.maximum(sums, 0.5), 1.0)
    return ImageScores(score=score, found=found, missed=missed, false=false)


def score_pixels(pixels: Pixels) -> ImageScores:
    """Score each image by its pixels."""
    right, truth, found = np.moveaxis(pixels.counts, 2, 0)
    there = truth > 0
    overlap = np.where(there, right / np.maximum(truth + found - right, 1), 0)
    classes = there.sum(1)
    return ImageScores(score=np.where(classes > 0, overlap.sum(1) / np.maximum(classes, 1), 1.0))
