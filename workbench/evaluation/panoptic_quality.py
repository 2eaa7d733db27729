"""Panoptic quality: PQ = SQ · RQ, over all classes, things and stuff; None where there is nothing to score.

hotcoco matches the segments and refuses pictures that do not fit their json. A class counts where truth or prediction
has it; crowds and what is unknown cost nothing, as in panopticapi.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_scores import Scored
from workbench.evaluation.coco.json_file import read_json
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNTED = ("tp", "fp", "fn", "iou")
_GROUPS: Mapping[str, str] = {"All": "", "Things": "_th", "Stuff": "_st"}


class Segments(NamedTuple):
    """What PQ is made from, image by image."""

    counts: "NDArray[np.float64]"  # image, class, COUNTED
    names: tuple[str, ...]
    things: "NDArray[np.bool_]"


def compute_panoptic_quality(truth: Path, predictions: Path) -> Scored:
    """Score COCO panoptic files; the PNGs of each lie in the folder of its name without ending."""
    right, found = _read(truth), _read(predictions)
    names = {row["id"]: str(row["name"]) for row in right["categories"]}
    if not right["annotations"]:
        zeros = {f"{value}{group}": 0.0 for group in _GROUPS.values() for value in ("PQ", "SQ", "RQ")}
        note = "the truth has no images: nothing was scored, and every value is 0"
        return Scored({"panoptic": zeros, "per_category": {}}, (note,))
    results = _match(truth, predictions, right, found)
    panoptic: dict[str, float | None] = {}
    for group, ending in _GROUPS.items():
        for value in ("pq", "sq", "rq"):
            panoptic[value.upper() + ending] = _number(results[group], value)
    rows = {name: _class(results["per_class"].get(category, {})) for category, name in names.items()}
    missing = [name for name, row in rows.items() if row["panoptic"]["PQ"] is None]
    notes = [f"{name}: neither truth nor predictions have it, so it has no PQ" for name in missing]
    if not any(row["segments_info"] for row in found["annotations"]):
        notes.append("there are no predicted segments: every value is 0")
    return Scored({"panoptic": panoptic, "per_category": rows}, tuple(notes))


def _read(path: Path) -> dict[str, Any]:
    raw = read_json(path)
    if not isinstance(raw, dict) or not isinstance(raw.get("annotations"), list) or "categories" not in raw:
        message = "must be COCO panoptic with annotations and categories, but is not; write it again"
        raise DatasetError(path, "", message, "bad-panoptic")
    return raw


def _match(truth: Path, predictions: Path, right: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    folders = [path.with_suffix("") for path in (truth, predictions)]
    panoptic = require("hotcoco.panoptic", extra="train")
    if not found["annotations"]:
        raise DatasetError(
            predictions,
            "annotations",
            "must have a row for each image, but has none; predict again",
            "bad-panoptic",
        )
    try:
        judge = panoptic.PanopticEval(right, found, gt_folder=folders[0], pred_folder=folders[1])
        judge.evaluate()
    except (ValueError, OSError) as error:
        raise DatasetError(
            predictions, "", f"must fit its PNGs, but {error}; predict again", "bad-panoptic"
        ) from error
    results: dict[str, Any] = judge.results()
    return results


def count_segments(truth: Path, predictions: Path) -> Segments:
    """Count the segments of each image on its own: what is found, false and missed, and how much overlaps."""
    right, found = _read(truth), _read(predictions)
    rows = [table["annotations"] for table in (right, found)]
    answers = {row["image_id"]: row for row in rows[1]}
    images = {row["id"]: row for row in right["images"]}
    categories = [row["id"] for row in right["categories"]]
    counts = np.zeros((len(rows[0]), len(categories), len(COUNTED)))
    for place, row in enumerate(rows[0]):
        image = {"images": [images[row["image_id"]]], "categories": right["categories"]}
        pair = ({**image, "annotations": [one]} for one in (row, answers[row["image_id"]]))
        classes = _match(truth, predictions, *pair)["per_class"]
        counts[place] = [[classes[category][key] for key in COUNTED] for category in categories]
    return Segments(
        counts=counts,
        names=tuple(str(row["name"]) for row in right["categories"]),
        things=np.array([bool(row.get("isthing")) for row in right["categories"]], bool),
    )


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key, -1.0)
    return None if value < 0 else float(value)


def _class(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {key.upper(): _number(row, key) for key in ("pq", "sq", "rq")}
    return {
        "panoptic": values
        | {"found": row.get("tp", 0), "false": row.get("fp", 0), "missed": row.get("fn", 0)}
    }
