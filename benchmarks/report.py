"""From predictions to the page that a person reads: `workbench report` on photographs of twelve megapixels.

    python -m benchmarks.report [--images 1000] [--judged]

Ten truths and twenty predictions an image, ten classes; the photographs are 40 different JPEG files of 4000 x 3000 px
under many names. Evaluation is counted in; with --judged, scores and mistakes are there before the clock starts. The
command runs in a process of its own: its start counts, too.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from workbench.data.colors import category_color
from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.data.mask import rings_to_masks
from workbench.formats.manifest import write_manifest

WIDTH, HEIGHT, CLASSES, TRUTHS, FOUND, FILES = 4000, 3000, 10, 10, 2, 40
TURNS = np.linspace(0, 2 * np.pi, 24, endpoint=False)


def draw_ring(x: float, y: float, w: float, h: float, wobble: float = 0.0) -> list[float]:
    """An ellipse of 24 points, more or less round."""
    radius = 1 + wobble * np.cos(3 * TURNS)
    ring = np.stack(
        [x + w / 2 + w / 2 * radius * np.cos(TURNS), y + h / 2 + h / 2 * radius * np.sin(TURNS)], 1
    )
    return ring.clip(0, [WIDTH, HEIGHT]).ravel().round(2).tolist()


def draw_objects(images: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A truth and results on it."""
    generator = np.random.default_rng(0)
    truths: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        rings, about = [], []
        for _ in range(TRUTHS):
            w, h = np.exp(generator.normal(5.8, 0.6, 2)).clip(40, 2000)
            x, y = generator.uniform(0, WIDTH - w), generator.uniform(0, HEIGHT - h)
            kind = int(generator.integers(1, CLASSES + 1))
            truths.append({
                "id": len(truths) + 1, "image_id": image, "category_id": kind, "iscrowd": 0,
                "bbox": [float(v) for v in (x, y, w, h)], "area": float(np.pi * w * h / 4),
                "segmentation": [draw_ring(x, y, w, h)],
            })  # fmt: skip
            for _ in range(FOUND):
                near = np.array([x, y, w, h]) + generator.normal(0, 0.08, 4) * np.array([w, h, w, h])
                if generator.random() > 0.9:
                    near[:2] = generator.uniform(0, 0.5, 2) * (WIDTH, HEIGHT)
                wrong = generator.random() < 0.1
                about.append(
                    (int(generator.integers(1, CLASSES + 1)) if wrong else kind, float(generator.beta(2, 2)))
                )
                rings.append(tuple(draw_ring(*near, wobble=float(generator.normal(0, 0.06)))))
        for (kind, score), ring, mask in zip(about, rings, rings_to_masks(rings, WIDTH, HEIGHT), strict=True):
            left, top = min(ring[::2]), min(ring[1::2])
            found.append({
                "image_id": image, "category_id": kind, "score": score,
                "bbox": [left, top, max(ring[::2]) - left, max(ring[1::2]) - top],
                "segmentation": {"size": [HEIGHT, WIDTH], "counts": mask.counts.decode()},
            })  # fmt: skip
    files = [
        {"id": n, "width": WIDTH, "height": HEIGHT, "file_name": f"{n}.jpg"} for n in range(1, images + 1)
    ]
    classes = [{"id": n, "name": f"class {n}"} for n in range(1, CLASSES + 1)]
    return {"images": files, "categories": classes, "annotations": truths}, found


def write_photographs(folder: Path, images: int) -> None:
    """Some files of noise and shade, under many names."""
    folder.mkdir(parents=True)
    for number in range(1, images + 1):
        if number <= FILES:
            noise = np.random.default_rng(number).integers(0, 256, (75, 100, 3), np.uint8)
            Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(
                folder / f"{number}.jpg"
            )
        else:
            os.link(folder / f"{(number - 1) % FILES + 1}.jpg", folder / f"{number}.jpg")


def write_run(home: Path, images: int) -> Path:
    """A project with one dataset and one run."""
    truth, found = draw_objects(images)
    write_photographs(home / "photographs", images)
    dataset, run = home / "datasets" / "0123456789abcdef", home / "runs" / "20260101-000000-model"
    dataset.mkdir(parents=True)
    (run / "predictions").mkdir(parents=True)
    text = json.dumps(truth).encode()
    (dataset / "val.json").write_bytes(text)
    classes = tuple(Category(id=n, name=f"class {n}", color=category_color(n)) for n in range(1, CLASSES + 1))
    manifest = Manifest(
        fingerprint=dataset.name, converter=1, workbench="0", project="benchmark", task="instance", categories=classes,
        unlabelled=None, options={}, image_root="../../photographs", sources=(), counts={},
        parts={image["file_name"]: "val" for image in truth["images"]},
        outputs={"val.json": hashlib.sha256(text).hexdigest()},
    )  # fmt: skip
    write_manifest(dataset, manifest)
    (run / "predictions" / "val.json").write_text(json.dumps(found))
    record = {"task": "instance", "dataset": {"folder": str(dataset), "fingerprint": dataset.name}}
    (run / "run.json").write_text(json.dumps(record))
    return run


def time_command(*words: str) -> tuple[float, float]:
    """Wall and processor seconds of a command, its workers included."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "workbench", *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, busy


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--judged", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = write_run(Path(name), args.images)
        if args.judged:
            time_command("evaluate", str(run))
        wall, busy = time_command("report", str(run))
        page = (run / "report.html").read_text(encoding="utf-8")
        print(
            f"{args.images} images, {len(page) / 1e6:.1f} MB, {page.count('data:image')} pictures: "
            f"{wall:.1f} s of the clock, {busy:.1f} s of processors"
        )


if __name__ == "__main__":
    main()
