"""Score what lies on disk for one part of a dataset: every family that the predictions allow."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from detectron2.config import CfgNode

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.engine.feed.records import require_task
from workbench.engine.feed.sample import wants_centers
from workbench.engine.prediction.writer import Places
from workbench.evaluation.coco.coco_predictions import Columns
from workbench.evaluation.coco.coco_scores import Scored, compute_coco_scores
from workbench.evaluation.panoptic_quality import compute_panoptic_quality
from workbench.evaluation.semantic_scores import compute_semantic_scores, count_confusion
from workbench.formats.manifest import read_manifest
from workbench.project import Task

THINGS = "things"


def score_part(
    dataset: Path,
    part: str,
    places: Places,
    *,
    task: Task | None = None,
    cfg: CfgNode | None = None,
    found: Columns | None = None,
) -> Scored:
    """Score predictions of a part against its truth; no model is needed. `found` is what the results hold, if known."""
    manifest = read_manifest(dataset)
    task = require_task(dataset, manifest, task)
    scored: list[Scored] = []
    if task == "panoptic" and places.panoptic.is_file():
        scored.append(compute_panoptic_quality(dataset / f"panoptic_{part}.json", places.panoptic))
    if task != "semantic" and places.results.is_file():
        scored.append(compute_coco_scores(dataset / f"{part}.json", found or places.results))
    if task != "instance" and places.beside("semantic").is_dir():
        separated = task == "panoptic" and not (cfg is not None and wants_centers(cfg))
        scored.append(_score_pictures(dataset, part, places, manifest, separated=separated))
    return merge_scores(scored)


def _score_pictures(
    dataset: Path, part: str, places: Places, manifest: Manifest, *, separated: bool
) -> Scored:
    """Compare pictures of classes: those of Panoptic FPN have one class for all things."""
    folder = f"{'separated' if separated else 'semantic'}_{part}"
    names = _name_classes(manifest.categories, separated=separated)
    pairs = _pair(dataset / folder, folder, places.beside("semantic"), manifest)
    return compute_semantic_scores(count_confusion(pairs, len(names)), names)


def _name_classes(categories: Sequence[Category], *, separated: bool) -> list[str]:
    if not separated:
        return [category.name for category in categories]
    return [THINGS, *(category.name for category in categories if not category.thing)]


def _pair(truth: Path, folder: str, answers: Path, manifest: Manifest) -> Iterator[tuple[Path, Path]]:
    """Truth and prediction have the same name."""
    for name in sorted(manifest.outputs):
        if name.startswith(f"{folder}/"):
            own = name.removeprefix(f"{folder}/")
            yield truth / own, answers / own


def merge_scores(found: Sequence[Scored]) -> Scored:
    """Put families together; a class has its numbers of every family in one place."""
    scores: dict[str, Any] = {}
    classes: dict[str, dict[str, Any]] = {}
    for one in found:
        scores |= {key: value for key, value in one.scores.items() if key != "per_category"}
        for name, row in one.scores["per_category"].items():
            classes.setdefault(name, {}).update(row)
    scores["per_category"] = classes
    return Scored(scores, tuple(note for one in found for note in one.notes))
