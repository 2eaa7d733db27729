"""COCO's twelve numbers for boxes and for masks, and the same for each class.

hotcoco matches and counts; the averages are taken here as pycocotools takes them, so that all numbers are equal to the
last bit. Fractions, never percent. Where COCO says -1 (there is no truth of that kind) the value is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.data.mask import Mask, measure
from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_notes import write_notes
from workbench.evaluation.coco.coco_predictions import Columns, read_predictions
from workbench.evaluation.coco.coco_truth import Truth, read_truth
from workbench.evaluation.memory import sparing
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KINDS: Mapping[str, str] = {"box": "bbox", "mask": "segm"}
LIMITS = (1, 10, 100)  # predictions of one image and class that COCO looks at
_AREAS: Mapping[str, int] = {"": 0, "s": 1, "m": 2, "l": 3}


class Scored(NamedTuple):
    """The numbers, as scores/<part>.json holds them, and what a person should know beside them."""

    scores: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Averages:
    """Precision and recall over thresholds, classes, sizes and limits, -1 where there is no truth."""

    precision: "Floats"  # threshold, recall, class, size, limit
    recall: "Floats"  # threshold, class, size, limit
    classes: tuple[int, ...]


@sparing()
def compute_coco_scores(
    truth: Path | Mapping[str, Any] | Truth,
    predictions: Path | Sequence[Mapping[str, Any]] | Columns,
    *,
    kinds: Sequence[str] = (),
    mask_sizes: str = "box",
) -> Scored:
    """Score predictions: {"box": {"AP", …}, "mask": {…}, "per_category": {name: {"box", "mask", "truths", …}}}.

    `kinds` are box and mask; those that truth and predictions have, when left out. pycocotools judges by the box how
    large a predicted mask is, where the file has boxes; `mask_sizes="mask"` counts its pixels, as Detectron2 does.
    """
    right = truth if isinstance(truth, Truth) else read_truth(truth)
    found = read_predictions(predictions, right)
    chosen = choose_kinds(right, found, kinds)
    limits = _find_limits(found)
    averages = _match(right, found, chosen, limits, mask_sizes)
    nothing = 0.0 if not right.sizes else None  # no image at all: an honest zero, with a note
    scores: dict[str, Any] = {kind: _summarize(one, limits, nothing) for kind, one in averages.items()}
    scores["per_category"] = _summarize_classes(right, found, averages)
    return Scored(scores, write_notes(right, found, scores, limits))


def choose_kinds(truth: Truth, found: Columns, kinds: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the kinds that can be scored, or those that were asked for, if they can."""
    chosen = tuple(kinds) or _find_kinds(truth, found)
    _refuse_kinds(truth, found, chosen)
    return chosen


def _find_kinds(truth: Truth, found: Columns) -> tuple[str, ...]:
    masked = truth.masks and (found.masks is not None or (not len(found.table) and truth.raw["annotations"]))
    return ("box", "mask") if masked else ("box",)


