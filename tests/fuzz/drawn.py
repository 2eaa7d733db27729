"""Sound Labelme annotations of every kind and version, and pictures sound and not, drawn by code."""

import base64
import json
import struct
import zlib
from io import BytesIO
from math import cos, sin
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

LABELS = ("cat", "dog", "bird")
KINDS = (
    "polygon", "polygon", "polygon", "rectangle", "rectangle4", "oriented_rectangle", "rotation", "circle",
    "ellipse", "mask", "mask", "line", "linestrip", "point", "points",
)  # fmt: skip
SIZES = ((64, 48), (48, 64), (100, 80), (33, 97))


def draw_annotation(random: Random, size: tuple[int, int]) -> dict[str, Any]:
    """Return one file as Labelme of some version would have written it."""
    shapes = [draw_shape(random, size) for _ in range(random.choice((0, 1, 2, 3, 5, 8)))]
    tree = {
        "version": random.choice(("3.16.7", "4.5.6", "5.0.1", "6.3.1", "7.0.0")),
        "flags": random.choice(({}, {"checked": True})),
        "shapes": shapes,
        "imagePath": "",
        "imageData": None,
        "imageHeight": size[1],
        "imageWidth": size[0],
    }
    if random.random() < 0.1:  # 2.x: colours, and neither a version nor a size nor kinds of shapes
        for key in ("version", "flags", "imageHeight", "imageWidth"):
            del tree[key]
        tree |= {"lineColor": [0, 255, 0, 128], "fillColor": None}
        for shape in shapes:
            if shape["shape_type"] == "polygon":
                del shape["shape_type"]
    if random.random() < 0.1:
        tree |= {"checked": True, "description": "made elsewhere", "chatHistory": [{"role": "a", "n": 1}]}
    return tree


def draw_shape(random: Random, size: tuple[int, int]) -> dict[str, Any]:
    """Return one shape of some kind, on the image or reaching out of it."""
    kind = random.choice(KINDS)
    shape = {
        "label": random.choice((*LABELS, *LABELS, "cta", "__ignore__", "_background_", "hole")),
        "points": _draw_points(random, kind, size),
        "group_id": random.choice((None, None, None, 0, 1, 1)),
        "description": random.choice(("", None, "second look")),
        "shape_type": kind.removesuffix("4"),
        "flags": random.choice(({}, {}, {"hole": True}, {"crowd": True}, {"hard": False})),
        "mask": None,
    }
    if kind == "mask":
        (x0, y0), (x1, y1) = shape["points"]
        shape["mask"] = draw_mask(random, int(x1 - x0) + 1, int(y1 - y0) + 1)
    if random.random() < 0.1:
        shape |= {"score": 0.5, "difficult": False, "attributes": {"color": "red"}, "kie_linking": []}
    return shape


def _draw_points(random: Random, kind: str, size: tuple[int, int]) -> list[list[float]]:
    width, height = size
    x, y = random.uniform(-5, width), random.uniform(-5, height)
    w, h = random.uniform(1, width / 2), random.uniform(1, height / 2)
    match kind:
        case "polygon" | "linestrip" | "points":
            count = random.choice((3, 4, 7, 30, 60))
            radii = [random.uniform(0.4, 1) for _ in range(count)]
            turns = [6.2832 * step / count for step in range(count)]
            return [[x + w * r * cos(t), y + h * r * sin(t)] for r, t in zip(radii, turns, strict=True)]
        case "rectangle4" | "oriented_rectangle" | "rotation":
            lean = 0 if kind == "rectangle4" else random.uniform(-w, w)
            return [[x, y], [x + w, y + lean], [x + w - lean, y + h + lean], [x - lean, y + h]]
        case "mask":
            x, y = random.randrange(width - 8), random.randrange(height - 8)
            return [[x, y], [x + random.randrange(1, 12), y + random.randrange(1, 12)]]
        case "point":
            return [[x, y]]
    return [[x, y], [x + w, y + h]]


def draw_mask(random: Random, width: int, height: int) -> str:
    """Return the base64 PNG of a random stamp."""
    picture = Image.frombytes("L", (width, height), bytes(random.choices((0, 255), k=width * height)))
    return to_base64(picture.convert(random.choice(("1", "L", "P", "RGB"))), "PNG")


def to_base64(picture: Image.Image, kind: str) -> str:
    """Return a picture as Labelme puts it into a json."""
    return base64.b64encode(encode(picture, kind)).decode()


def encode(picture: Image.Image, kind: str, **more: Any) -> bytes:
    """Return a picture's file."""
    stream = BytesIO()
    picture.save(stream, kind, **more)
    return stream.getvalue()


def png_of(width: int, height: int, kind: int = 0, bits: int = 1, content: bytes = b"\0" * 100) -> bytes:
    """Return a PNG whose header says whatever it is told to."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(content)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def draw_pictures(folder: Path) -> dict[tuple[int, int], Path]:
    """Write one sound picture of each size, and the odd ones, which `odd_pictures` names."""
    folder.mkdir(parents=True)
    sound = {}
    for number, size in enumerate(SIZES):
        picture = Image.effect_noise(size, 80).convert("RGB")
        sound[size] = folder / f"sound{number}.{('jpg', 'png')[number % 2]}"
        sound[size].write_bytes(encode(picture, ("JPEG", "PNG")[number % 2]))
    for name, content in _draw_odd().items():
        (folder / name).write_bytes(content)
    return sound


def odd_pictures(folder: Path) -> list[Path]:
    """List the pictures that something is wrong with."""
    return sorted(path for path in folder.iterdir() if path.name.startswith("odd"))


def _draw_odd() -> dict[str, bytes]:
    picture = Image.effect_noise((64, 48), 80).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = encode(picture, "JPEG")
    return {
        "odd_turned.jpg": encode(picture, "JPEG", exif=exif),
        "odd_torn.jpg": jpeg[: len(jpeg) // 2],
        "odd_empty.jpg": b"",
        "odd_text.jpg": b"not a picture",
        "odd_really_png.jpg": encode(picture, "PNG"),
        "odd_bomb.png": png_of(60_000, 60_000),
        "odd_large.png": png_of(20_000, 8_000),
        "odd_zero.png": png_of(0, 0),
        "odd_deep.png": encode(picture.convert("L").convert("I;16"), "PNG"),
        "odd_cmyk.jpg": encode(picture.convert("CMYK"), "JPEG"),
        "odd_moving.gif": encode(picture, "GIF", save_all=True, append_images=[picture.rotate(90)]),
        "odd.bmp": encode(picture, "BMP"),
        "odd.tif": encode(picture, "TIFF"),
        "odd.webp": encode(picture, "WEBP"),
    }


def read_corpus(folder: Path | None, largest: int = 60_000) -> list[dict[str, Any]]:
    """Return the real Labelme files below a folder, the large ones left out."""
    found = []
    for path in sorted(folder.rglob("*.json")) if folder and folder.is_dir() else ():
        if path.stat().st_size <= largest:
            try:
                tree = json.loads(path.read_bytes())
            except ValueError:
                continue
            if isinstance(tree, dict) and isinstance(tree.get("shapes"), list):
                found.append(tree)
    return found
