"""Semantic segmentation from counted pixels: mean and weighted IoU, mean and pixel accuracy, as Detectron2 takes them.

A class without truth is left out of the means, whatever was predicted.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_scores import Scored
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]

IGNORED = 255


def count_confusion(pairs: Iterable[tuple[Path, Path]], classes: int) -> "Counts":
    """Count over pairs of PNGs (truth, prediction) how many pixels of each class (row) were given which (column)."""
    return sum(count_pictures(pairs, classes), np.zeros((classes, classes), np.int64))


def count_pictures(pairs: Iterable[tuple[Path, Path]], classes: int) -> Iterator["Counts"]:
    """Count the same for each pair on its own."""
    semantic = require("hotcoco.semantic", extra="train")
    for truth, answer in pairs:
        judge = semantic.SemanticEval(classes, ignore_index=IGNORED)
        try:
            judge.update_png(truth, answer)
        except (ValueError, OSError) as error:
            message = f"must be a picture of classes as large as its truth, but {error}; predict again"
            raise DatasetError(answer, "", message, "bad-semantic") from error
        yield np.asarray(judge.confusion(), dtype=np.int64)


def compute_semantic_scores(confusion: "Counts", names: Sequence[str]) -> Scored:
    """Score counts: rows are the truth's classes, columns what was predicted."""
    right = confusion.diagonal().astype(float)
    truth, found = confusion.sum(axis=1).astype(float), confusion.sum(axis=0).astype(float)
    there = truth > 0
    per_category: dict[str, Any] = {name: {"semantic": {"IoU": None, "ACC": None}} for name in names}
    if not there.any():
        note = "the truth has no labelled pixels: nothing was scored, and every value is 0"
        zeros = dict.fromkeys(("mIoU", "fwIoU", "mACC", "pACC"), 0.0)
        return Scored({"semantic": zeros, "per_category": per_category}, (note,))
    accuracy, overlap = right[there] / truth[there], right[there] / (truth + found - right)[there]
    for place, acc, iou in zip(np.flatnonzero(there).tolist(), accuracy, overlap, strict=True):
        per_category[names[place]] = {"semantic": {"IoU": float(iou), "ACC": float(acc)}}
    semantic = {
        "mIoU": float(np.sum(overlap) / there.sum()),
        "fwIoU": float(np.sum(overlap * (truth / truth.sum())[there])),
        "mACC": float(np.sum(accuracy) / there.sum()),
        "pACC": float(right.sum() / truth.sum()),
    }
    notes = tuple(
        f"{name}: no pixel of the truth has it, so it has no IoU and is left out of the means"
        for name, is_there in zip(names, there.tolist(), strict=True)
        if not is_there
    )
    return Scored({"semantic": semantic, "per_category": per_category}, notes)