def _refuse_kinds(truth: Truth, found: Columns, kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kinds must be of {', '.join(KINDS)}, but got {kind!r}")
    if "mask" not in kinds:
        return
    message = "every row must have a segmentation for mask scores, but not all have; leave mask out"
    if not truth.masks:
        raise DatasetError(truth.source, "annotations", message, "bad-truth")
    _refuse_unknown_sizes(truth)
    if len(found.table) and found.masks is None:
        raise DatasetError("predictions", "", message, "bad-predictions")


def _refuse_unknown_sizes(truth: Truth) -> None:
    for row in truth.raw["annotations"]:
        if isinstance(row["segmentation"], list) and not any(truth.sizes[row["image_id"]]):
            message = (
                "must have height and width for masks of polygons, but has not; add them, or leave mask out"
            )
            raise DatasetError(truth.source, f"image {row['image_id']}", message, "bad-truth")


def _find_limits(found: Columns) -> tuple[int, ...]:
    """COCO's own, and one more where an image has more predictions of a class than that."""
    if not len(found.table):
        return LIMITS
    image, category = (np.unique(found.table[:, column], return_inverse=True)[1] for column in (0, 6))
    most = int(np.bincount(image * (category.max() + 1) + category).max())
    return (*LIMITS, most) if most > LIMITS[-1] else LIMITS


def _match(
    truth: Truth, found: Columns, kinds: Sequence[str], limits: Sequence[int], mask_sizes: str
) -> dict[str, Averages]:
    hotcoco = require("hotcoco", extra="train")
    right, masks = hotcoco.COCO(truth.raw), found.to_rles()
    result: dict[str, Averages] = {}
    plain = None  # predictions whose areas are those of their boxes
    for kind in kinds:
        areas = _find_areas(found, kind, mask_sizes)
        answers = plain if plain and areas is None else right.load_res(found.table, segmentation=masks)
        if areas is None:
            plain = answers
        elif len(areas):
            answers.update_anns(ids=answers.get_ann_ids(), area=areas)
        judge = hotcoco.COCOeval(right, answers, KINDS[kind])
        judge.params.max_dets = list(limits)
        judge.evaluate()
        judge.accumulate()
        result[kind] = Averages(judge.eval["precision"], judge.eval["recall"], tuple(judge.params.cat_ids))
    return result


def _find_areas(found: Columns, kind: str, mask_sizes: str) -> "Floats | None":
    """Return the sizes of masks, where they count and not those of the boxes."""
    masks = found.masks
    if masks is None or found.sizes is None or (found.boxed and (kind, mask_sizes) != ("mask", "mask")):
        return None
    if found.pixels is not None:
        return found.pixels
    sizes: list[tuple[int, int]] = found.sizes.tolist()
    measured = measure([Mask(*size, text) for size, text in zip(sizes, masks, strict=True)])
    return np.array([area for area, _ in measured], dtype=float)


def _summarize(one: Averages, limits: Sequence[int], nothing: float | None) -> dict[str, float | None]:
    """Take the averages that COCO's table shows, in its order."""
    last = LIMITS.index(100)
    values: dict[str, float | None] = {
        "AP": _mean(one.precision[..., 0, last]),
        "AP50": _mean(one.precision[0, ..., 0, last]),
        "AP75": _mean(one.precision[5, ..., 0, last]),
    }
    for letter, size in list(_AREAS.items())[1:]:
        values[f"AP{letter}"] = _mean(one.precision[..., size, last])
    for place, limit in enumerate(LIMITS):
        values[f"AR{limit}"] = _mean(one.recall[..., 0, place])
    for letter, size in list(_AREAS.items())[1:]:
        values[f"AR{letter}"] = _mean(one.recall[..., size, last])
    if len(limits) > len(LIMITS):
        values |= {"AP_all": _mean(one.precision[..., 0, -1]), "AR_all": _mean(one.recall[..., 0, -1])}
    return {key: nothing if value is None else value for key, value in values.items()}


def _mean(values: "Floats") -> float | None:
    there = values[values > -1]
    return float(np.mean(there)) if there.size else None


def _summarize_classes(truth: Truth, found: Columns, averages: Mapping[str, Averages]) -> dict[str, Any]:
    truths: dict[int, int] = dict.fromkeys(truth.names, 0)
    for row in truth.raw["annotations"]:
        truths[row["category_id"]] += not row.get("iscrowd", 0)
    found_ids, found_counts = np.unique(found.table[:, 6].astype(int), return_counts=True)
    predictions = dict(zip(found_ids.tolist(), found_counts.tolist(), strict=True))
    result: dict[str, Any] = {}
    for category, name in truth.names.items():
        values = {kind: _summarize_class(one, category) for kind, one in averages.items()}
        result[name] = {**values, "truths": truths[category], "predictions": predictions.get(category, 0)}
    return result


def _summarize_class(one: Averages, category: int) -> dict[str, float | None]:
    place, last = one.classes.index(category), LIMITS.index(100)
    precision, recall = one.precision[:, :, place], one.recall[:, place]
    return {
        "AP": _mean(precision[..., 0, last]),
        "AP50": _mean(precision[0, ..., 0, last]),
        "AP75": _mean(precision[5, ..., 0, last]),
        "AR100": _mean(recall[..., 0, last]),
    }
