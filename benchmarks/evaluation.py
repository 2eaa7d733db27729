"""From what a detector gives to COCO's numbers: the workbench beside Detectron2's COCOEvaluator.

    python -m benchmarks.evaluation [--images 2000] [--rounds 3]

Ten truths and twenty predictions an image; masks of 28 x 28 before they are pasted, as a Mask R-CNN gives them, held in
memory alike for both. Detectron2's side is its own detector_postprocess, process and evaluate; where its compiled
COCOeval_opt is missing it scores with pycocotools. Ours pastes, encodes, writes predictions/<part>.json and scores that
file. Both must give the same numbers. Rounds are interleaved; one torch thread each. Processor seconds
are counted (of all threads), so that what else runs on the machine weighs little.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.evaluation import COCOEvaluator
from detectron2.evaluation.coco_evaluation import COCOeval, COCOeval_opt
from detectron2.modeling.postprocessing import detector_postprocess
from detectron2.structures import Boxes, Instances

from workbench.engine.prediction.paste import instances_to_rows
from workbench.engine.prediction.writer import PartWriter, Places, join
from workbench.evaluation.coco_scores import compute_coco_scores

SIZE, SEEN = (480, 640), (800, 1067)
KEYS = ("AP", "AP50", "AP75", "APs", "APm", "APl")
CLASSES, TRUTHS, FOUND, SIDE = 3, 10, 20, 28
NAME = "benchmark_evaluation"


def draw_truth(images: int, generator: np.random.Generator) -> dict[str, Any]:
    """Ellipses as polygons of 24 points."""
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rows: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        for _ in range(TRUTHS):
            w, h = np.exp(generator.normal(4.2, 0.7, 2)).clip(8, 400)
            x, y = generator.uniform(0, SIZE[1] - w), generator.uniform(0, SIZE[0] - h)
            ring = np.stack([x + w / 2 + w / 2 * np.cos(turns), y + h / 2 + h / 2 * np.sin(turns)], 1).round(
                2
            )
            rows.append({
                "id": len(rows) + 1, "image_id": image, "category_id": int(generator.integers(1, CLASSES + 1)),
                "bbox": [round(float(v), 2) for v in (x, y, w, h)], "area": round(float(np.pi * w * h / 4), 2),
                "iscrowd": 0, "segmentation": [ring.ravel().tolist()],
            })  # fmt: skip
    pictures = [
        {"id": n, "width": SIZE[1], "height": SIZE[0], "file_name": f"{n}.jpg"} for n in range(1, images + 1)
    ]
    classes = [{"id": n, "name": f"class {n}"} for n in range(1, CLASSES + 1)]
    return {"info": {}, "images": pictures, "categories": classes, "annotations": rows}


def draw_outputs(truth: dict[str, Any], generator: np.random.Generator) -> list[dict[str, torch.Tensor]]:
    """Two answers near each truth, with soft masks of wobbly ellipses."""
    step = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    radius = np.hypot(*np.meshgrid(step, step))
    angle = np.arctan2(*np.meshgrid(step, step))
    outputs = []
    for start in range(0, len(truth["annotations"]), TRUTHS):
        near = [row for row in truth["annotations"][start : start + TRUTHS] for _ in range(FOUND // TRUTHS)]
        boxes = np.array([row["bbox"] for row in near])
        boxes += generator.normal(0, 0.06, boxes.shape) * boxes[:, [2, 3, 2, 3]]
        boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:].clip(4)
        boxes *= np.array([SEEN[1] / SIZE[1], SEEN[0] / SIZE[0]] * 2)
        wobble = generator.normal(0, 0.08, (FOUND, 1, 1)) * np.cos(
            generator.integers(2, 7, (FOUND, 1, 1)) * angle
        )
        outputs.append({
            "boxes": torch.tensor(boxes, dtype=torch.float32),
            "scores": torch.tensor(generator.random(FOUND), dtype=torch.float32),
            "classes": torch.tensor([row["category_id"] - 1 for row in near]),
            "masks": torch.tensor(1 / (1 + np.exp((radius + wobble - 0.95) * 12)), dtype=torch.float32)[:, None],
        })  # fmt: skip
    return outputs


def give(outputs: list[dict[str, torch.Tensor]]) -> Iterator[Instances]:
    """What the model would give, anew for each side, since Detectron2 changes boxes in place."""
    for one in outputs:
        found = Instances(SEEN)
        found.pred_boxes, found.scores = Boxes(one["boxes"].clone()), one["scores"]
        found.pred_classes, found.pred_masks = one["classes"], one["masks"]
        yield found


def run_detectron2(outputs: list[dict[str, torch.Tensor]]) -> dict[str, float]:
    """Its own way, as inference_on_dataset goes it."""
    judge = COCOEvaluator(NAME, tasks=("bbox", "segm"), distributed=False)
    judge.reset()
    for place, found in enumerate(give(outputs), 1):
        pasted = detector_postprocess(found, *SIZE)
        judge.process([{"image_id": place}], [{"instances": pasted}])
    with contextlib.redirect_stdout(io.StringIO()):
        results = judge.evaluate()
    named = (("box", "bbox"), ("mask", "segm"))
    return {f"{kind}.{key}": results[name][key] / 100 for kind, name in named for key in KEYS}


def run_workbench(outputs: list[dict[str, torch.Tensor]], truth: Path, home: Path) -> dict[str, float]:
    """Ours, with the file on disk."""
    places = Places(results=home / "val.json")
    categories = tuple(range(1, CLASSES + 1))
    with PartWriter(places) as writer:
        for place, found in enumerate(give(outputs), 1):
            writer.add({"rows": instances_to_rows(found, place, SIZE, categories, raw=True)})
    join(places, 1, {}, instances=True)
    scores, _ = compute_coco_scores(truth, places.results, mask_sizes="mask")
    return {f"{kind}.{key}": scores[kind][key] for kind in ("box", "mask") for key in KEYS}


def main() -> None:
    """Draw, run both in turns, print the medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    generator = np.random.default_rng(1)
    truth = draw_truth(args.images, generator)
    outputs = draw_outputs(truth, generator)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "truth.json"
        path.write_text(json.dumps(truth))
        DatasetCatalog.register(NAME, list)
        MetadataCatalog.get(NAME).set(json_file=str(path), evaluator_type="coco")
        ids = {n: n - 1 for n in range(1, CLASSES + 1)}
        MetadataCatalog.get(NAME).set(thing_dataset_id_to_contiguous_id=ids)
        times: dict[str, list[float]] = {"workbench": [], "detectron2": []}
        for _ in range(args.rounds):
            started = time.process_time()
            ours = run_workbench(outputs, path, home)
            times["workbench"].append(time.process_time() - started)
            started = time.process_time()
            theirs = run_detectron2(outputs)
            times["detectron2"].append(time.process_time() - started)
            apart = max(abs(ours[key] - theirs[key]) for key in ours)
    engine = "pycocotools (COCOeval_opt is not compiled here)" if COCOeval_opt is COCOeval else "COCOeval_opt"
    own, other = median(times["workbench"]), median(times["detectron2"])
    print(f"{args.images} images, {len(truth['annotations'])} truths, {FOUND * args.images} predictions")
    print(f"{os.cpu_count()} cores, processor seconds, median of {args.rounds}")
    print(f"workbench                          {own:8.2f} s")
    print(f"Detectron2's COCOEvaluator         {other:8.2f} s   with {engine}")
    print(f"ratio                              {other / own:8.1f}")
    print(f"largest difference of 12 numbers   {apart:8.1g}   (mask.AP {ours['mask.AP']:.4f})")


if __name__ == "__main__":
    main()
