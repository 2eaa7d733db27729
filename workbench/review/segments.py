"""Pictures of classes as FiftyOne's segmentations: of stuff and things alike, for panoptic and semantic tasks.

FiftyOne shows nothing where a pixel is 0, so classes count from 1 there, and pixels without a class are 0.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.run_part import RunPart
from workbench.formats.images import open_picture
from workbench.parallel import map_in_order
from workbench.review.fields import KEY
from workbench.review.mark import Book
from workbench.review.masks import write_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNLABELLED = 255  # in pictures of classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """One picture: whose it is, where it lies, and which value becomes which class; None: each becomes one more."""

    key: str
    source: Path
    classes: Mapping[int, int] | None = None


def find_truths(folder: Path, manifest: Manifest, part: str) -> list[Painted]:
    """The pictures of a dataset's part; none where only objects were labelled."""
    if manifest.task == "panoptic":
        return _read_panoptic(folder / f"panoptic_{part}.json", folder / f"{part}.json")
    if manifest.task == "semantic":
        return _name_by_image(folder / f"semantic_{part}", folder / f"{part}.json")
    return []


def find_predicted(part: RunPart) -> list[Painted]:
    """The pictures that a run painted."""
    if part.task == "panoptic" and part.panoptic_results.is_file():
        return _read_panoptic(part.panoptic_results, part.truth)
    return _name_by_image(part.pictures, part.truth) if part.task == "semantic" else []


def _read_panoptic(path: Path, truth: Path) -> list[Painted]:
    names = {row["id"]: row["file_name"] for row in read_json(truth)["images"]}
    return [
        Painted(
            key=names[row["image_id"]],
            source=path.with_suffix("") / row["file_name"],
            classes={segment["id"]: segment["category_id"] for segment in row["segments_info"]},
        )
        for row in read_json(path)["annotations"]
        if row["image_id"] in names
    ]


def _name_by_image(folder: Path, truth: Path) -> list[Painted]:
    """They are named as their images are, with another ending; images of one stem keep both endings."""
    found = []
    for row in read_json(truth)["images"]:
        name = row["file_name"]
        places = (folder / f"{name}.png", folder / Path(name).with_suffix(".png"))
        found += [Painted(key=name, source=place) for place in places if place.is_file()][:1]
    return found


def put_segments(book: Book, field: str, painted: Sequence[Painted]) -> int:
    """Repaint pictures and point the samples at them; a segmentation that was there keeps its tags."""
    from bson import ObjectId
    from pymongo import UpdateOne

    if not painted:
        return 0
    _declare(book, field)
    samples = book.database.find_samples(book.dataset)
    folder = book.masks / field
    known = {row[KEY]: row.get(field) for row in samples.find({}, {KEY: 1, field: 1})}
    operations = []
    for one, place in zip(painted, _repaint(painted, folder), strict=True):
        old = known.get(one.key) or {"_id": ObjectId(), "tags": []}
        label = {**old, "_cls": "Segmentation", "mask_path": str(place)}
        operations.append(UpdateOne({KEY: one.key}, {"$set": {field: label}}))
    samples.bulk_write(operations, ordered=False)
    return len(painted)


def name_classes(book: Book, fields: Sequence[str], categories: Sequence[Category]) -> None:
    """Say what the values are."""
    targets = {category.id: category.name for category in categories}
    book.dataset.mask_targets = {**book.dataset.mask_targets, **dict.fromkeys(fields, targets)}
    book.dataset.default_mask_targets = targets
    book.dataset.save()


def _declare(book: Book, field: str) -> None:
    fo = book.fo
    if not book.dataset.has_sample_field(field):
        book.dataset.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Segmentation)


def _repaint(painted: Sequence[Painted], folder: Path) -> Iterator[Path]:
    return map_in_order(partial(_repaint_one, folder), painted, chunk=8)


def _repaint_one(folder: Path, painted: Painted) -> Path:
    origin = hashlib.sha256(str(painted.source).encode()).hexdigest()[
        :8
    ]  # a truth that comes back is another file
    place = folder / origin / f"{painted.key}.png"
    if place.is_file() and place.stat().st_mtime >= painted.source.stat().st_mtime:
        return place
    with open_picture(painted.source) as picture:
        values = np.asarray(picture).astype(np.int64)
    if painted.classes is None:
        shown = np.where(values == _UNLABELLED, 0, values + 1)
    else:
        shown = _look_up(values[..., :3] @ np.array([1, 256, 65536]), painted.classes)
    write_values(place, shown.astype(np.uint8 if shown.max(initial=0) < 256 else np.uint16))
    return place


def _look_up(numbers: "NDArray[Any]", classes: Mapping[int, int]) -> "NDArray[np.int64]":
    """The class of each segment's pixels; 0 where there is none."""
    known, place = np.unique(numbers, return_inverse=True)
    values = np.array([classes.get(number, 0) for number in known.tolist()], np.int64)
    return values[place].reshape(numbers.shape)
