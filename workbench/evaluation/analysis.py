"""Everything that is known of predictions, put together: the document that scores/<part>.json holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.evaluation.coco_notes import note_few
from workbench.evaluation.coco_predictions import Columns, read_predictions
from workbench.evaluation.coco_scores import KINDS, Scored, compute_coco_scores
from workbench.evaluation.coco_truth import Truth, read_truth
from workbench.evaluation.matching import match
from workbench.evaluation.object_intervals import find_intervals
from workbench.evaluation.objects import Scene, build_scene
from workbench.evaluation.outlines import rasterise
from workbench.evaluation.pairs import compute_pairs
from workbench.evaluation.panoptic_quality import compute_panoptic_quality, count_segments
from workbench.evaluation.picture_intervals import resample_pixels, resample_segments
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.semantic_scores import compute_semantic_scores, count_pictures
from workbench.evaluation.slice_light import group_light
from workbench.evaluation.slice_table import group_table, read_table
from workbench.evaluation.slices import Grouping, group_crowding, slice_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person may choose."""

    kinds: tuple[str, ...] = ()  # box, mask; those that there are, when left out
    score: float | None = None  # where precision and recall are to be told, too
    table: Path | None = None  # a csv of images, each of whose columns makes slices
    images: Path | None = None  # where the images lie, if they are to be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The numbers, and each mistake."""

    document: dict[str, Any]
    mistakes: dict[str, Any] | None = None


def analyse_files(truth: Path, predictions: Path, settings: Settings) -> Analysis:
    """Judge COCO results against a COCO dataset."""
    right = read_truth(truth)
    return analyse(right, read_predictions(predictions, right), settings)


def analyse(truth: Truth, found: Columns, settings: Settings) -> Analysis:
    """Judge objects."""
    truth = rasterise(truth)
    scored = compute_coco_scores(truth, found, kinds=settings.kinds)
    if not len(found.table) and "mask" in scored.scores:
        found = replace(found, masks=(), sizes=np.zeros((0, 2), np.int64))
    scene = build_scene(truth, found)
    kinds = [kind for kind in KINDS if kind in scored.scores]
    matches = {kind: match(scene, compute_pairs(scene, kind)) for kind in kinds}
    document = _add_intervals(_to_document(scored, len(truth.sizes)), *find_intervals(scene, matches))
    groupings, notes = find_groupings(scene, truth, settings)
    document["slices"] = slice_scene(scene, matches[kinds[-1]], groupings)
    document["notes"] += notes
    return Analysis(document=document)


def find_groupings(scene: Scene, truth: Truth, settings: Settings) -> tuple[list[Grouping], list[str]]:
    """Sort the images by all that is known of them."""
    files = [truth.files[image] for image in scene.images]
    crowding, notes = group_crowding(scene), list[str]()
    groupings = [crowding] if crowding else []
    if settings.images:
        light = group_light(settings.images, files)
        groupings, notes = groupings + light[0], notes + light[1]
    if settings.table:
        own = group_table(read_table(settings.table, files))
        groupings, notes = groupings + own[0], notes + own[1]
    return groupings, notes


def analyse_part(part: RunPart, settings: Settings) -> Analysis:
    """Judge what a run found in a part: objects, segments and pixels, as far as its task has them."""
    images = len(part.files)
    several: list[Analysis] = []
    if part.task == "panoptic":
        several.append(Analysis(document=_analyse_segments(part, images)))
    if part.task != "semantic" and part.results.is_file():
        several.append(analyse_files(part.truth, part.results, settings))
    if part.task != "instance" and part.pictures.is_dir():
        several.append(Analysis(document=_analyse_pixels(part, images)))
    return _merge(several)


def _analyse_segments(part: RunPart, images: int) -> dict[str, Any]:
    scored = compute_panoptic_quality(part.panoptic_truth, part.panoptic_results)
    segments = count_segments(part.panoptic_truth, part.panoptic_results)
    return _add_intervals(_to_document(scored, images), *resample_segments(segments))


def _analyse_pixels(part: RunPart, images: int) -> dict[str, Any]:
    names = part.name_classes()
    counts = list(count_pictures(part.pair_pictures(), len(names)))
    confusion = sum(counts, np.zeros((len(names), len(names)), np.int64))
    document = _to_document(compute_semantic_scores(confusion, names), images)
    document["pixel_confusion"] = {"labels": names, "matrix": confusion.tolist()}
    return _add_intervals(document, *resample_pixels(counts, names))


def _add_intervals(
    document: dict[str, Any], overall: Mapping[str, Any], classes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    rows = {
        name: {**row, "intervals": classes.get(name, {})} for name, row in document["per_category"].items()
    }
    return {**document, "per_category": rows, "intervals": overall}


def _to_document(scored: Scored, images: int) -> dict[str, Any]:
    notes = (*scored.notes, *note_few(scored.scores["per_category"]))
    return {**scored.scores, "images": images, "notes": list(notes)}


def _merge(several: Sequence[Analysis]) -> Analysis:
    """Put families together; a class has its numbers of every family in one place."""
    document: dict[str, Any] = {}
    mistakes = None
    for one in several:
        document = _join(document, one.document)
        mistakes = mistakes or one.mistakes
    return Analysis(document=document, mistakes=mistakes)


def _join(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are joined, lists follow one another, and of anything else the first stays."""
    result = {**first, **{key: value for key, value in second.items() if key not in first}}
    for key in first.keys() & second.keys():
        one, other = first[key], second[key]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            result[key] = _join(one, other)
        elif isinstance(one, list) and isinstance(other, list):
            result[key] = [*one, *(row for row in other if row not in one)]
    return result
