"""What one kind of overlap tells at IoU 0.5: curves, thresholds, confusion, calibration, and what errors cost."""

from collections.abc import Mapping
from typing import Any

from workbench.evaluation.mistakes.findings import Findings
from workbench.evaluation.one_iou.calibration import compute_calibration
from workbench.evaluation.one_iou.confusion import IOU, count_confusion
from workbench.evaluation.one_iou.curves import compute_curves, find_best_scores, measure_at

Document = dict[str, Any]


def look_closer(findings: Findings, classes: Mapping[str, Mapping[str, Any]]) -> Document:
    """Return the keys that go by one threshold, `classes` with theirs among them."""
    ranked, names = findings.ranked, findings.scene.categories
    calibration, curves = compute_calibration(ranked, names), compute_curves(ranked, names)
    points = zip(names, find_best_scores(ranked), measure_at(ranked, findings.score), strict=True)
    rows = {
        name: {**classes[name], "best": best, "at": at, "ECE": calibration.classes[name]}
        for name, best, at in points
    }
    least = 0.0 if findings.score is None else findings.score
    return {
        "per_category": rows,
        "matched_by": findings.matches.kind,
        "iou": IOU,
        "score": findings.score,
        "curves": {**curves.classes, "all": curves.mean},
        "calibration": calibration.overall,
        "confusion": count_confusion(findings.scene, findings.matches.pairs, least),
        "errors": _describe_errors(findings),
    }


def _describe_errors(findings: Findings) -> Document:
    """What mending each kind would bring: AP50 for all, AP as well for those of masks, most of which cost no AP50."""
    gains = {kind: {"AP": gain} for kind, gain in findings.gains.items()}
    kinds = {
        kind: {"count": count, "cost": findings.costs[kind], **gains.get(kind, {})}
        for kind, count in findings.counts.items()
    }
    return {"AP50": findings.errors.base, "kinds": kinds}
