"""What the model is given, drawn: images after augmentation with their boxes, outlines and classes of each pixel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data.detection_utils import convert_image_to_rgb
from detectron2.structures import BitMasks, Instances, PolygonMasks, polygons_to_bitmask
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from workbench.data.dataset import Category, Color
from workbench.data.manifest import Manifest
from workbench.engine.feed.loader import Batch
from workbench.files import write_atomically
from workbench.project import Task

TILE, GAP, HEAD, CAPTION, COLUMNS = 300, 12, 64, 24, 4
PAPER, INK, FAINT = (250, 249, 246), (32, 33, 36), (112, 115, 120)
FILL, STUFF_FILL = 0.30, 0.38
NOTHING_KNOWN = (255, 0, 255)

Canvas = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The classes by the numbers that a sample has them under; None stands for every thing."""

    things: Sequence[Category]
    pixels: Mapping[int, Category | None]


def build_palette(manifest: Manifest, task: Task, *, whole: bool = False) -> Palette:
    """Number the classes as the samples of a task have them; `whole` as in registered()."""
    things = [category for category in manifest.categories if category.thing]
    every: dict[int, Category | None] = {category.id - 1: category for category in manifest.categories}
    if task == "instance":
        return Palette(things=things, pixels={})
    if task == "semantic" or whole:
        return Palette(things=things, pixels=every)
    stuff = [category for category in manifest.categories if not category.thing]
    return Palette(things=things, pixels={0: None, **dict(enumerate(stuff, 1))})


def draw_batch_sheet(
    batches: Iterable[Batch], path: Path, palette: Palette, cfg: CfgNode, title: str = "training batches"
) -> None:
    """Write a PNG with a row of tiles for each batch, under a key of the classes."""
    rows = [
        (batch.number, [_draw_tile(sample, palette, cfg.INPUT.FORMAT) for sample in part], part)
        for batch in batches
        for part in _split(batch.samples)
    ]
    heights = [max(tile.height for tile in tiles) + CAPTION + GAP for _, tiles, _ in rows]
    columns = max((len(tiles) for _, tiles, _ in rows), default=1)
    sheet = Image.new("RGB", (GAP + max(columns, 2) * (TILE + GAP), HEAD + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 10), title, INK, _font(20))
    _draw_key(sheet, palette)
    y = HEAD
    for (number, tiles, samples), height in zip(rows, heights, strict=True):
        for column, (tile, sample) in enumerate(zip(tiles, samples, strict=True)):
            x = GAP + column * (TILE + GAP)
            sheet.paste(tile, (x, y))
            draw.text((x, y + tile.height + 4), _caption(number, sample), FAINT, _font(12))
        y += height
    stream = BytesIO()
    sheet.save(stream, "PNG")
    write_atomically(path, stream.getvalue())


