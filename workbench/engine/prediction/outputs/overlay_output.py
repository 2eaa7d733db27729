"""Photographs with what was found drawn over them, each object named, large enough to judge an outline by."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from workbench.data.dataset import Category, Color
from workbench.data.mask import array_to_mask, measure
from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.names import Named
from workbench.files import write_atomically
from workbench.report.drawing.pencil import Job, Mark, View, draw_views
from workbench.report.drawing.silhouette import Window

FOLDER = "overlay"
LARGEST, LEAST = 1600, 640  # px of the longer side: large photographs are drawn smaller, thumbnails larger
QUALITY = 88
CROWDED = 60  # labels on a picture: more hide what they name
DARK, LIGHT = (24, 24, 26), (255, 255, 255)
STUFF = 0.42  # how strongly the ground is painted, on which things stand

Label = tuple[Window, str, Color]


class OverlayOutput:
    """One JPEG an image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self, images: Iterable[Named]) -> list[str]:
        """One an image."""
        return [f"{FOLDER}/{one.overlay}" for one in images]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Draw one."""
        name = f"{FOLDER}/{named.overlay}"
        picture = draw_overlay(seen)
        if picture is None:
            return []
        stream = BytesIO()
        picture.save(stream, "JPEG", quality=QUALITY)
        write_atomically(self._folder / name, stream.getvalue())
        return [name]

    def close(self) -> list[str]:
        """Nothing belongs to all images."""
        return []

    def drop(self) -> None:
        """Nothing is half-written."""


def draw_overlay(seen: Seen) -> Image.Image | None:
    """Tint each object in its class's colour and write its name and score beside it."""
    kinds = {category.id: category for category in seen.categories}
    pairs = list(_mark(seen, kinds))
    side = min(max(seen.width, seen.height, LEAST), LARGEST)
    view = View(
        key="", window=(0, 0, seen.width, seen.height), side=side, marks=tuple(mark for mark, _ in pairs)
    )
    drawn = draw_views(Job(path=seen.path, size=(seen.width, seen.height), views=(view,)))
    if not drawn:
        return None
    picture = drawn[0][1]
    scale = picture.width / seen.width
    if len(pairs) <= CROWDED:
        labels = [(mark.box, text, mark.color) for mark, text in pairs if text]
        _write_labels(picture, labels, scale)
    return picture


def _mark(seen: Seen, kinds: Mapping[int, Category]) -> Iterator[tuple[Mark, str]]:
    if seen.segment_ids is not None:
        for segment in sorted(seen.segments, key=lambda one: kinds[one["category_id"]].thing):
            yield from _paint(seen.segment_ids == segment["id"], kinds[segment["category_id"]])
    elif seen.semantic is not None:
        for place, category in enumerate(seen.categories):
            yield from _paint(seen.semantic == place, category)
    else:
        for one in reversed(seen.found):  # the surest on top
            kind = kinds[one.category_id]
            rle = one.segmentation.to_rle() if one.segmentation else None
            box = (one.box.x_min, one.box.y_min, one.box.x_max, one.box.y_max)
            yield Mark(color=kind.color, box=box, segmentation=rle), f"{kind.name} {one.score:.2f}"


def _paint(
    array: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", kind: Category
) -> Iterator[tuple[Mark, str]]:
    mask = array_to_mask(array.view(np.uint8))
    ((pixels, box),) = measure([mask])
    if pixels:
        window = (box.x_min, box.y_min, box.x_max, box.y_max)
        fill = 0.3 if kind.thing else STUFF
        yield Mark(color=kind.color, box=window, segmentation=mask.to_rle(), fill=fill), kind.name


def _write_labels(picture: Image.Image, labels: Iterable[Label], scale: float) -> None:
    """Write at the top left corner of each object, moved down where another label stands already."""
    size = max(12, max(picture.size) // 64)
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(picture)
    high = round(size * 1.45)
    taken: list[Window] = []
    for box, text, color in labels:
        wide = round(draw.textlength(text, font)) + size
        left = min(max(0, round(box[0] * scale)), max(0, picture.width - wide))
        top = min(max(0, round(box[1] * scale) - high // 2), picture.height - high)
        for _ in range(6):
            if not any(_meet((left, top, left + wide, top + high), other) for other in taken):
                break
            top = min(top + high + 2, picture.height - high)
        taken.append((left, top, left + wide, top + high))
        draw.rounded_rectangle((left, top, left + wide, top + high), high // 3, color, LIGHT)
        draw.text((left + size // 2, top + high // 2), text, _choose_ink(color), font, anchor="lm")


def _meet(one: Window, other: Window) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _choose_ink(color: Color) -> Color:
    """Black or white, whichever is read better on it."""
    red, green, blue = color
    return DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else LIGHT
