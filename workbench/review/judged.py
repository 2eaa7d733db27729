"""What is said of each truth and each prediction of a part: matched and judged as `workbench evaluate` does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_scores import choose_kinds
from workbench.evaluation.coco.coco_truth import Truth, read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.mistakes.mistakes import write_mistakes
from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Objects, Scene, build_scene
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.overlap.precision import Curves, compute_curves, mean
from workbench.evaluation.run_part import RunPart
from workbench.review.evidence import list_hits
from workbench.review.fields import HIT, UNSAID
from workbench.review.kinds_of_views import CONFUSED, Evidence, View, list_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one object; `partner` is the place of what it matched at IoU 0.5."""

    outcome: str | None  # tp, fp, fn; None: it does not count (crowds)
    iou: float | None = None
    partner: int = -1
    mistakes: tuple[str, ...] = ()
    note: str = ""
    suspicion: float | None = None
    suspect: str | None = None
    confused: str | None = None  # the class that it should have been
    faint: bool = False

    @property
    def verdict(self) -> str | None:
        """What it is coloured by."""
        if self.mistakes:
            return self.mistakes[0]
        return {"tp": HIT, "fp": UNSAID, "fn": "missed"}.get(self.outcome or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A part with everything that is known of it; `found` says it of each prediction, `truths` of each truth."""

    truth: Truth
    scene: Scene
    matches: Matches
    curves: Curves
    mistakes: Row  # as mistakes/<part>.json
    found: Sequence[Said]
    truths: Sequence[Said]
    views: Sequence[View]  # as every showing of mistakes has them
    values: Mapping[str, float] = field(default_factory=dict)  # image -> mean F1

    @property
    def average(self) -> float | None:
        """The AP that `workbench evaluate` tells, of masks where there are any."""
        return mean(self.curves.precision)


def judge(part: RunPart) -> Judged:
    """Match a run's predictions with the truth, and name every mistake."""
    truth = rasterise(read_truth(part.truth))
    columns = read_predictions(part.results, truth)
    kind = "mask" if "mask" in choose_kinds(truth, columns) else "box"
    scene = build_scene(truth, columns)
    matches = match(scene, compute_pairs(scene, kind))
    mistakes = write_mistakes(gather_findings(scene, matches), part.part, truth.files)
    hits = list_hits(scene, matches, truth.files)
    views = list_views(Evidence(mistakes=mistakes, hits=hits))
    return Judged(
        truth=truth,
        scene=scene,
        matches=matches,
        curves=compute_curves(scene, matches),
        mistakes=mistakes,
        found=_say_of_found(scene, matches, mistakes, _find_faint(views)),
        truths=_say_of_truths(scene, matches, mistakes),
        views=views,
        values={row["image"]: row["value"] for row in mistakes["images"]},
    )


def _find_faint(views: Sequence[View]) -> set[int]:
    return {row["prediction"] for view in views if view.kinds == (HIT,) for row in view.rows}


def _say_of_found(scene: Scene, matches: Matches, mistakes: Row, faint: set[int]) -> list[Said]:
    rows = _gather(mistakes["mistakes"], "prediction")
    suspects = _gather(mistakes["suspects"], "prediction")
    partner, ignored = matches.truth[:, 0], matches.ignored[:, 0]
    outcomes = np.where(ignored | ~matches.considered, 0, np.where(partner >= 0, 1, 2)).tolist()
    return [
        replace(
            _say((None, "tp", "fp")[outcome], place, iou, rows.get(number, ()), suspects.get(number, ())),
            faint=number in faint,
        )
        for outcome, place, iou, number in zip(
            outcomes, partner.tolist(), matches.iou.tolist(), scene.found.number.tolist(), strict=True
        )
    ]


def _say_of_truths(scene: Scene, matches: Matches, mistakes: Row) -> list[Said]:
    missed = [row for row in mistakes["mistakes"] if row["prediction"] is None]
    rows, suspects = _gather(missed, "truth"), _gather(mistakes["suspects"], "truth")
    partner = matches.found_of[:, 0]
    iou = np.where(partner >= 0, np.append(matches.iou, 0.0)[partner], 0.0)
    outcomes = np.where(matches.unwanted, 0, np.where(partner >= 0, 1, 2)).tolist()
    return [
        _say((None, "tp", "fn")[outcome], place, overlap, rows.get(number, ()), suspects.get(number, ()))
        for outcome, place, overlap, number in zip(
            outcomes, partner.tolist(), iou.tolist(), scene.truths.number.tolist(), strict=True
        )
    ]


def _gather(rows: Sequence[Row], key: str) -> dict[int, list[Row]]:
    """Rows by what they are about, in the order of the file."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if row[key] is not None:
            found.setdefault(row[key], []).append(row)
    return found


def _say(outcome: str | None, partner: int, iou: float, rows: Sequence[Row], suspects: Sequence[Row]) -> Said:
    there = partner >= 0 and outcome is not None
    return Said(
        outcome=outcome,
        partner=partner if there else -1,
        iou=iou if there else None,
        mistakes=tuple(dict.fromkeys(row["kind"] for row in rows)),
        note="; ".join(row["note"] for row in (*rows, *suspects) if row["note"]),
        suspicion=suspects[0]["suspicion"] if suspects else None,
        suspect=suspects[0]["kind"] if suspects else None,
        confused=next((row["truth_category"] for row in rows if row["kind"] in CONFUSED), None),
    )


def sort_by_image(objects: Objects, images: int) -> "list[Ints]":
    """Places of the objects of each image, in the order of the file."""
    order = np.argsort(objects.image, kind="stable")
    ends = np.cumsum(np.bincount(objects.image, minlength=images))
    return np.split(order, ends[:-1])
