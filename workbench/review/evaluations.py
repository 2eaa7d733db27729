"""Our matches as an evaluation of FiftyOne's own: its Model Evaluation panel and its patches read them as theirs.

Nothing is matched here: what `workbench evaluate` found is handed over, precision at 101 recalls included, so that
`load_evaluation_results(key).mAP()` is the AP that it tells.
"""

from typing import Any

import numpy as np

from workbench.evaluation.overlap.matching import THRESHOLDS
from workbench.evaluation.overlap.precision import RECALLS
from workbench.review.fields import PART, TRUTH, name_evaluation
from workbench.review.fill import Filled
from workbench.review.judged import Judged
from workbench.review.mark import Book


def register(book: Book, field: str, part: str, judged: Judged, filled: Filled) -> None:
    """Tell FiftyOne of an evaluation of a part, in place of an earlier one of the same run."""
    samples = book.dataset.match(book.fo.ViewField(PART) == part)
    coco = book.database.load("utils.eval.coco")
    key = name_evaluation(field)
    config = coco.COCOEvaluationConfig(
        field,
        TRUTH,
        iou=float(THRESHOLDS[0]),
        classwise=True,
        iscrowd="iscrowd",
        use_masks=judged.matches.kind == "mask",
        compute_mAP=True,
        max_preds=100,
    )
    method = config.build()
    method.register_run(samples, key, overwrite=True, cleanup=False)
    there = [
        place
        for place, _ in enumerate(judged.scene.categories)
        if (judged.curves.recall[0, place] >= 0).all()
    ]
    results = coco.COCODetectionResults(
        samples,
        config,
        key,
        list_matches(judged, filled),
        np.swapaxes(judged.curves.precision, 1, 2)[:, there],
        RECALLS,
        THRESHOLDS,
        [judged.scene.categories[place] for place in there],
        recall_sweep=judged.curves.recall[:, there, 2],
        thresholds=None,
        missing="(none)",
        backend=method,
    )
    method.save_run_results(samples, key, results, overwrite=True)


def list_matches(judged: Judged, filled: Filled) -> list[tuple[Any, ...]]:
    """Pairs at IoU 0.5 with what was left over on both sides: labels, IoU, score, ids."""
    scene, names = judged.scene, judged.scene.categories
    truths, found = scene.truths.category.tolist(), scene.found.category.tolist()
    scores = scene.found.score.tolist()
    rows: list[tuple[Any, ...]] = []
    for place, said in enumerate(judged.found):
        own = names[found[place]], scores[place], str(filled.found[place])
        if said.outcome == "tp":
            partner = said.partner
            rows.append(
                (names[truths[partner]], own[0], said.iou, own[1], str(filled.truths[partner]), own[2])
            )
        elif said.outcome == "fp":
            rows.append((None, own[0], None, own[1], None, own[2]))
    rows += [
        (names[truths[place]], None, None, None, str(filled.truths[place]), None)
        for place, said in enumerate(judged.truths)
        if said.outcome == "fn"
    ]
    return rows
