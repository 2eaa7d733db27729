"""What a dataset folder holds, measured once: classes, counts, image sizes, and boxes as they reach the model."""

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workbench.data.manifest import Manifest
from workbench.errors import DatasetError
from workbench.formats.manifest import read_manifest

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class PartFacts:
    """One part (train, val, test): arrays, one row an image or an object; crowds are no objects here."""

    sizes: Floats  # (images, 2): width, height
    boxes: Floats  # (objects, 4): x, y, width, height
    box_image: Ints  # the image of each box, its place in `sizes`
    box_class: Ints  # the class of each box, counted from 0 in the order of the things
    crowds: int  # regions of many objects that nobody told apart
    run_lengths: int  # objects whose mask polygons cannot hold
    class_images: tuple[int, ...]  # images with each class, in the order of things and stuff
    class_instances: tuple[int, ...]
    stuff_areas: Floats  # pixels of each segment of stuff

    @property
    def images(self) -> int:
        """The number of images."""
        return len(self.sizes)

    @cached_property
    def objects(self) -> Ints:
        """The number of objects of each image."""
        return np.bincount(self.box_image, minlength=self.images).astype(np.int64)

    @property
    def negatives(self) -> int:
        """Images without an object."""
        return int((self.objects == 0).sum())

    def resize_boxes(self, short_edge: float, long_edge: float) -> Floats:
        """Width and height of every box after Detectron2 has resized its image."""
        scales = resize_scales(self.sizes, short_edge, long_edge)
        return np.asarray(self.boxes[:, 2:] * scales[self.box_image][:, None])


@dataclass(frozen=True, kw_only=True, eq=False)
class DatasetFacts:
    """What training is derived from."""

    fingerprint: str
    task: str
    things: tuple[str, ...]
    stuff: tuple[str, ...]
    parts: Mapping[str, PartFacts]

    @property
    def train(self) -> PartFacts:
        """The part that is learnt from."""
        return self.parts["train"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Things, then stuff."""
        return self.things + self.stuff

    def most_objects(self) -> int:
        """The largest number of objects in an image of any part."""
        return max((int(part.objects.max()) for part in self.parts.values() if part.images), default=0)


def resize_scales(sizes: Floats, short_edge: float, long_edge: float) -> Floats:
    """By how much Detectron2's ResizeShortestEdge scales images of these sizes."""
    scales = short_edge / sizes.min(axis=1)
    return np.asarray(np.minimum(scales, long_edge / sizes.max(axis=1)))


def read_facts(dataset: Path) -> DatasetFacts:
    """Measure a dataset folder of `workbench convert`."""
    manifest = read_manifest(dataset)
    things = tuple(category.name for category in manifest.categories if category.thing)
    stuff = tuple(category.name for category in manifest.categories if not category.thing)
    parts = {
        part: _read_part(dataset, part, manifest, (things, stuff))
        for part in ("train", "val", "test")
        if (dataset / f"{part}.json").is_file() or part in manifest.counts["parts"]
    }
    if "train" not in parts or not parts["train"].images:
        message = "must have images in its part train, but has none; check [split] in project.toml"
        raise DatasetError(dataset, "train", message, "no-images")
    return DatasetFacts(
        fingerprint=manifest.fingerprint, task=manifest.task, things=things, stuff=stuff, parts=parts
    )


def _read_part(
    dataset: Path, part: str, manifest: Manifest, classes: tuple[tuple[str, ...], tuple[str, ...]]
) -> PartFacts:
    """Read one part; the json's own order of images is kept."""
    coco = _read_json(dataset / f"{part}.json")
    place = {row["id"]: index for index, row in enumerate(coco["images"])}
    number = {category.name: index for index, category in enumerate(manifest.categories)}
    of_class = {row["id"]: number[row["name"]] for row in coco["categories"]}
    rows = [row for row in coco["annotations"] if not row["iscrowd"]]
    counts = manifest.counts["parts"][part]["classes"]
    return PartFacts(
        sizes=np.array([(row["width"], row["height"]) for row in coco["images"]], float).reshape(-1, 2),
        boxes=np.array([row["bbox"] for row in rows], float).reshape(-1, 4),
        box_image=np.array([place[row["image_id"]] for row in rows], np.int64),
        box_class=np.array([of_class[row["category_id"]] for row in rows], np.int64),
        crowds=len(coco["annotations"]) - len(rows),
        run_lengths=sum(isinstance(row["segmentation"], dict) for row in rows),
        class_images=tuple(counts[name]["images"] for name in (*classes[0], *classes[1])),
        class_instances=tuple(counts[name]["instances"] for name in (*classes[0], *classes[1])),
        stuff_areas=_read_stuff(dataset / f"panoptic_{part}.json"),
    )


def _read_stuff(path: Path) -> Floats:
    """The areas of stuff in what is left to see of it; none where the dataset is not panoptic."""
    if not path.is_file():
        return np.zeros(0)
    panoptic = _read_json(path)
    things = {row["id"] for row in panoptic["categories"] if row["isthing"]}
    segments = (one for row in panoptic["annotations"] for one in row["segments_info"])
    return np.array([one["area"] for one in segments if one["category_id"] not in things], float)


def _read_json(path: Path) -> Any:
    """Read a file of the dataset; a million small objects are made faster with the collector at rest."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        message = f"must be JSON that can be read, but is not ({error}); delete the folder and convert again"
        raise DatasetError(path, "", message, "bad-dataset") from error
    finally:
        if was_on:
            gc.enable()
