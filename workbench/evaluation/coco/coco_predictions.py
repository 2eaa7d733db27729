"""COCO results, checked row by row, as columns that compiled code may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.mask import measure, rle_to_mask
from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_truth import (
    BadRunLengths,
    Truth,
    check_run_lengths,
    find_box_mistake,
    find_outline_mistake,
    is_id,
    is_number,
    show,
)
from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.coco.outlines import rasterise_rows
from workbench.evaluation.coco.tidy_results import read_tidy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RULE = "bad-predictions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Predictions of the truth's images and categories, in the order of the file."""

    table: "Floats"  # image id, x, y, width, height, score, category id
    masks: tuple[bytes, ...] | None  # run lengths
    sizes: "NDArray[np.int64] | None"  # height and width of each mask
    pixels: "Floats | None"  # of each mask, where they were counted
    boxed: bool  # boxes of their own, not those around the masks
    strangers: Mapping[int, int] = field(
        default_factory=dict
    )  # category ids that the truth has not, left out
    rows: "NDArray[np.int64] | None" = None  # of the file, where some were left out

    def to_rles(self) -> list[dict[str, Any]] | None:
        """Return the masks as compiled code wants them."""
        if self.masks is None or self.sizes is None:
            return None
        return [
            {"size": size, "counts": text} for size, text in zip(self.sizes.tolist(), self.masks, strict=True)
        ]


def read_predictions(source: Path | Sequence[Mapping[str, Any]] | Columns, truth: Truth) -> Columns:
    """Check a COCO results list: a file, or what one holds. Columns were made here and are not looked at again."""
    if isinstance(source, Columns):
        return _leave_out_strangers(source, truth)
    tidy = read_tidy(source, truth.sizes) if isinstance(source, Path) else None
    if tidy:
        table, masks, sizes = tidy
        columns = Columns(table=table, masks=masks, sizes=sizes, pixels=None, boxed=True)
        return _leave_out_strangers(columns, truth)
    rows = read_json(source) if isinstance(source, Path) else source
    name = str(source) if isinstance(source, Path) else "predictions"
    if isinstance(rows, Mapping | str | bytes) or not isinstance(rows, Sequence):
        kind = "an object" if isinstance(rows, Mapping) else type(rows).__name__
        message = (
            f"must be a list of COCO results, but is {kind}; write a list with one object for each prediction"
        )
        raise DatasetError(name, "", message, RULE)
    forms = _forms(rows)
    for place, row in enumerate(rows):
        mistake = _find_mistake(row, truth, forms)
        if mistake:
            raise _wrong(name, place, mistake)
    return _leave_out_strangers(_to_columns(name, rasterise_rows(rows, truth.sizes), truth), truth)


def _wrong(name: str, place: int, mistake: str) -> DatasetError:
    return DatasetError(name, f"[{place}]", f"{mistake}; mend the file or write it again", RULE)


def _forms(rows: Sequence[Any]) -> tuple[bool, bool]:
    """Whether rows have boxes and masks: the first one says, as with pycocotools."""
    first = rows[0] if rows and isinstance(rows[0], Mapping) else {}
    return first.get("bbox") is not None, first.get("segmentation") is not None


def _find_mistake(row: Any, truth: Truth, forms: tuple[bool, bool]) -> str:
    """Say what is wrong with a prediction, but for its run lengths."""
    if not isinstance(row, Mapping):
        return f"must be an object, but got {show(row)}"
    image, category = row.get("image_id"), row.get("category_id")
    if not is_id(image) or image not in truth.sizes:
        return f"image_id must be an image of {truth.source}, but got {show(image)}"
    if not is_id(category):
        return f"category_id must be a whole number, but got {show(category)}"
    if not is_number(row.get("score")):
        return f"score must be a finite number, but got {show(row.get('score'))}"
    boxed, masked = forms
    if not boxed and not masked:
        return "must have a bbox or a segmentation, but has neither"
    if (row.get("bbox") is not None, row.get("segmentation") is not None) != forms:
        return "must have what the first one has of bbox and segmentation, but has not"
    if masked and not isinstance(row["segmentation"], Mapping):
        mistake = _find_ring_mistake(
            row["segmentation"], boxed=boxed, sized=any(truth.sizes[row["image_id"]])
        )
        if mistake:
            return mistake
    return find_box_mistake(row["bbox"]) if boxed else ""


def _find_ring_mistake(segmentation: object, *, boxed: bool, sized: bool) -> str:
    """pycocotools takes polygons beside boxes, too."""
    if not isinstance(segmentation, list) or not segmentation:
        return f"segmentation must be run lengths, but got {show(segmentation)}"
    if not boxed or not sized:
        lacking = "a bbox beside them" if not boxed else "an image with height and width"
        return f"segmentation must be run lengths, but is polygons, which need {lacking}"
    return find_outline_mistake(segmentation)


def _to_columns(name: str, rows: Sequence[Any], truth: Truth) -> Columns:
    boxed, masked = _forms(rows)
    masks = _check_masks(name, rows, truth) if masked else []
    measured = measure([rle_to_mask(mask) for mask in masks]) if masked and not boxed else None
    boxes = [row["bbox"] for row in rows] if measured is None else [box.to_xywh() for _, box in measured]
    table = np.array(
        [
            (row["image_id"], *box, row["score"], row["category_id"])
            for row, box in zip(rows, boxes, strict=True)
        ],
        dtype=float,
    ).reshape(-1, 7)
    pixels = None if measured is None else np.array([area for area, _ in measured], dtype=float)
    texts = tuple(mask["counts"] for mask in masks) if masked else None
    sizes = np.array([mask["size"] for mask in masks], dtype=np.int64) if masked else None
    return Columns(table=table, masks=texts, sizes=sizes, pixels=pixels, boxed=boxed)


def _leave_out_strangers(found: Columns, truth: Truth) -> Columns:
    """Set aside what has a category that the truth has not."""
    known = np.isin(found.table[:, 6], list(truth.names))
    if known.all():
        return found
    ids, counts = np.unique(found.table[~known, 6].astype(int), return_counts=True)
    return replace(
        found,
        table=found.table[known],
        masks=found.masks and tuple(compress(found.masks, known)),
        sizes=None if found.sizes is None else found.sizes[known],
        pixels=None if found.pixels is None else found.pixels[known],
        strangers=dict(zip(ids.tolist(), counts.tolist(), strict=True)),
        rows=np.flatnonzero(known),
    )


def _check_masks(name: str, rows: Sequence[Any], truth: Truth) -> list[dict[str, Any]]:
    sizes = [truth.sizes[row["image_id"]] for row in rows]
    try:
        return check_run_lengths([row["segmentation"] for row in rows], sizes)
    except BadRunLengths as error:
        raise _wrong(name, error.place, f"segmentation: {error}") from error
