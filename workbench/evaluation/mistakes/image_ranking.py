"""Images from the worst to the best, by the number that `compare` has for each image, too."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.evaluation.image_scores import score_objects
from workbench.evaluation.mistakes.findings import Findings


def rank_images(findings: Findings, files: Mapping[int, str]) -> list[dict[str, Any]]:
    """Rank by F1 over all thresholds of IoU; of equal images the one with more that is wrong or missed is worse."""
    scene = findings.scene
    scores = score_objects(scene, findings.matches)
    nothing = np.zeros(len(scene.images))
    right, wrong, missed = (
        nothing if column is None else column for column in (scores.found, scores.false, scores.missed)
    )
    order = np.lexsort((-(wrong + missed), scores.score))
    columns = {
        "image_id": [scene.images[place] for place in order.tolist()],
        "image": [files.get(scene.images[place], "") for place in order.tolist()],
        "value": scores.score[order].round(6).tolist(),
        "truths": (right + missed)[order].astype(int).tolist(),
        "right": right[order].astype(int).tolist(),
        "wrong": wrong[order].astype(int).tolist(),
        "missed": missed[order].astype(int).tolist(),
    }
    names = tuple(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
