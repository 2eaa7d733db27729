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
from workbench.review.fields import TRUTH, name_evaluation, name_old_truth, name_run_field
from workbench.review.fill import Content, Filled, fill
from workbench.review.judged import Judged, judge
from workbench.review.mark import Book, open_book
from workbench.review.saved_views import save_views, set_colors
from workbench.review.schema import declare
from workbench.review.session import Database
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
        outcomes = count_outcomes(self.judged) if self.judged else {}
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
    found = fill_run(book, part)
    counts = save_views(book, found.field, found.judged.views) if found.judged else {}
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
        fill_run(book, find_part(run, part))
    return book.dataset


@sparing()
def fill_truth(book: Book, folder: Path) -> dict[str, Reviewed]:
    """The truth of every part of a converted dataset."""
    manifest = read_manifest(folder)
    old = _make_room(book, manifest.fingerprint)
    declare(book, {TRUTH: {}})
    result: dict[str, Reviewed] = {}
    for part in sorted(set(manifest.parts.values())):
        truth = rasterise(read_truth(folder / f"{part}.json"))
        scene = build_scene(truth, _find_nothing())
        filled = fill(
            book,
            Content(
                part=part,
                fingerprint=manifest.fingerprint,
                images=(folder / manifest.image_root).resolve(),
                files=truth.files,
                scene=scene,
                old_truth=old,
            ),
        )
        result[part] = Reviewed(
            dataset=book.dataset, images=len(scene.images), truths=len(scene.truths), moved=filled.moved
        )
    book.save(fingerprint=manifest.fingerprint)
    return result


@sparing()
def fill_run(book: Book, part: RunPart) -> Reviewed:
    """What a run found in a part, judged."""
    name = name_run_field(part.run.name, part.part)
    key, judged = name_evaluation(name), judge(part)
    fingerprint, digest = part.manifest.fingerprint, digest_file(part.results)
    before = book.runs.get(name, {})
    old = _make_room(book, fingerprint)
    said = {key: "StringField", f"{key}_id": "StringField", f"{key}_iou": "FloatField"}
    declare(book, {TRUTH: {**said, f"{key}_mistake": "StringField"}, name: said}, _list_plain(key))
    content = Content(
        part=part.part,
        fingerprint=fingerprint,
        images=part.images,
        files=judged.truth.files,
        scene=judged.scene,
        judged=judged,
        run_field=name,
        same_results=before.get("results") == digest,
        old_truth=old,
    )
    filled = fill(book, content)
    book.runs[name] = {
        "run": part.run.name,
        "part": part.part,
        "fingerprint": fingerprint,
        "results": digest,
    }
    book.save(fingerprint=fingerprint)
    register(book, name, part.part, judged, filled)
    return _sum_up(book, judged, filled, name)


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


def _make_room(book: Book, fingerprint: str) -> str:
    """Move a truth that is another, and that runs were judged by, out of the way; return where it is now."""
    before = book.fingerprint
    if before in ("", fingerprint):
        return ""
    judged_by_it = [name for name, about in book.runs.items() if about["fingerprint"] == before]
    if not judged_by_it:
        return ""
    old = name_old_truth(before)
    if not book.dataset.has_sample_field(old):
        book.dataset.rename_sample_field(TRUTH, old)
    for name in judged_by_it:
        _point_at(book, name_evaluation(name), old)
    return old


def _point_at(book: Book, key: str, truth: str) -> None:
    """The evaluation of a run goes on to show the labels that it was made with."""
    config = book.dataset.get_evaluation_info(key).config
    config.gt_field = truth
    book.dataset.update_evaluation_config(key, config)


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
