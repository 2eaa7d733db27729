"""What a person should know beside COCO's numbers: why one is missing, and what did not count."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluation.coco.coco_predictions import Columns
from workbench.evaluation.coco.coco_truth import Truth


def write_notes(
    truth: Truth, found: Columns, scores: Mapping[str, Any], limits: Sequence[int]
) -> tuple[str, ...]:
    """Return one sentence for each thing that is not as usual."""
    notes = [*_note_emptiness(truth, found), *_note_classes(scores["per_category"])]
    for category, count in sorted(found.strangers.items()):
        notes.append(
            f"{count} predictions have category_id {category}, which the truth has not: they do not count"
        )
    if len(limits) > 3:
        notes.append(
            f"up to {limits[-1]} predictions of one class on one image: COCO's numbers count the {limits[2]} "
            "best of each, AP_all and AR_all count every one"
        )
    if any(row["id"] == 0 for row in truth.raw["annotations"]):
        notes.append(
            "the truth has an object with id 0: pycocotools takes it for not found, here it counts as any other"
        )
    if 0 in truth.names:
        notes.append(
            f"category ids start at 0 ({truth.names[0]}), COCO's at 1: whoever takes 0 for the background, or counts "
            "from 1, is off by one class"
        )
    if not truth.masks and found.masks is not None:
        notes.append("no mask scores: not every object of the truth has a segmentation")
    return tuple(notes)


def _note_emptiness(truth: Truth, found: Columns) -> list[str]:
    if not truth.sizes:
        return ["the truth has no images: nothing was scored, and every value is 0"]
    notes = []
    if not any(not row.get("iscrowd", 0) for row in truth.raw["annotations"]):
        notes.append("the truth has no objects: there is nothing to find, and no value can be given")
    if not len(found.table):
        notes.append("there are no predictions: every value is 0")
    return notes


def _note_classes(classes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    notes: list[str] = []
    if not any(row["truths"] for row in classes.values()):
        return notes
    for name, row in classes.items():
        if not row["truths"]:
            wrong = f", and its {row['predictions']} predictions cost nothing" if row["predictions"] else ""
            notes.append(f"{name}: no truth here, so it has no AP and is left out of the averages{wrong}")
    return notes
