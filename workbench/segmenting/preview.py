"""A sheet of images with what each method finds in them, for a person to choose by."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.data.colors import category_color
from workbench.files import write_atomically
from workbench.segmenting.pictures import open_upright
from workbench.segmenting.segment import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]

TILE, GAP, HEAD, CAPTION, TITLES = 280, 12, 62, 24, 44
PAPER, INK, FAINT, RULE = (250, 249, 246), (32, 33, 36), (112, 115, 120), (222, 220, 214)
FILL, WIDE = 0.22, 2
WRAP = 4  # tiles in a row where there is one method


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one method found in one image, and a line under it."""

    regions: tuple[Region, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One image with the tries of all methods, in their order."""

    path: Path
    name: str
    tries: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A method, and what is to be said of it as a whole."""

    title: str
    note: str


def draw_preview(
    path: Path, title: tuple[str, str], columns: Sequence[Column], strips: Sequence[Strip]
) -> None:
    """Write the sheet: several methods side by side with the image as it is first, or one method in rows of tiles."""
    tiles = [_draw_strip(strip, alone=len(columns) == 1) for strip in strips]
    sheet = (
        _lay_side_by_side(columns, tiles)
        if len(columns) > 1
        else _lay_in_rows([one for row in tiles for one in row])
    )
    pen = _pen(sheet)
    pen.text((GAP, 9), title[0], INK, _font(20))
    pen.text((GAP, 36), title[1], FAINT, _font(13))
    stream = BytesIO()
    sheet.save(stream, "PNG")
    write_atomically(path, stream.getvalue())


Tile = tuple["Picture", str]


def _draw_strip(strip: Strip, *, alone: bool) -> list[Tile]:
    picture, size = open_upright(strip.path, 2 * TILE)
    share = TILE / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * share)), max(1, round(picture.height * share))))
    drawn = [(_draw(picture, size, one.regions), one.note) for one in strip.tries]
    if alone:
        return [(drawn[0][0], f"{_shorten(strip.name, 26)}  {drawn[0][1]}")]
    return [(picture, _shorten(strip.name, 40)), *drawn]


def _draw(picture: "Picture", size: tuple[int, int], regions: Sequence[Region]) -> "Picture":
    """Each object in a colour of its own: a light fill, a line, and a white line around it."""
    from PIL import Image

    pixels = np.asarray(picture).astype(np.float32)
    for number, region in enumerate(regions, 1):
        _tint(pixels, _shrink(region, size, picture.size), np.array(category_color(number), np.float32))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _shrink(region: Region, size: tuple[int, int], shown: tuple[int, int]) -> "Bools":
    from PIL import Image

    share = shown[0] / size[0], shown[1] / size[1]
    high, wide = region.pixels.shape
    left, top = round(region.left * share[0]), round(region.top * share[1])
    right, bottom = round((region.left + wide) * share[0]), round((region.top + high) * share[1])
    small = Image.fromarray(region.pixels * 255).resize(
        (max(1, right - left), max(1, bottom - top)), Image.Resampling.BOX
    )
    seen = np.zeros((shown[1], shown[0]), bool)
    part = np.asarray(small)[: shown[1] - top, : shown[0] - left] > 127
    seen[top : top + part.shape[0], left : left + part.shape[1]] = part
    return seen


def _tint(pixels: "Floats", seen: "Bools", color: "Floats") -> None:
    pixels[seen] = pixels[seen] * (1 - FILL) + color * FILL
    pixels[_grow(seen, 1) & ~seen] = 255
    pixels[seen & _grow(~seen, WIDE)] = color


def _grow(seen: "Bools", times: int) -> "Bools":
    for _ in range(times):
        framed = np.pad(seen, 1)
        seen = (
            framed[1:-1, 1:-1] | framed[:-2, 1:-1] | framed[2:, 1:-1] | framed[1:-1, :-2] | framed[1:-1, 2:]
        )
    return seen


def _lay_side_by_side(columns: Sequence[Column], rows: Sequence[Sequence[Tile]]) -> "Picture":
    from PIL import Image

    heights = [max(picture.height for picture, _ in row) + CAPTION + GAP for row in rows]
    wide = GAP + (len(columns) + 1) * (TILE + GAP)
    sheet = Image.new("RGB", (wide, HEAD + TITLES + sum(heights)), PAPER)
    pen = _pen(sheet)
    for place, column in enumerate(columns, 1):
        x = GAP + place * (TILE + GAP)
        pen.text((x, HEAD), column.title, INK, _font(16))
        pen.text((x, HEAD + 21), column.note, FAINT, _font(12))
    y = HEAD + TITLES
    for row, height in zip(rows, heights, strict=True):
        pen.line((GAP, y - GAP // 2, wide - GAP, y - GAP // 2), RULE)
        _lay_row(sheet, row, y)
        y += height
    return sheet


def _lay_in_rows(tiles: Sequence[Tile]) -> "Picture":
    from PIL import Image

    rows = [tiles[at : at + WRAP] for at in range(0, len(tiles), WRAP)]
    heights = [max(picture.height for picture, _ in row) + CAPTION + GAP for row in rows]
    sheet = Image.new("RGB", (GAP + min(WRAP, len(tiles)) * (TILE + GAP), HEAD + sum(heights)), PAPER)
    y = HEAD
    for row, height in zip(rows, heights, strict=True):
        _lay_row(sheet, row, y)
        y += height
    return sheet


def _lay_row(sheet: "Picture", row: Sequence[Tile], y: int) -> None:
    pen = _pen(sheet)
    for place, (picture, caption) in enumerate(row):
        x = GAP + place * (TILE + GAP)
        sheet.paste(picture, (x, y))
        pen.text((x, y + picture.height + 4), caption, FAINT, _font(12))


def _pen(sheet: "Picture") -> "ImageDraw":
    from PIL import ImageDraw

    return ImageDraw.Draw(sheet)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]


def _font(size: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)
