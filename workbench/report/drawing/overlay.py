"""What a dataset folder teaches, drawn: read back from its own files, not from the annotations."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from workbench.data.dataset import Category
from workbench.data.geometry import Outline
from workbench.data.manifest import Manifest
from workbench.data.mask import Mask, array_to_mask, outline_to_mask, require_mask
from workbench.formats.manifest import read_manifest
from workbench.report.drawing.sheet import Tile, write_sheet

TILES = 16


def draw_dataset(folder: Path, out: Path, title: str, tiles: int = TILES) -> None:
    """Write a sheet of images of each part, validation first, spread evenly."""
    manifest = read_manifest(folder)
    parts = [part for part in ("val", "test", "train") if part in set(manifest.parts.values())]
    share = max(1, tiles // len(parts))
    chosen: list[Tile] = []
    for part in parts:
        room = tiles - len(chosen) if part == parts[-1] else share
        chosen += _spread(list(_read_tiles(folder, manifest, part)), room)
    write_sheet(out, title, chosen)


def _spread(tiles: Sequence[Tile], count: int) -> list[Tile]:
    count = min(count, len(tiles))
    return [tiles[place * len(tiles) // count] for place in range(count)]


def _read_tiles(folder: Path, manifest: Manifest, part: str) -> Iterator[Tile]:
    if manifest.task == "panoptic":
        yield from _read_panoptic(folder, manifest, part)
    elif manifest.task == "semantic":
        yield from _read_semantic(folder, manifest, part)
    else:
        yield from _read_instances(folder, manifest, part)


def _read_instances(folder: Path, manifest: Manifest, part: str) -> Iterator[Tile]:
    categories = {category.id: category for category in manifest.categories}
    raw = orjson.loads((folder / f"{part}.json").read_bytes())
    objects: dict[int, list[tuple[Mask, Category]]] = {image["id"]: [] for image in raw["images"]}
    sizes = {image["id"]: (image["width"], image["height"]) for image in raw["images"]}
    for one in raw["annotations"]:
        mask = _read_mask(one["segmentation"], *sizes[one["image_id"]])
        objects[one["image_id"]].append((mask, categories[one["category_id"]]))
    for image in raw["images"]:
        yield _tile(folder, manifest, part, image["file_name"], objects[image["id"]])


def _read_mask(segmentation: Any, width: int, height: int) -> Mask:
    if isinstance(segmentation, dict):
        return require_mask(height, width, segmentation["counts"])
    return outline_to_mask(Outline(tuple(tuple(ring) for ring in segmentation)), width, height)


def _read_panoptic(folder: Path, manifest: Manifest, part: str) -> Iterator[Tile]:
    import numpy as np
    from PIL import Image

    categories = {category.id: category for category in manifest.categories}
    raw = orjson.loads((folder / f"panoptic_{part}.json").read_bytes())
    names = {image["id"]: image["file_name"] for image in raw["images"]}
    for one in raw["annotations"]:
        colors = np.asarray(Image.open(folder / f"panoptic_{part}" / one["file_name"])).astype(np.uint32)
        ids = colors @ np.array([1, 256, 65536], np.uint32)
        objects = [
            (array_to_mask(ids == row["id"]), categories[row["category_id"]]) for row in one["segments_info"]
        ]
        yield _tile(folder, manifest, part, names[one["image_id"]], objects)


def _read_semantic(folder: Path, manifest: Manifest, part: str) -> Iterator[Tile]:
    import numpy as np
    from PIL import Image

    pictures = sorted((folder / f"semantic_{part}").rglob("*.png"))
    names = orjson.loads((folder / f"{part}.json").read_bytes())["images"]
    for image, picture in zip(names, pictures, strict=True):
        values = np.asarray(Image.open(picture))
        found = [category for category in manifest.categories if (values == category.id - 1).any()]
        objects = [(array_to_mask(values == category.id - 1), category) for category in found]
        yield _tile(folder, manifest, part, image["file_name"], objects)


def _tile(
    folder: Path, manifest: Manifest, part: str, name: str, objects: Sequence[tuple[Mask, Category]]
) -> Tile:
    return Tile(path=folder / manifest.image_root / name, caption=f"{part}  {name}", objects=tuple(objects))
