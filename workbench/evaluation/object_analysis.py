"""All that is known of objects in one document: averages, intervals, curves, confusion, calibration, errors, slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.evaluation.closer_look import look_closer
from workbench.evaluation.coco.coco_predictions import Columns
from workbench.evaluation.coco.coco_scores import Scored, choose_kinds, compute_coco_scores
from workbench.evaluation.coco.coco_truth import Truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.mistakes.mistakes import write_mistakes
from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Scene, build_scene
from workbench.evaluation.overlap.pairs import compute_mask_pairs, compute_pairs
from workbench.evaluation.overlap.precision import compute_averages
from workbench.evaluation.sampling.bootstrap import Draws, resample
from workbench.evaluation.sampling.bursts import find_bursts
from workbench.evaluation.sampling.object_intervals import Sized, collect_intervals, resample_sizes
from workbench.evaluation.slices.slice_light import group_light
from workbench.evaluation.slices.slice_table import group_table, read_table
from workbench.evaluation.slices.slices import (
    Grouping,
    group_crowding,
    slice_classes,
    slice_images,
    slice_sizes,
)
from workbench.evaluation.threads import beside, map_in_threads
from workbench.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

Document = dict[str, Any]
_BOUNDARY = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person may choose."""

    kinds: tuple[str, ...] = ()  # box, mask; those that there are, when left out
    score: float | None = None  # where precision, recall and confusion are told; else the best of all
    table: Path | None = None  # a csv of images, each of whose columns makes slices
    images: Path | None = None  # where the images lie, if they are to be looked at


class Analysis(NamedTuple):
    """The numbers, and each mistake."""

    document: Document
    mistakes: Document | None = None


def analyse_objects(
    truth: Truth, found: Columns, settings: Settings, *, part: str, run: Run | None = None
) -> Analysis:
    """Judge predictions of objects in every way that there is; a run tells which images are of one burst."""
    truth = rasterise(truth)
    kinds = choose_kinds(truth, found, settings.kinds)
    with beside(lambda: compute_coco_scores(truth, found, kinds=kinds)) as score:
        whole = replace(found, masks=(), sizes=np.zeros((0, 2), np.int64)) if not len(found.table) else found
        scene = build_scene(truth, whole)
        scene = replace(scene, bursts=_number_bursts(run, scene, truth)) if run else scene
        matches = _match(scene, kinds)
        kind = "mask" if "mask" in matches else "box"
        draws = dict(zip(matches, map_in_threads(partial(resample, scene), matches.values()), strict=True))
        sized = resample_sizes(scene, matches[kind])
        findings = gather_findings(scene, matches[kind], settings.score)
        mistakes = write_mistakes(findings, part, truth.files)
        scored = score()
    document = _add_intervals(_add_boundary(_start(scored, truth), scene, matches), draws, sized)
    document |= look_closer(findings, document["per_category"])
    groupings, notes = _find_groupings(scene, truth, settings)
    rows = [*slice_classes(scene, draws[kind]), *slice_images(scene, matches[kind], groupings)]
    document["slices"] = [row.to_json() for row in (*rows, *slice_sizes(scene, sized))]
    document["notes"] += [*notes, *_note_masks(truth, kinds)]
    return Analysis(document, mistakes)


def _number_bursts(run: Run, scene: Scene, truth: Truth) -> "NDArray[np.int64]":
    names = [truth.files[image] for image in scene.images]
    bursts = find_bursts(run, names)
    return np.unique([bursts[name] for name in names], return_inverse=True)[1].reshape(-1)


def _note_masks(truth: Truth, kinds: Sequence[str]) -> list[str]:
    if "mask" in kinds or not truth.masks or not truth.raw["annotations"]:
        return []
    return [
        "masks are left out: mistakes go by boxes, and nothing is said of borders and of mistakes in masks"
    ]


def _start(scored: Scored, truth: Truth) -> Document:
    return {**scored.scores, "images": len(truth.sizes), "notes": list(scored.notes)}


def _match(scene: Scene, kinds: Sequence[str]) -> dict[str, Matches]:
    """Match by all that was scored; masks by their borders, too."""
    matches: dict[str, Matches] = {}
    if "box" in kinds:
        matches["box"] = match(scene, compute_pairs(scene, "box"))
    if "mask" in kinds:
        for name, pairs in zip(("mask", "boundary"), compute_mask_pairs(scene), strict=True):
            matches[name] = match(scene, pairs)
    return matches


def _add_boundary(document: Document, scene: Scene, matches: Mapping[str, Matches]) -> Document:
    if "boundary" not in matches:
        return document
    averages = compute_averages(scene, matches["boundary"])
    rows = {
        name: {**row, "boundary": averages.classes[name]} for name, row in document["per_category"].items()
    }
    overall = {key: averages.overall[key] for key in _BOUNDARY}
    return {**document, "boundary": overall, "per_category": rows}


def _add_intervals(document: Document, draws: Mapping[str, Draws], sized: Mapping[str, Sized]) -> Document:
    """Put intervals beside the numbers."""
    overall, classes = collect_intervals(draws, sized)
    rows = {name: {**row, "intervals": classes[name]} for name, row in document["per_category"].items()}
    return {**document, "intervals": overall, "per_category": rows}


def _find_groupings(scene: Scene, truth: Truth, settings: Settings) -> tuple[list[Grouping], list[str]]:
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
