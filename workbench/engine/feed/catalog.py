"""Detectron2's two global catalogs hold a dataset only while it is in use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from detectron2.data import DatasetCatalog, MetadataCatalog

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.engine.feed.records import read_records, require_task
from workbench.formats.manifest import read_manifest
from workbench.project import Task

IGNORED = 255
THINGS, THINGS_COLOR = (
    "things",
    (82, 18, 128),
)  # the class that stands for every thing, as Detectron2 colours it
LABEL_DIVISOR = 1000  # Panoptic-DeepLab's class x 1000 + number of the object

_USES: dict[str, tuple[str, int]] = {}  # name -> the folder it stands for, and how many use it
_LOCK = Lock()


@contextmanager
def registered(
    dataset: Path, task: Task | None = None, *, whole: bool = False
) -> Iterator[Mapping[str, str]]:
    """Yield the catalog name of each part; uses may nest, and the last one to leave takes the names away.

    `whole` numbers things and stuff through, as Panoptic-DeepLab wants it, in place of the separated form.
    """
    manifest = read_manifest(dataset)
    task = require_task(dataset, manifest, task)
    folder = dataset.resolve()
    names: dict[str, str] = {}
    try:
        for part in sorted({part for part in manifest.parts.values() if f"{part}.json" in manifest.outputs}):
            name, facts = _name(folder, manifest, part, task, whole), _describe(manifest, task, whole)
            names[part] = _enter(name, folder, part, task, facts | _places(folder, manifest, part, task))
        yield names
    finally:
        for name in names.values():
            _leave(name)


def _name(folder: Path, manifest: Manifest, part: str, task: Task, whole: bool) -> str:
    form = "_whole" if whole else ("" if task == manifest.task else f"_{task}")
    name = f"{manifest.project}_{manifest.fingerprint}{form}_{part}"
    taken = _USES.get(name)
    if taken and taken[0] != str(folder):  # a copy of the same dataset elsewhere
        name += "_" + sha256(str(folder).encode()).hexdigest()[:8]
    return name


def _enter(name: str, folder: Path, part: str, task: Task, facts: Mapping[str, Any]) -> str:
    with _LOCK:
        _, uses = _USES.get(name, ("", 0))
        if not uses:
            for catalog in (DatasetCatalog, MetadataCatalog):  # left by somebody who did not come in here
                catalog.pop(name, None)
            DatasetCatalog.register(name, partial(read_records, folder, part, task))
            MetadataCatalog.get(name).set(**facts)
        _USES[name] = (str(folder), uses + 1)
    return name


def _leave(name: str) -> None:
    with _LOCK:
        folder, uses = _USES.pop(name)
        if uses > 1:
            _USES[name] = (folder, uses - 1)
            return
        for catalog in (DatasetCatalog, MetadataCatalog):
            catalog.pop(name, None)


def _describe(manifest: Manifest, task: Task, whole: bool) -> dict[str, Any]:
    """Name, colour and number the classes as the task's models have them."""
    things = [category for category in manifest.categories if category.thing]
    rest = [category for category in manifest.categories if not category.thing]
    if task == "instance":
        return {"evaluator_type": "coco", **_number("thing", things, 0)}
    if task == "semantic":
        return {
            "evaluator_type": "sem_seg",
            "ignore_label": IGNORED,
            **_number("stuff", manifest.categories, 0),
        }
    known = {"evaluator_type": "coco_panoptic_seg", "ignore_label": IGNORED, "label_divisor": LABEL_DIVISOR}
    if whole:
        every = _number("stuff", manifest.categories, 0)
        every["stuff_dataset_id_to_contiguous_id"] = {category.id: category.id - 1 for category in rest}
        first = _number("thing", manifest.categories, 0)
        first["thing_dataset_id_to_contiguous_id"] = {category.id: category.id - 1 for category in things}
        return {**known, **first, **every}
    stuff = _number("stuff", rest, 1)
    stuff["stuff_classes"].insert(0, THINGS)
    stuff["stuff_colors"].insert(0, THINGS_COLOR)
    stuff["stuff_dataset_id_to_contiguous_id"][0] = 0
    return {**known, **_number("thing", things, 0), **stuff}


def _number(kind: str, categories: "list[Category] | tuple[Category, ...]", first: int) -> dict[str, Any]:
    return {
        f"{kind}_classes": [category.name for category in categories],
        f"{kind}_colors": [tuple(category.color) for category in categories],
        f"{kind}_dataset_id_to_contiguous_id": {
            category.id: place for place, category in enumerate(categories, first)
        },
    }


def _places(folder: Path, manifest: Manifest, part: str, task: Task) -> dict[str, str]:
    """Where the files of the part lie, under the names that Detectron2's evaluators look for."""
    places = {
        "json_file": str(folder / f"{part}.json"),
        "image_root": str((folder / manifest.image_root).resolve()),
    }
    if task == "semantic":
        places["sem_seg_root"] = str(folder / f"semantic_{part}")
    if task == "panoptic":
        places["sem_seg_root"] = str(folder / f"separated_{part}")
        places["panoptic_root"] = str(folder / f"panoptic_{part}")
        places["panoptic_json"] = str(folder / f"panoptic_{part}.json")
    return places
