"""Runs that nobody trained: real dataset folders, and predictions that are the truth, spoilt by chance."""

import json
import shutil

import numpy as np
from PIL import Image

from tests.tour import ROOT
from workbench.cli import main
from workbench.evaluation.run_part import find_part
from workbench.run import Run, write_record


def prepare(home, project, *, keep=None):
    """Copy a drawn project; `keep` is the number of its annotation files that stay, validation always does."""
    for folder in ("projects", "annotations"):
        shutil.copytree(
            ROOT / folder / project,
            home / folder / project,
            ignore=shutil.ignore_patterns("datasets", "runs"),
            dirs_exist_ok=True,
        )


def convert(home, project):
    """Write the dataset folder of what is there now, and return it."""
    assert main(["convert", str(home / "projects" / project)]) == 0
    folders = (home / "projects" / project / "datasets").glob("*/manifest.json")
    return max(
        (path.parent for path in folders), key=lambda path: (path / "manifest.json").stat().st_mtime_ns
    )


def drop(home, project, count):
    """Delete some images that are trained on, with their labels."""
    split = json.loads((home / "projects" / project / "split.json").read_text())
    parts = split.get("parts", split)
    trained = sorted(name for name, part in parts.items() if part == "train")
    folder = home / "annotations" / project
    there = [name for name in trained if (folder / name).exists()]
    for name in there[:count]:
        (folder / name).unlink()
        (folder / name).with_suffix(".json").unlink()


def make_run(home, project, dataset, name, *, quality=0.8, seed=0, task="instance", **more):
    """Write a run folder whose model finds this share of what there is."""
    run = Run(folder=home / "projects" / project / "runs" / name)
    manifest = json.loads((dataset / "manifest.json").read_text())
    things = [row["name"] for row in manifest["categories"] if row["thing"]]
    record = {
        "state": "finished", "model": "mask_rcnn_nano", "task": task, "seed": seed, "steps": 300, "step": 300,
        "dataset": {"folder": str(dataset), "fingerprint": manifest["fingerprint"], "split": "aaaa"},
        "settings": {"train": {"lr": 0.01, "seed": seed}}, "classes": {"things": things, "stuff": []},
    }  # fmt: skip
    run.folder.mkdir(parents=True)
    write_record(run, record | more)
    shutil.copyfile(home / "projects" / project / "project.toml", run.project_copy)
    run.config.write_text("META_ARCHITECTURE: PanopticFPN\n")
    write_predictions(run, dataset, "val", quality, np.random.default_rng(1000 + seed), task)
    return run


def write_predictions(run, dataset, part, quality, rng, task):
    """Spoil the truth: the better the model, the less."""
    run.predictions(part).parent.mkdir(exist_ok=True)
    truth = json.loads((dataset / f"{part}.json").read_text())
    if task != "semantic":
        run.predictions(part).write_text(json.dumps(spoil(truth, quality, rng)))
    paths = find_part(run, part)
    if task == "panoptic":
        spoil_segments(paths, quality, rng)
    if task in ("panoptic", "semantic"):
        spoil_pixels(paths, quality, rng)


def spoil(truth, quality, rng):
    """COCO results: some objects missed, boxes shaken, alarms where nothing is."""
    from pycocotools import mask as coco_mask

    images = {row["id"]: row for row in truth["images"]}
    rows = []
    for row in truth["annotations"]:
        if rng.random() > quality + (1 - quality) / 3:
            continue
        image = images[row["image_id"]]
        rows.append(
            (image, row["category_id"], shake(row["bbox"], rng, 0.25 * (1 - quality)), rng.beta(5, 2))
        )
    for image in truth["images"]:
        for _ in range(rng.poisson(1.5 * (1 - quality))):
            row = truth["annotations"][rng.integers(len(truth["annotations"]))]
            rows.append((image, row["category_id"], shake(row["bbox"], rng, 2.0), rng.beta(2, 4)))
    results = []
    for image, category, box, score in rows:
        size = image["height"], image["width"]
        x, y, w, h = box
        ring = [x, y + h / 2, x + w / 2, y, x + w, y + h / 2, x + w / 2, y + h]
        ring = [x, y, x + w, y, x + w, y + h, x, y + h] if w < 6 or h < 6 else octagon(ring, box)
        found = coco_mask.frPyObjects([ring], *size)[0]
        results.append(
            {
                "image_id": image["id"], "category_id": category, "bbox": [round(v, 2) for v in box],
                "score": round(float(score), 5),
                "segmentation": {"size": list(size), "counts": found["counts"].decode()},
            }
        )  # fmt: skip
    return results


def octagon(_, box):
    """Rounder than a box."""
    x, y, w, h = box
    a, b = 0.29 * w, 0.29 * h
    return [
        x + a,
        y,
        x + w - a,
        y,
        x + w,
        y + b,
        x + w,
        y + h - b,
        x + w - a,
        y + h,
        x + a,
        y + h,
        x,
        y + h - b,
        x,
        y + b,
    ]


def shake(box, rng, much):
    """Move and stretch a box by a share of its size."""
    x, y, w, h = box
    moves = rng.normal(0, much, 4)
    return [
        max(0.0, x + moves[0] * w), max(0.0, y + moves[1] * h),
        w * float(np.exp(moves[2])), h * float(np.exp(moves[3])),
    ]  # fmt: skip


def spoil_segments(paths, quality, rng):
    """Panoptic pictures: shifted by some pixels, some segments given to the unknown."""
    truth = json.loads(paths.panoptic_truth.read_text())
    out = paths.panoptic_results.with_suffix("")
    out.mkdir(exist_ok=True)
    rows = []
    for row in truth["annotations"]:
        picture = np.array(Image.open(paths.panoptic_truth.with_suffix("") / row["file_name"]))
        moved = np.roll(picture, int(rng.integers(0, 1 + int(40 * (1 - quality)))), axis=1)
        ids = moved @ np.array([1, 256, 65536])
        lost = [s["id"] for s in row["segments_info"] if rng.random() > quality + (1 - quality) / 2]
        moved[np.isin(ids, lost)] = 0
        there = set(np.unique(ids).tolist()) - set(lost)
        kept = [{k: s[k] for k in ("id", "category_id")} for s in row["segments_info"] if s["id"] in there]
        name = f"{row['image_id']}.png"
        Image.fromarray(moved).save(out / name)
        rows.append({"image_id": row["image_id"], "file_name": name, "segments_info": kept})
    head = {"images": truth["images"], "categories": truth["categories"]}
    paths.panoptic_results.write_text(json.dumps(head | {"annotations": rows}))


def spoil_pixels(paths, quality, rng):
    """Semantic pictures: shifted by some pixels."""
    for truth, answer in paths.pair_pictures():
        answer.parent.mkdir(parents=True, exist_ok=True)
        picture = np.array(Image.open(truth))
        moved = np.roll(picture, int(rng.integers(0, 1 + int(60 * (1 - quality)))), axis=1)
        moved[moved == 255] = 0
        Image.fromarray(moved).save(answer)
