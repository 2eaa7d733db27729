"""The dataset of a project in FiftyOne: its truth, and each run that was reviewed as a field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.evaluation.coco.coco_predictions import Columns
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.memory import sparing
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.run_part import RunPart, find_part
from workbench.files import digest_file
from workbench.formats.manifest import read_manifest
from workbench.review.evaluations import register
from workbench.review.evidence import gather_evidence
from workbench.review.fields import KEY, TRUTH, name_evaluation, name_run_field, name_segments
from workbench.review.fill import Content, Filled, fill
from workbench.review.judged import Judged, judge
from workbench.review.kinds_of_views import list_views
from workbench.review.mark import Book, open_book
from workbench.review.saved_views import save_views, set_colors
from workbench.review.schema import declare
from workbench.review.segments import find_predicted, find_truths, name_classes, put_segments
from workbench.review.session import Database
from workbench.review.truths import make_room
from workbench.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What was put into FiftyOne."""

    dataset: Any
    images: int
    truths: int
    found: int = 0
    moved: int = 0  # tags of labels that are no more, now on their images
    judged: Judged | None = None
    views: Mapping[str, int] = field(default_factory=dict)
    field: str = ""

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints of a run."""
        outcomes = count_outcomes(self.judged) if self.judged else dict.fromkeys(("tp", "fp", "fn"))
        return {
            "dataset": self.dataset.name,
            "field": self.field,
            "evaluation": name_evaluation(self.field),
            "matched_by": self.judged.matches.kind if self.judged else None,
            "images": self.images,
            "truths": self.truths,
            "predictions": self.found,
            **outcomes,
            "AP": self.judged.average if self.judged else None,
            "views": dict(self.views),
            "moved_tags": self.moved,
        }


def review_run(database: Database, part: RunPart) -> Reviewed:
    """What `workbench review` does: a run and the views of its mistakes."""
    book = open_book(database, part.run.folder.resolve().parent.parent)
    if part.task == "semantic" or not part.results.is_file():
        found = fill_painted(book, part)
        views = list_views(gather_evidence(part)[1])
    else:
        found = fill_run(book, part)
        views = tuple(found.judged.views) if found.judged else ()
    _put_painted(book, part, found.field)
    counts = save_views(book, found.field, views)
    set_colors(book, found.field)
    return replace(found, views=counts)


def fill_project(
    database: Database,
    project: Path,
    runs: Sequence[Run] = (),
    *,
    part: str = "val",
    dataset: Path | None = None,
) -> Any:
    """Put a converted dataset of a project, and runs, into FiftyOne; return FiftyOne's dataset."""
    book = open_book(database, project)
    if dataset is not None:
        fill_truth(book, dataset)
    for run in runs:
        review_run(database, find_part(run, part))
    return book.dataset


@sparing()
def fill_truth(book: Book, folder: Path, *, without: str = "") -> tuple[dict[str, Reviewed], str, bool]:
    """The truth of every part of a converted dataset but one; then as make_room."""
    manifest = read_manifest(folder)
    old, same = make_room(book, manifest.fingerprint)
    declare(book, {TRUTH: {}})
    result: dict[str, Reviewed] = {}
    for part in sorted(set(manifest.parts.values())):
        if part == without:
            continue
        truth = rasterise(read_truth(folder / f"{part}.json"))
        content = Content(
            part=part,
            fingerprint=manifest.fingerprint,
            images=(folder / manifest.image_root).resolve(),
            files=truth.files,
            scene=build_scene(truth, _find_nothing()),
            same_truth=same,
            old_truth=old,
        )
        filled = fill(book, content)
        put_segments(book, name_segments(TRUTH), find_truths(folder, manifest, part))
        scene = content.scene
        result[part] = Reviewed(
            dataset=book.dataset, images=len(scene.images), truths=len(scene.truths), moved=filled.moved
        )
    book.save(fingerprint=manifest.fingerprint)
    if manifest.task != "instance":
        name_classes(book, [name_segments(TRUTH)], manifest.categories)
    return result, old, same


