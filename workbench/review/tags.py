"""What a person said with tags in FiftyOne, on images and on objects, as a selection."""

from collections.abc import Mapping, Sequence
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
    name_segments,
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
    fo = database.fo
    mark = fo.load_dataset(name).info.get(MARK) if fo.dataset_exists(name) else None
    about = {field: said for field, said in mark["runs"].items() if said["run"] == run.name} if mark else {}
    if mark is None or not about:
        raise InputMissing(
            f"{run.folder}: must be in FiftyOne, but is not; workbench review {run.folder} puts it there"
        )
    fingerprint = next(iter(about.values()))["fingerprint"]
    truth = TRUTH if fingerprint == mark["fingerprint"] else name_old_truth(fingerprint)
    samples = database.find_samples(fo.load_dataset(name))
    return [_to_pick(row, truth, [*about]) for row in samples.aggregate(_ask([truth, *about]))]


def _ask(names: Sequence[str]) -> list[dict[str, Any]]:
    """Only what is tagged leaves the database, and no masks."""
    ours = {"$in": list(TAGS)}
    tags = {"$ifNull": ["$$this.tags", []]}
    fields = {
        name: {
            "$map": {
                "input": {
                    "$filter": {
                        "input": {"$ifNull": [f"${name}.detections", []]},
                        "cond": {"$gt": [{"$size": {"$setIntersection": [tags, list(TAGS)]}}, 0]},
                    }
                },
                "in": {"tags": "$$this.tags", NUMBER: f"$$this.{NUMBER}"},
            }
        }
        for name in names
    }
    painted = [name_segments(name) for name in names]
    tagged = [{f"{name}.detections.tags": ours} for name in names] + [
        {f"{name}.tags": ours} for name in painted
    ]
    wanted = {KEY: 1, PART: 1, "tags": 1, **fields, **{f"{name}.tags": 1 for name in painted}}
    return [{"$match": {"$or": [{"tags": ours}, *tagged]}}, {"$project": wanted}]


def _to_pick(row: Document, truth: str, found: Sequence[str]) -> Pick:
    """A tag on a picture of classes is one on the image. An object that is fine is no reason to look at it again."""
    names = (truth, *found)
    said = {
        *(row.get("tags") or ()),
        *(tag for name in names for label in row.get(name) or () for tag in label["tags"]),
        *(tag for name in names for tag in (row.get(name_segments(name)) or {}).get("tags") or ()),
    }
    tags = tuple(tag for tag in TAGS if tag in said)
    return Pick(
        image=row[KEY],
        why=f"tagged {', '.join(tags)}",
        tags=tags,
        truths=_number(row, [truth]),
        predictions=_number(row, found),
        part=row.get(PART) or "",
    )


def _number(row: Document, names: Sequence[str]) -> tuple[int, ...]:
    """An image is of one part, so that only one field of a run has anything on it."""
    labels = [label for name in names for label in row.get(name) or ()]
    wanted = {*TAGS} - {FINE}
    return tuple(
        sorted(
            label[NUMBER] for label in labels if label.get(NUMBER) is not None and wanted & {*label["tags"]}
        )
    )