def _split(samples: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    return [samples[at : at + COLUMNS] for at in range(0, len(samples), COLUMNS)]


def _caption(number: int, sample: Mapping[str, Any]) -> str:
    height, width = sample["image"].shape[-2:]
    name = str(sample["key"])
    name = name if len(name) <= 24 else "…" + name[-23:]
    return f"batch {number}  {name}  {width} x {height}"


def _draw_tile(sample: Mapping[str, Any], palette: Palette, form: str) -> Image.Image:
    """Tint at the model's own resolution, then scale, then draw what must stay sharp."""
    image = convert_image_to_rgb(sample["image"].permute(1, 2, 0), form)
    canvas = np.asarray(image).astype(np.float32)
    if "sem_seg" in sample:
        _tint_pixels(canvas, sample["sem_seg"].numpy(), palette)
    objects = sample.get("instances")
    scale = TILE / max(canvas.shape[:2])
    size = (max(1, round(canvas.shape[1] * scale)), max(1, round(canvas.shape[0] * scale)))
    canvas = np.asarray(Image.fromarray(canvas.astype(np.uint8)).resize(size)).astype(np.float32)
    if objects is not None:
        _tint_objects(canvas, objects, palette.things)
    tile = Image.fromarray(canvas.astype(np.uint8))
    if objects is not None:
        _draw_boxes(tile, objects, palette.things, scale)
    return tile


def _tint_pixels(canvas: Canvas, labels: NDArray[np.int64], palette: Palette) -> None:
    for value, category in palette.pixels.items():
        if category is not None:
            seen = labels == value
            canvas[seen] = canvas[seen] * (1 - STUFF_FILL) + np.array(category.color, np.float32) * STUFF_FILL
    _hatch(canvas, labels == 255)


def _hatch(canvas: Canvas, seen: NDArray[np.bool_]) -> None:
    """Stripes where nothing is known: neither loss nor score looks there."""
    rows, columns = np.indices(seen.shape)
    stripes = seen & ((rows + columns) // max(2, max(seen.shape) // 100) % 4 == 0)
    canvas[stripes] = NOTHING_KNOWN


def _tint_objects(canvas: Canvas, objects: Instances, things: Sequence[Category]) -> None:
    if not objects.has("gt_masks"):
        return
    for seen, number in zip(_masks(objects, canvas.shape[:2]), objects.gt_classes.tolist(), strict=True):
        color = np.array(things[number].color, np.float32)
        canvas[seen] = canvas[seen] * (1 - FILL) + color * FILL
        inside = seen.copy()
        inside[1:-1, 1:-1] &= seen[2:, 1:-1] & seen[:-2, 1:-1] & seen[1:-1, 2:] & seen[1:-1, :-2]
        canvas[seen & ~inside] = color


def _masks(objects: Instances, shape: tuple[int, ...]) -> Iterable[NDArray[np.bool_]]:
    height, width = shape[0], shape[1]
    masks = objects.gt_masks
    scale = np.array([width / objects.image_size[1], height / objects.image_size[0]])
    if isinstance(masks, PolygonMasks):
        for rings in masks.polygons:
            scaled = [(ring.reshape(-1, 2) * scale).ravel() for ring in rings]
            yield np.asarray(polygons_to_bitmask(scaled, height, width), bool)
    elif isinstance(masks, BitMasks):
        for mask in masks.tensor:
            picture = Image.fromarray(mask.to(torch.uint8).numpy() * 255)
            yield np.asarray(picture.resize((width, height), Image.Resampling.BOX)) > 127


def _draw_boxes(tile: Image.Image, objects: Instances, things: Sequence[Category], scale: float) -> None:
    draw = ImageDraw.Draw(tile)
    boxes = (objects.gt_boxes.tensor * scale).tolist()
    numbers = objects.gt_classes.tolist()
    for (x_min, y_min, x_max, y_max), number in zip(boxes, numbers, strict=True):
        frame = (x_min, y_min, max(x_min, x_max - 1), max(y_min, y_max - 1))
        draw.rectangle(frame, outline=things[number].color)
    for (x_min, y_min, x_max, y_max), number in zip(boxes, numbers, strict=True):
        if x_max - x_min >= 24 and y_max - y_min >= 12:  # a name would hide what is smaller
            _draw_name(draw, (x_min, y_min), things[number])


def _draw_name(draw: ImageDraw.ImageDraw, corner: tuple[float, float], category: Category) -> None:
    corner = (corner[0] + 2, max(1, corner[1] - 14))  # on top of the box, where there is room
    left, top, right, bottom = draw.textbbox(corner, category.name, _font(11))
    draw.rectangle((left - 2, top - 2, right + 2, bottom + 1), fill=category.color)
    draw.text(corner, category.name, _ink_on(category.color), _font(11))


def _ink_on(color: Color) -> Color:
    red, green, blue = color
    return INK if 0.3 * red + 0.59 * green + 0.11 * blue > 140 else (255, 255, 255)


def _draw_key(sheet: Image.Image, palette: Palette) -> None:
    every = {category.id: category for category in palette.things}
    every |= {category.id: category for category in palette.pixels.values() if category}
    draw, x = ImageDraw.Draw(sheet), GAP
    rows = [(category.name, category.color) for _, category in sorted(every.items())]
    rows += [("nothing known (striped)", NOTHING_KNOWN)] if palette.pixels else []
    for name, color in rows:
        draw.rounded_rectangle((x, 41, x + 13, 54), 3, color)
        draw.text((x + 19, 39), name, INK, _font(14))
        x += 19 + round(draw.textlength(name, _font(14))) + 18
        if x > sheet.width - 100:
            break


def _font(size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    return ImageFont.load_default(size)
