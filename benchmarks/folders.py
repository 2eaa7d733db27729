"""Folders of drawn Labelme files to measure with: indented as Labelme writes them."""

import json
import os
from io import BytesIO
from math import cos, pi, sin
from pathlib import Path
from random import Random

WIDTH, HEIGHT = 640, 480
MOST_LINKS = 60_000  # ext4 allows 65,000 names of one file


def write_folder(root: Path, files: int, polygons: int = 10, corners: int = 40) -> None:
    """Fill a folder with annotations, each beside an image of its own name (hard links to few JPEGs)."""
    from PIL import Image

    root.mkdir(parents=True)
    content = BytesIO()
    Image.effect_noise((WIDTH, HEIGHT), 40).convert("RGB").save(content, "JPEG", quality=80)
    for number in range(files):
        first = number - number % MOST_LINKS
        if number == first:
            (root / f"{number:06d}.jpg").write_bytes(content.getvalue())
        else:
            os.link(root / f"{first:06d}.jpg", root / f"{number:06d}.jpg")
        draw = Random(number)
        raw = {
            "version": "5.10.1",
            "flags": {},
            "shapes": [_shape(draw, corners) for _ in range(polygons)],
            "imagePath": f"{number:06d}.jpg",
            "imageData": None,
            "imageHeight": HEIGHT,
            "imageWidth": WIDTH,
        }
        (root / f"{number:06d}.json").write_text(json.dumps(raw, indent=2))


def _shape(draw: Random, corners: int) -> dict[str, object]:
    x, y, radius = draw.uniform(70, WIDTH - 70), draw.uniform(70, HEIGHT - 70), draw.uniform(20, 60)
    turns = [2 * pi * corner / corners for corner in range(corners)]
    return {
        "label": draw.choice(["cat", "dog", "cow", "hen"]),
        "points": [
            [x + radius * draw.uniform(0.9, 1.1) * cos(turn), y + radius * draw.uniform(0.9, 1.1) * sin(turn)]
            for turn in turns
        ],
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }
