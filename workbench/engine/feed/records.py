"""A dataset folder becomes Detectron2's standard dicts; what Detectron2 would drop in silence is counted instead."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from detectron2.structures import BoxMode

from workbench.data.manifest import Manifest
from workbench.errors import DatasetError
from workbench.files import digest
from workbench.formats.manifest import read_manifest
from workbench.project import Task

Record = dict[str, Any]

_WITHIN: Mapping[str, tuple[Task, ...]] = {
    "instance": ("instance",),
    "semantic": ("semantic",),
    "panoptic": ("panoptic", "instance", "semantic"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is in a part, and what of it a model never sees as an object."""

    images: int
    negatives: int  # images without an object to learn from
    instances: int  # of things, crowds left out
    crowds: int  # Detectron2 leaves them out of training
    without_outline: int  # fewer than 3 points in every polygon: cannot be learnt from


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The images of one part, in the order of the file."""

    records: list[Record]
    counts: Counts


def read_records(dataset: Path, part: str, task: Task | None = None) -> list[Record]:
    """Read one part of a dataset folder; `task` may be a smaller one than the project's."""
    return read_part(dataset, part, task).records


def read_part(dataset: Path, part: str, task: Task | None = None) -> Part:
    """Read one part with its counts."""
    manifest = read_manifest(dataset)
    task = require_task(dataset, manifest, task)
    if f"{part}.json" not in manifest.outputs:
        parts = ", ".join(sorted(set(manifest.parts.values())))
        message = (
            f"must be one of the dataset's parts ({parts}), but got {part!r}; correct it, or change [split]"
        )
        raise DatasetError(dataset, part, message, "no-part")
    reader = _Reader(dataset.resolve(), manifest, part)
    records = reader.read_instances() if task != "semantic" else reader.read_images()
    if task == "semantic":
        reader.add_pictures(records, "sem_seg_file_name", f"semantic_{part}")
    elif task == "panoptic":
        reader.add_pictures(records, "sem_seg_file_name", f"separated_{part}")
        reader.add_segments(records)
    return Part(records=records, counts=reader.count(records))


def require_task(dataset: Path, manifest: Manifest, task: Task | None) -> Task:
    """Return the task to read for, or say that this dataset was not converted for it."""
    known = _WITHIN[manifest.task]
    if task is not None and task not in known:
        message = (
            f'must be converted with task = "{task}" or "panoptic", but was with "{manifest.task}"; '
            "change it in project.toml and run workbench convert again"
        )
        raise DatasetError(dataset, "task", message, "other-task")
    return task or known[0]


class _Reader:
    """One part of one dataset while it is read."""

    def __init__(self, folder: Path, manifest: Manifest, part: str) -> None:
        self.folder, self.manifest, self.part = folder, manifest, part
        self.things = {
            category.id: place for place, category in enumerate(c for c in manifest.categories if c.thing)
        }
        self.root = (folder / manifest.image_root).resolve()
        self.digests = {source.annotation: source.image_digest for source in manifest.sources}
        self.seen: Counter[str] = Counter()
        self.raw = self._load(f"{part}.json")

    def _load(self, name: str) -> Any:
        """Read a json that is as convert wrote it: what its digest vouches for needs no further check."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            message = (
                f"must be there, but cannot be read ({error.strerror}); delete the folder and convert again"
            )
            raise DatasetError(path, "", message, "dataset-missing") from error
        wanted, got = self.manifest.outputs.get(name, ""), digest(content)
        if wanted != got:
            message = f"must be as converted ({wanted[:12]}…), but is {got[:12]}…; delete the folder and convert again"
            raise DatasetError(path, "", message, "dataset-changed")
        return orjson.loads(content)

    def read_images(self) -> list[Record]:
        """One record an image, without its objects."""
        return [self._image(row) for row in self.raw["images"]]

    def _image(self, row: Mapping[str, Any]) -> Record:
        name: str = row["file_name"]
        path = os.path.normpath(self.root / name)
        own = os.path.relpath(path, self.folder)
        inside = own in self.manifest.outputs  # it existed only inside its json: the annotation names it
        return {
            "file_name": path,
            "image_id": row["id"],
            "height": row["height"],
            "width": row["width"],
            "key": row["annotation"] if inside else name,
            "digest": self.manifest.outputs[own] if inside else self.digests.get(row["annotation"], ""),
        }

    def read_instances(self) -> list[Record]:
        """One record an image, each with its things."""
        records = self.read_images()
        places: dict[int, list[Record]] = {}
        for record in records:
            places[record["image_id"]] = record["annotations"] = []
        for row in self.raw["annotations"]:
            if (thing := self._instance(row)) is not None:
                places[row["image_id"]].append(thing)
        return records

    def _instance(self, row: Mapping[str, Any]) -> Record | None:
        outline = row["segmentation"]
        if isinstance(outline, list):
            outline = [np.asarray(ring, np.float64) for ring in outline if len(ring) >= 6]
            if not outline:
                self.seen["without_outline"] += 1
                return None
        self.seen["crowds" if row["iscrowd"] else "instances"] += 1
        return {
            "bbox": row["bbox"],
            "bbox_mode": BoxMode.XYWH_ABS,
            "category_id": self.things[row["category_id"]],
            "segmentation": outline,
            "iscrowd": row["iscrowd"],
            "id": row["id"],
        }

    def add_pictures(self, records: list[Record], key: str, folder: str) -> None:
        """Name the PNG of each image: by its stem, or where two images share one, by its whole name."""
        outputs = self.manifest.outputs
        for record in records:
            name = next((name for name in _pictures(folder, record["key"]) if name in outputs), None)
            if name is None:
                message = (
                    f"must have a PNG of {record['key']}, but has none; delete the folder and convert again"
                )
                raise DatasetError(self.folder / folder, "", message, "dataset-missing")
            record[key] = str(self.folder / name)
            record[key.replace("file_name", "digest")] = outputs[name]

    def add_segments(self, records: list[Record]) -> None:
        """Add the segments of COCO panoptic; their class ids count all classes from 0."""
        raw = self._load(f"panoptic_{self.part}.json")
        rows = {row["image_id"]: row for row in raw["annotations"]}
        for record in records:
            row = rows[record["image_id"]]
            name = f"panoptic_{self.part}/{row['file_name']}"
            record["pan_seg_file_name"] = str(self.folder / name)
            record["pan_seg_digest"] = self.manifest.outputs.get(name, "")
            record["segments_info"] = [
                {
                    **segment,
                    "category_id": segment["category_id"] - 1,
                    "isthing": segment["category_id"] in self.things,
                }
                for segment in row["segments_info"]
            ]

    def count(self, records: list[Record]) -> Counts:
        """Sum up."""
        negatives = sum("annotations" in record and not has_objects(record) for record in records)
        names = ("instances", "crowds", "without_outline")
        return Counts(images=len(records), negatives=negatives, **{name: self.seen[name] for name in names})


def has_objects(record: Mapping[str, Any]) -> bool:
    """Is there anything in this image that is no crowd?"""
    return any(not thing["iscrowd"] for thing in record.get("annotations", ()))


def _pictures(folder: str, key: str) -> Iterator[str]:
    yield f"{folder}/{key}.png"
    yield f"{folder}/{key.rpartition('.')[0]}.png"
