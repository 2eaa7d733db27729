"""A contact sheet: a few photographs with their labels drawn over them."""

import colorsys
from base64 import b64decode
from io import BytesIO
from math import dist
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from tools.draw.curves import oval
from workbench.data.annotation import Shape
from workbench.formats.labelme import read_annotation

CELL, COLUMNS = (300, 225), 4


def draw_sheet(paths: list[Path], labels: list[str]) -> Image.Image:
    """Return the labelled photographs of some Labelme files, in rows."""
    rows = -(-len(paths) // COLUMNS)
    sheet = Image.new("RGB", (CELL[0] * COLUMNS, CELL[1] * rows), (18, 18, 20))
    for place, path in enumerate(paths):
        picture = overlay(path, labels)
        sheet.paste(ImageOps.fit(picture, CELL), (place % COLUMNS * CELL[0], place // COLUMNS * CELL[1]))
    return sheet.resize((sheet.width * 4 // 5, sheet.height * 4 // 5), Image.Resampling.LANCZOS)


def overlay(path: Path, labels: list[str]) -> Image.Image:
    """Return a photograph at twice its size with its labels over it."""
    annotation = read_annotation(path)
    with Image.open(path.parent / annotation.image_path) as photograph:
        picture = photograph.convert("RGB").resize(
            (photograph.width * 2, photograph.height * 2), Image.Resampling.BICUBIC
        )
    veil = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    for shape in annotation.shapes:
        if isinstance(shape, Shape) and shape.label != "board":
            _draw(veil, shape, labels)
    return Image.alpha_composite(picture.convert("RGBA"), veil).convert("RGB")


def _draw(veil: Image.Image, shape: Shape, labels: list[str]) -> None:
    hue = labels.index(shape.label) * 0.618 % 1 if shape.label in labels else 0.0
    red, green, blue = (int(c * 255) for c in colorsys.hsv_to_rgb(0.47 + hue, 0.75, 1.0))
    ink, wash = (red, green, blue, 255), (red, green, blue, 26)
    ring = _outline(shape)
    tile = Image.new("RGBA", veil.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(tile)
    if shape.mask:
        with Image.open(BytesIO(b64decode(shape.mask))) as small:
            stencil = small.convert("L").resize((small.width * 2, small.height * 2))
        tile.paste(wash, (int(ring[0][0]), int(ring[0][1])), stencil)
    else:
        pen.polygon(ring, fill=wash)
    pen.line([*ring, ring[0]], fill=ink, width=3, joint="curve")
    if shape.label == "hole":
        veil.paste((0, 0, 0, 0), mask=tile.getchannel("A").point(lambda a: 255 if a else 0))
        ImageDraw.Draw(veil).line([*ring, ring[0]], fill=(255, 255, 255, 255), width=2)
    else:
        veil.alpha_composite(tile)


def _outline(shape: Shape) -> list[tuple[float, float]]:
    points = [(x * 2, y * 2) for x, y in shape.points]
    if shape.kind == "circle":
        return oval(*points[0], dist(*points), dist(*points))
    if shape.kind in ("rectangle", "mask"):
        (x0, y0), (x1, y1) = points
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return points