@sparing()
def fill_run(book: Book, part: RunPart) -> Reviewed:
    """What a run found in a part, judged."""
    name = name_run_field(part.run.name, part.part)
    key, judged = name_evaluation(name), judge(part)
    before, digest = book.runs.get(name, {}), digest_file(part.results)
    same, old = book.fingerprint == part.manifest.fingerprint, ""
    if not same:
        _, old, same = fill_truth(book, part.dataset, without=part.part)
    said = {key: "StringField", f"{key}_id": "StringField", f"{key}_iou": "FloatField"}
    declare(book, {TRUTH: {**said, f"{key}_mistake": "StringField"}, name: said}, _list_plain(key))
    content = Content(
        part=part.part,
        fingerprint=part.manifest.fingerprint,
        images=part.images,
        files=judged.truth.files,
        scene=judged.scene,
        judged=judged,
        run_field=name,
        same_truth=same,
        same_results=before.get("results") == digest,
        old_truth=old,
    )
    filled = fill(book, content)
    _note_run(book, part, name, digest)
    register(book, name, part.part, judged, filled)
    return _sum_up(book, judged, filled, name)


def fill_painted(book: Book, part: RunPart) -> Reviewed:
    """A run that names pixels and finds no objects."""
    name = name_run_field(part.run.name, part.part)
    filled, *_ = fill_truth(book, part.dataset)
    key = name_evaluation(name)
    declare(book, {}, [plain for plain in _list_plain(key) if plain[0].endswith("_hardness")])
    _note_run(book, part, name, "")
    one = filled[part.part]
    return replace(one, field=name)


def _note_run(book: Book, part: RunPart, name: str, digest: str) -> None:
    fingerprint = part.manifest.fingerprint
    book.runs[name] = {
        "run": part.run.name,
        "part": part.part,
        "fingerprint": fingerprint,
        "results": digest,
    }
    book.save(fingerprint=fingerprint)


def _put_painted(book: Book, part: RunPart, name: str) -> None:
    """Pictures of classes, right and predicted, and how hard each was by them."""
    from pymongo import UpdateOne

    field = name_segments(name)
    put_segments(book, name_segments(TRUTH), find_truths(part.dataset, part.manifest, part.part))
    if not put_segments(book, field, find_predicted(part)):
        return
    name_classes(book, [field], part.manifest.categories)
    hardness = f"{name_evaluation(name)}_hardness"
    ranking = gather_evidence(part)[1].ranking
    rows = [UpdateOne({KEY: row["image"]}, {"$set": {hardness: 1 - row["value"]}}) for row in ranking]
    if rows:
        book.database.find_samples(book.dataset).bulk_write(rows, ordered=False)


def _sum_up(book: Book, judged: Judged, filled: Filled, name: str) -> Reviewed:
    scene = judged.scene
    return Reviewed(
        dataset=book.dataset,
        images=len(scene.images),
        truths=len(scene.truths),
        found=len(scene.found),
        moved=filled.moved,
        judged=judged,
        field=name,
    )


def _list_plain(key: str) -> list[tuple[str, str, str]]:
    counts = {"tp": "right predictions", "fp": "wrong predictions", "fn": "objects that were not found"}
    return [
        *((f"{key}_{name}", "IntField", f"{about}, at IoU 0.5") for name, about in counts.items()),
        (f"{key}_hardness", "FloatField", "1 - the image's mean F1 over ten thresholds of IoU"),
    ]


def _find_nothing() -> Columns:
    return Columns(table=np.zeros((0, 7)), masks=None, sizes=None, pixels=None, boxed=True)


def count_outcomes(judged: Judged) -> Mapping[str, int]:
    """How many predictions were right and wrong, and how many truths were not found."""
    found = [said.outcome for said in judged.found]
    return {
        "tp": found.count("tp"),
        "fp": found.count("fp"),
        "fn": sum(said.outcome == "fn" for said in judged.truths),
    }
