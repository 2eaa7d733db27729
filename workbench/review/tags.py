"""What a person said with tags in FiftyOne, on images and on objects, as a selection."""

from collections.abc import Mapping
from typing import Any

from workbench.data.selection import FINE, TAGS, Pick, Selection
from workbench.errors import InputMissing
from workbench.review.fields import (
    KEY,
    MARK,
    NUMBER,
    PART,
    TRUTH,
    name_dataset,
    name_old_truth,
    name_run_field,
)
from workbench.review.session import Database, open_database
from workbench.run import Run

Document = Mapping[str, Any]


def read_tags(run: Run) -> Selection:
    """Every image with a tag of ours on itself, its labels or what the run found, in the order of paths."""
    project = run.folder.resolve().parent.parent
    with open_database() as database:
        picks = _collect(database, name_dataset(project), run)
    return Selection(run=run.name, source="tags", picks=tuple(sorted(picks, key=lambda pick: pick.image)))


def _collect(database: Database, name: str, run: Run) -> list[Pick]:
    fo, field = database.fo, name_run_field(run.name)
    mark = fo.load_dataset(name).info.get(MARK) if fo.dataset_exists(name) else None
    if mark is None or field not in mark["runs"]:
        raise InputMissing(
            f"{run.folder}: must be in FiftyOne, but is not; workbench review {run.folder} puts it there"
        )
    fingerprint = mark["runs"][field]["fingerprint"]
    truth = TRUTH if fingerprint == mark["fingerprint"] else name_old_truth(fingerprint)
    samples = database.find_samples(fo.load_dataset(name))
    return [_to_pick(row, truth, field) for row in samples.aggregate(_ask(truth, field))]


def _ask(truth: str, field: str) -> list[dict[str, Any]]:
    """Only what is tagged leaves the database, and no masks."""
    ours = {"$in": list(TAGS)}
    fields = {
        name: {
            "$map": {
                "input": {
                    "$filter": {
                        "input": {"$ifNull": [f"${name}.detections", []]},
                        "cond": {"$gt": [{"$size": {"$setIntersection": ["$$this.tags", list(TAGS)]}}, 0]},
                    }
                },
                "in": {"tags": "$$this.tags", NUMBER: f"$$this.{NUMBER}"},
            }
        }
        for name in (truth, field)
    }
    tagged = [{f"{name}.detections.tags": ours} for name in (truth, field)]
    return [
        {"$match": {"$or": [{"tags": ours}, *tagged]}},
        {"$project": {KEY: 1, PART: 1, "tags": 1, **fields}},
    ]


def _to_pick(row: Document, truth: str, field: str) -> Pick:
    """An object that is fine is no reason to look at it again."""
    labels = {name: row.get(name) or () for name in (truth, field)}
    said = {
        *row.get("tags", ()),
        *(tag for rows in labels.values() for label in rows for tag in label["tags"]),
    }
    tags = tuple(tag for tag in TAGS if tag in said)
    numbers = {
        name: tuple(
            sorted(
                label[NUMBER]
                for label in rows
                if label.get(NUMBER) is not None and {*label["tags"]} & {*TAGS} - {FINE}
            )
        )
        for name, rows in labels.items()
    }
    return Pick(
        image=row[KEY],
        why=f"tagged {', '.join(tags)}",
        tags=tags,
        truths=numbers[truth],
        predictions=numbers[field],
        part=row.get(PART) or "",
    )
