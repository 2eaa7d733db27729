"""An overlay sheet: images of a converted dataset with what a model will be taught drawn over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.dataset import Category
from workbench.data.mask import Mask, mask_to_array
from workbench.files import write_atomically
from workbench.report.drawing.tint import FILL, tint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture
    from PIL.ImageFont import FreeTypeFont, ImageFont

TILE, GAP, HEAD, CAPTION = 300, 12, 64, 26
PAPER, INK, FAINT = (250, 249, 246), (32, 33, 36), (112, 115, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One image with its objects, and a line under it."""

    path: Path
    caption: str
    objects: tuple[tuple[Mask, Category], ...]


def write_sheet(path: Path, title: str, tiles: Sequence[Tile], columns: int = 4) -> None:
    """Draw the tiles in rows under a title with a key of the classes."""
    from PIL import Image, ImageDraw

    rows = [
        [(tile, draw_tile(tile)) for tile in tiles[at : at + columns]] for at in range(0, len(tiles), columns)
    ]
    heights = [max(picture.height for _, picture in row) + CAPTION + GAP for row in rows]
    sheet = Image.new("RGB", (GAP + columns * (TILE + GAP), HEAD + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 10), title, INK, _font(20))
    _draw_key(
        sheet, sorted({category.id: category for tile in tiles for _, category in tile.objects}.items())
    )
    for row, y in zip(rows, accumulate(heights, initial=HEAD), strict=False):
        for column, (tile, picture) in enumerate(row):
            x = GAP + column * (TILE + GAP)
            sheet.paste(picture, (x, y))
            draw.text((x, y + picture.height + 4), _shorten(tile.caption), FAINT, _font(13))
    stream = BytesIO()
    sheet.save(stream, "PNG")
    write_atomically(path, stream.getvalue())


def _draw_key(sheet: "Picture", categories: Sequence[tuple[int, Category]]) -> None:
    from PIL import ImageDraw

    draw, x = ImageDraw.Draw(sheet), GAP
    for _, category in categories:
        draw.rounded_rectangle((x, 41, x + 13, 54), 3, category.color)
        draw.text((x + 19, 39), category.name, INK, _font(14))
        x += 19 + round(draw.textlength(category.name, _font(14))) + 18
        if x > sheet.width - 100:
            break


def draw_tile(tile: Tile) -> "Picture":
    """Shrink an image to the tile, and tint each object with its class's colour."""
    import numpy as np
    from PIL import Image, ImageOps

    with Image.open(tile.path) as source:
        picture = ImageOps.exif_transpose(source).convert("RGB")
    scale = TILE / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    pixels = np.asarray(picture).astype(np.float32)
    for mask, category in sorted(tile.objects, key=lambda one: one[1].thing):
        fill = FILL if category.thing else FILL / 2
        tint(pixels, _shrink(mask, picture.size), category.color, fill=fill, edge=int(category.thing))
    return Image.fromarray(pixels.astype(np.uint8))


def _shrink(mask: Mask, size: tuple[int, int]) -> "NDArray[np.bool_]":
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(mask_to_array(mask) * 255).resize(size, Image.Resampling.BOX)) > 127


def _shorten(text: str, limit: int = 44) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]


def _font(size: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)
