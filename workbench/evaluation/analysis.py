"""Everything that is known of predictions, put together: the document that scores/<part>.json holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.evaluation.advice import find_advice
from workbench.evaluation.class_notes import add_notes
from workbench.evaluation.coco.coco_predictions import Columns, read_predictions
from workbench.evaluation.coco.coco_scores import Scored
from workbench.evaluation.coco.coco_truth import Truth, read_truth
from workbench.evaluation.memory import sparing
from workbench.evaluation.object_analysis import Analysis, Settings, analyse_objects
from workbench.evaluation.panoptic_quality import compute_panoptic_quality, count_segments
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.sampling.picture_intervals import resample_pixels, resample_segments
from workbench.evaluation.semantic_scores import compute_semantic_scores, count_pictures

Document = dict[str, Any]


@sparing()
def analyse_files(truth: Path, predictions: Path, settings: Settings) -> Analysis:
    """Judge COCO results against a COCO dataset."""
    right = read_truth(truth)
    return analyse(right, read_predictions(predictions, right), settings, part=predictions.stem)


def analyse(truth: Truth, found: Columns, settings: Settings, *, part: str = "") -> Analysis:
    """Judge objects; `part` is what the file of mistakes is of."""
    return _finish(*analyse_objects(truth, found, settings, part=part))


@sparing()
def analyse_part(part: RunPart, settings: Settings) -> Analysis:
    """Judge what a run found in a part: objects, segments and pixels, as far as its task has them."""
    documents: list[Document] = []
    mistakes: Document | None = None
    if part.task == "panoptic":
        documents.append(_analyse_segments(part))
    if part.task != "semantic" and part.results.is_file():
        truth = read_truth(part.truth)
        found = read_predictions(part.results, truth)
        document, mistakes = analyse_objects(truth, found, settings, part=part.part, run=part.run)
        documents.append(document)
    if part.task != "instance" and part.pictures.is_dir():
        documents.append(_analyse_pixels(part))
    return _finish(_merge(documents), mistakes)


def _finish(document: Document, mistakes: Document | None) -> Analysis:
    document = add_notes(document)
    suspects = mistakes["suspects"] if mistakes else ()
    return Analysis({**document, "advice": find_advice(document, suspects)}, mistakes)


def _analyse_segments(part: RunPart) -> Document:
    scored = compute_panoptic_quality(part.panoptic_truth, part.panoptic_results)
    segments = count_segments(part.panoptic_truth, part.panoptic_results)
    return _add_intervals(scored, len(part.files), *resample_segments(segments))


def _analyse_pixels(part: RunPart) -> Document:
    names = part.name_classes()
    counts = list(count_pictures(part.pair_pictures(), len(names)))
    confusion = sum(counts, np.zeros((len(names), len(names)), np.int64))
    scored = compute_semantic_scores(confusion, names)
    table = {"pixel_confusion": {"labels": names, "matrix": confusion.tolist()}}
    return _add_intervals(scored, len(part.files), *resample_pixels(counts, names)) | table


def _add_intervals(
    scored: Scored, images: int, overall: Mapping[str, Any], classes: Mapping[str, Mapping[str, Any]]
) -> Document:
    rows = {
        name: {**row, "intervals": classes.get(name, {})}
        for name, row in scored.scores["per_category"].items()
    }
    more = {"per_category": rows, "intervals": overall, "images": images, "notes": list(scored.notes)}
    return {**scored.scores, **more}


def _merge(documents: Sequence[Document]) -> Document:
    """Put families together; a class has its numbers of every family in one place."""
    merged: Document = {}
    for one in documents:
        merged = _join(merged, one)
    return merged


def _join(first: Mapping[str, Any], second: Mapping[str, Any]) -> Document:
    """Tables are joined, lists follow one another, and of anything else the first stays."""
    result = {**first, **{key: value for key, value in second.items() if key not in first}}
    for key in first.keys() & second.keys():
        one, other = first[key], second[key]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            result[key] = _join(one, other)
        elif isinstance(one, list) and isinstance(other, list):
            result[key] = [*one, *(row for row in other if row not in one)]
    return result
