"""Truths and predictions of any number of images, drawn: blobs, and a detector's usual mistakes about them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pycocotools import mask as codec

HEIGHT, WIDTH, CLASSES, CORNERS = 480, 640, 10, 24
TURNS = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
Row = dict[str, Any]


def draw_blobs(boxes: np.ndarray, wobble: float, generator: np.random.Generator) -> list[list[float]]:
    """A closed outline in each box (x, y, width, height), rounder or less round."""
    waves = generator.integers(2, 7, (len(boxes), 2, 1))
    sizes, phases = generator.normal(0, wobble, (len(boxes), 2, 1)), generator.random((len(boxes), 2, 1)) * 6
    radius = 1 + (sizes * np.cos(waves * TURNS + phases)).sum(1)
    x, y, w, h = boxes.T[..., None]
    rings = np.stack([x + w / 2 * (1 + radius * np.cos(TURNS)), y + h / 2 * (1 + radius * np.sin(TURNS))], 2)
    return rings.clip(0, [WIDTH, HEIGHT]).reshape(len(boxes), -1).round(2).tolist()


def draw_truths(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and classes; some classes are rarer than others."""
    sizes = np.exp(generator.normal(4.2, 0.7, (count, 2))).clip(8, 400)
    corners = generator.random((count, 2)) * ([WIDTH, HEIGHT] - sizes)
    classes = (CLASSES * generator.random(count) ** 1.5).astype(int) + 1
    return np.concatenate([corners, sizes], 1), classes


def draw_found(
    generator: np.random.Generator, boxes: np.ndarray, classes: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a detector would say: each object once, the rest duplicates, other classes, other places, and nothing there.

    A score tells, with noise, how well the box fits; one object in fifteen is missed.
    """
    owner = np.concatenate([np.arange(len(boxes)), generator.integers(0, len(boxes), count - len(boxes))])
    again = np.arange(count) >= len(boxes)
    away = generator.normal(0, np.where(again, 0.2, 0.06)[:, None], (count, 4))
    near = boxes[owner].copy()
    near[:, :2] += away[:, :2] * near[:, 2:]
    near[:, 2:] *= np.exp(away[:, 2:])
    nowhere = np.where(again, generator.random(count) < 0.35, generator.random(count) < 1 / 15)
    near[nowhere, :2] = generator.random((nowhere.sum(), 2)) * ([WIDTH, HEIGHT] - near[nowhere, 2:]).clip(0)
    confused = generator.random(count) < 0.08
    kinds = np.where(confused, generator.integers(1, CLASSES + 1, count), classes[owner])
    fit = np.exp(-6 * np.abs(away).mean(1)) - 0.25 * again - 0.4 * nowhere
    scores = (0.15 + 0.75 * fit + generator.normal(0, 0.12, count)).clip(0.01, 0.999).round(4)
    return near, kinds, scores


def draw_image(
    generator: np.random.Generator, image: int, truths: int, found: int
) -> tuple[list[Row], list[Row]]:
    """The rows of one image."""
    boxes, classes = draw_truths(generator, truths)
    outlines = draw_blobs(boxes, 0.06, generator)
    masks = codec.frPyObjects(outlines, HEIGHT, WIDTH)
    rows = [
        {
            "id": (image - 1) * truths + place + 1, "image_id": image, "category_id": kind, "iscrowd": 0,
            "bbox": box, "area": area, "segmentation": [ring],
        }
        for place, (kind, box, area, ring) in enumerate(
            zip(classes.tolist(), codec.toBbox(masks).tolist(), codec.area(masks).tolist(), outlines, strict=True)
        )
    ]  # fmt: skip
    near, kinds, scores = draw_found(generator, boxes, classes, found)
    masks = codec.frPyObjects(draw_blobs(near, 0.08, generator), HEIGHT, WIDTH)
    answers = [
        {
            "image_id": image, "category_id": kind, "bbox": box, "score": score,
            "segmentation": {"size": [HEIGHT, WIDTH], "counts": mask["counts"].decode()},
        }
        for kind, box, score, mask in zip(
            kinds.tolist(), codec.toBbox(masks).tolist(), scores.tolist(), masks, strict=True
        )
        if box[2] > 0 < box[3]
    ]  # fmt: skip
    return rows, answers


def write_scene(home: Path, images: int, truths: int, found: int) -> tuple[Path, Path, int, int]:
    """Write a COCO dataset and results on it, image by image; say how many objects and predictions there are."""
    generator, counts = np.random.default_rng(0), [0, 0]
    files = [
        {"id": n, "width": WIDTH, "height": HEIGHT, "file_name": f"{n:06}.jpg"} for n in range(1, images + 1)
    ]
    classes = [{"id": n, "name": f"class {n}"} for n in range(1, CLASSES + 1)]
    truth, results = home / "truth.json", home / "results.json"
    with truth.open("wb") as right, results.open("wb") as wrong:
        right.write(orjson.dumps({"images": files, "categories": classes})[:-1] + b',"annotations":[')
        wrong.write(b"[")
        for image in range(1, images + 1):
            for place, (stream, rows) in enumerate(
                zip((right, wrong), draw_image(generator, image, truths, found), strict=True)
            ):
                stream.write(b",".join(_join(rows, first=not counts[place])))
                counts[place] += len(rows)
        right.write(b"]}")
        wrong.write(b"]")
    return truth, results, counts[0], counts[1]


def _join(rows: list[Row], *, first: bool) -> Iterator[bytes]:
    if rows and not first:
        yield b""
    yield from map(orjson.dumps, rows)
