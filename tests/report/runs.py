"""Runs without a training: the drawn samples converted, and predictions made from their truth, a little off."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from tests.tour import copy_samples
from workbench.commands.convert import convert_source
from workbench.data.mask import Mask, array_to_mask, box, mask_to_array
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.run import Run

ARCHITECTURE = {"instance": "GeneralizedRCNN", "panoptic": "PanopticFPN", "semantic": "SemanticSegmentor"}


def make_run(home: Path, project: str, task: str) -> Run:
    """A finished run of a project."""
    copy_samples(home)
    folder = home / "projects" / project
    toml = folder / "project.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace('task = "panoptic"', f'task = "{task}"'), encoding="utf-8")
    dataset = Path(_convert(folder))
    run = Run(folder=folder / "runs" / "20261121-120000-model")
    run.predictions("val").parent.mkdir(parents=True)
    record = {
        "state": "finished",
        "task": task,
        "model": "mask_rcnn_nano",
        "steps": 20,
        "step": 20,
        "dataset": {"folder": str(dataset), "fingerprint": dataset.name},
    }
    run.record.write_text(json.dumps(record))
    run.config.write_text(f"MODEL:\n  META_ARCHITECTURE: {ARCHITECTURE[task]}\n")
    row = {"kind": "train", "step": 1, "loss": 2.0}
    run.metrics.write_text(json.dumps(row) + '\n{"half a li')
    predict(run, dataset, task)
    return run


def _convert(folder: Path) -> str:
    import argparse

    from workbench.commands import convert

    parser = argparse.ArgumentParser()
    convert.add_arguments(parser)
    return convert_source(parser.parse_args([str(folder)])).out


def predict(run: Run, dataset: Path, task: str) -> None:
    """Objects moved by a few pixels, every seventh left out; pictures shifted."""
    if task != "semantic":
        run.predictions("val").write_text(json.dumps(list(_move(dataset / "val.json"))))
    if task != "instance":
        name = "separated" if task == "panoptic" else "semantic"
        _shift(dataset / f"{name}_val", run.predictions("val").with_name("semantic_val"))
    if task == "panoptic":
        target = run.predictions("val").with_name("panoptic_val")
        shutil.copytree(dataset / "panoptic_val", target)
        shutil.copy(dataset / "panoptic_val.json", target.with_suffix(".json"))


def _move(path: Path):
    truth = rasterise(read_truth(path))
    for place, row in enumerate(truth.raw["annotations"]):
        if place % 7 == 0:
            continue
        height, width = row["segmentation"]["size"]
        array = mask_to_array(Mask(height, width, row["segmentation"]["counts"]))
        mask = array_to_mask(np.roll(array, (place % 5, -(place % 3)), (0, 1)))
        yield {
            "image_id": row["image_id"],
            "category_id": row["category_id"],
            "bbox": list(box(mask).to_xywh()),
            "score": round(0.99 - 0.01 * (place % 60), 2),
            "segmentation": {"size": [height, width], "counts": mask.counts.decode()},
        }


def _shift(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*.png")):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(np.asarray(Image.open(path)), 6, 1)).save(place)
