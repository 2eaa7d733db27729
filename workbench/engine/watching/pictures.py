"""What a model finds, beside the truth, on the same few validation images at each evaluation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from workbench.data.dataset import Category
from workbench.data.geometry import Outline
from workbench.data.mask import Mask, array_to_mask, outline_to_mask, require_mask
from workbench.engine.feed.records import read_records
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.prediction.answers import Answer, Asker
from workbench.files import sweep, write_atomically
from workbench.formats.manifest import read_manifest
from workbench.report.drawing.sheet import FAINT, GAP, INK, PAPER, Tile, draw_tile

IMAGES = 6  # enough to see what is wrong, few enough to cost nothing
LEAST = 0.5  # the score from which on an object is drawn
HEAD, LINE = 66, 22
BARE = 12  # labels on a tile; more hide what they name


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One object on a picture; `score` is None for the truth."""

    mask: Mask
    category: Category
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One image: what is there, and what was found."""

    path: Path
    name: str
    truth: tuple[Seen, ...]
    found: tuple[Seen, ...]


class Pictures:
    """Chooses the images once, and draws them at any step."""

    def __init__(self, dataset: Path, part: str, cfg: CfgNode, count: int = IMAGES) -> None:
        self._cfg = cfg
        self._categories = read_manifest(dataset).categories
        records = read_records(dataset, part)
        full = [record for record in records if record.get("annotations", True)] or records
        count = min(count, len(full))
        self._records = [full[place * len(full) // count] for place in range(count)]

    def draw(self, model: torch.nn.Module, step: int, path: Path) -> NDArray[np.uint8] | None:
        """Ask the model as it stands (in eval mode), write the sheet, and return it."""
        if not self._records:
            return None
        asker = Asker(model, self._cfg, self._categories)
        pairs = [self._ask(asker, record) for record in self._records]
        sheet = draw_sheet(f"step {step}", pairs, self._categories)
        stream = BytesIO()
        sheet.save(stream, "PNG")
        sweep(path.parent)  # what a kill left half-written
        write_atomically(path, stream.getvalue())
        return np.asarray(sheet)

    def _ask(self, asker: Asker, record: Mapping[str, Any]) -> Pair:
        return Pair(
            path=Path(record["file_name"]),
            name=record["key"],
            truth=read_truth(record, self._categories),
            found=read_answer(asker.ask(make_test_sample(record, self._cfg)), self._categories),
        )


def name_picture(step: int) -> str:
    """Names that sort as the steps do."""
    return f"step_{step:07}.png"


def read_truth(record: Mapping[str, Any], categories: Sequence[Category]) -> tuple[Seen, ...]:
    """Return what a record says is there."""
    if "segments_info" in record:
        colors = np.asarray(Image.open(record["pan_seg_file_name"])).astype(np.int64)
        infos = [(row["id"], categories[row["category_id"]]) for row in record["segments_info"]]
        return _read_segments(colors @ np.array([1, 256, 65536]), infos)
    if "annotations" not in record:
        return _read_classes(np.asarray(Image.open(record["sem_seg_file_name"])), categories)
    things = [category for category in categories if category.thing]
    size = (record["width"], record["height"])
    return tuple(
        Seen(mask=_read_mask(row["segmentation"], *size), category=things[row["category_id"]])
        for row in record["annotations"]
    )


def read_answer(answer: Answer, categories: Sequence[Category]) -> tuple[Seen, ...]:
    """Return what a model found: segments, or objects with a fair score, or the class of each pixel."""
    known = {category.id: category for category in categories}
    if answer.segment_ids is not None:
        infos = [(row["id"], known[row["category_id"]]) for row in answer.segments]
        return _read_segments(answer.segment_ids, infos)
    if answer.rows is not None:
        rows = [row for row in answer.rows if row["score"] >= LEAST]
        return tuple(
            Seen(mask=_row_to_mask(row), category=known[row["category_id"]], score=row["score"])
            for row in rows
            if "segmentation" in row
        )
    return () if answer.semantic is None else _read_classes(answer.semantic, categories)


def _read_segments(ids: NDArray[Any], infos: Sequence[tuple[int, Category]]) -> tuple[Seen, ...]:
    return tuple(Seen(mask=_to_mask(ids == number), category=category) for number, category in infos)


def _read_classes(values: NDArray[Any], categories: Sequence[Category]) -> tuple[Seen, ...]:
    there = set(np.unique(values).tolist())
    return tuple(
        Seen(mask=_to_mask(values == place), category=category)
        for place, category in enumerate(categories)
        if place in there
    )


def _to_mask(seen: NDArray[np.bool_]) -> Mask:
    return array_to_mask(seen.astype(np.uint8))


def _row_to_mask(row: Mapping[str, Any]) -> Mask:
    (height, width), counts = row["segmentation"]["size"], row["segmentation"]["counts"]
    return require_mask(height, width, counts)


def _read_mask(segmentation: Any, width: int, height: int) -> Mask:
    if isinstance(segmentation, Mapping):
        return require_mask(height, width, segmentation["counts"])
    return outline_to_mask(Outline(tuple(tuple(map(float, ring)) for ring in segmentation)), width, height)


def draw_sheet(title: str, pairs: Sequence[Pair], categories: Sequence[Category]) -> Image.Image:
    """Two images a row, each twice: the truth on the left, what was found on the right."""
    drawn = [(pair, _draw(pair.path, pair.truth), _draw(pair.path, pair.found)) for pair in pairs]
    width = max(tile.width for _, tile, _ in drawn)
    columns = min(2, len(drawn))
    rows = [drawn[at : at + columns] for at in range(0, len(drawn), columns)]
    heights = [max(tile.height for _, tile, _ in row) + LINE + GAP for row in rows]
    block = 2 * width + 4 + 2 * GAP
    sheet = Image.new("RGB", (max(GAP + columns * block, 640), HEAD + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 10), title, INK, _font(20))
    _write_key(draw, [one for one in categories if _appears(one, pairs)], sheet.width)
    y = HEAD
    for row, height in zip(rows, heights, strict=True):
        for column, (pair, truth, found) in enumerate(row):
            x = GAP + column * block
            sheet.paste(truth, (x, y))
            sheet.paste(found, (x + truth.width + 4, y))
            draw.text(
                (x, y + truth.height + 3), _shorten(f"truth  {pair.name}", truth.width // 8), FAINT, _font(13)
            )
            draw.text((x + truth.width + 4, y + truth.height + 3), _count(pair), FAINT, _font(13))
        y += height
    return sheet


def _appears(category: Category, pairs: Sequence[Pair]) -> bool:
    return any(seen.category.id == category.id for pair in pairs for seen in (*pair.truth, *pair.found))


def _count(pair: Pair) -> str:
    number = sum(seen.category.thing for seen in pair.found)
    total = sum(seen.category.thing for seen in pair.truth)
    return f"found {number}, there {'is' if total == 1 else 'are'} {total}" if number or total else "found"


def _draw(path: Path, objects: Sequence[Seen]) -> Image.Image:
    tile = Tile(path=path, caption="", objects=tuple((seen.mask, seen.category) for seen in objects))
    picture = draw_tile(tile)
    draw = ImageDraw.Draw(picture)
    things = [seen for seen in objects if seen.category.thing]
    for seen in things[:BARE]:
        if seen.score is not None:
            _label(draw, seen, picture.size)
    return picture


def _label(draw: ImageDraw.ImageDraw, seen: Seen, size: tuple[int, int]) -> None:
    """The class and its score, in a box of the class's colour at the object's upper left, inside the picture."""
    from workbench.data.mask import box

    scale = size[0] / seen.mask.width
    corner, text = box(seen.mask), f"{_shorten(seen.category.name, 16)} {seen.score:.2f}"
    wide = draw.textlength(text, _font(11)) + 6
    x = min(max(corner.x_min * scale, 0), max(size[0] - wide, 0))
    y = min(max(corner.y_min * scale - 14, 0), size[1] - 14)
    draw.rectangle((x, y, x + wide, y + 14), seen.category.color)
    draw.text((x + 3, y), text, _ink_on(seen.category.color), _font(11))


def _ink_on(color: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = color
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else (255, 255, 255)


def _write_key(draw: ImageDraw.ImageDraw, categories: Sequence[Category], width: int) -> None:
    x = GAP
    for category in categories:
        end = x + 19 + round(draw.textlength(category.name, _font(14))) + 18
        if end > width:
            break
        draw.rounded_rectangle((x, 43, x + 13, 56), 3, category.color)
        draw.text((x + 19, 41), category.name, INK, _font(14))
        x = end


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]


def _font(size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    return ImageFont.load_default(size)


def show_predictions(
    pictures: Pictures,
    model: torch.nn.Module,
    step: int,
    folder: Path,
    show: Callable[[int, str, Any], object],
) -> None:
    """Draw into the run's folder, and for whoever looks on."""
    array = pictures.draw(model, step, folder / name_picture(step))
    if array is not None:
        show(step, "predictions", array)
