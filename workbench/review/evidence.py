"""What is known of a part that views are made from: its mistakes as they were written, and what is right."""

from collections.abc import Mapping

import numpy as np

from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.memory import sparing
from workbench.evaluation.mistakes.mistake_rows import Rows, write_rows
from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Scene, build_scene
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.run_part import RunPart
from workbench.report.gather import gather
from workbench.report.material import Material
from workbench.review.kinds_of_views import HIT, Evidence, Row


def gather_evidence(found: RunPart) -> tuple[Material, Evidence]:
    """Read what was judged, and match once more to know what is right."""
    material = gather(found.run, found.part, found)
    return material, Evidence(
        mistakes=material.mistakes, hits=find_hits(found, material.mistakes), ranking=material.ranking
    )


@sparing()
def find_hits(found: RunPart, mistakes: Row) -> list[Row]:
    """Predictions of any score that found their truth at IoU 0.5, matched as the mistakes were."""
    kind = mistakes.get("matched_by")
    if kind is None or not found.results.is_file():
        return []
    truth = rasterise(read_truth(found.truth))
    scene = build_scene(truth, read_predictions(found.results, truth))
    matches = match(scene, compute_pairs(scene, kind))
    return list_hits(scene, matches, truth.files)


def list_hits(scene: Scene, matches: Matches, files: Mapping[int, str]) -> list[Row]:
    """The same of what is matched already."""
    right = np.flatnonzero((matches.truth[:, 0] >= 0) & ~matches.ignored[:, 0])
    rows = Rows(
        kind=HIT,
        found=right,
        truth=matches.truth[right, 0].astype(np.int64),
        iou=matches.iou[right],
        notes=("",) * len(right),
    )
    return list(write_rows(scene, files, rows))
