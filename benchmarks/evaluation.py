"""From what a detector gives to COCO's numbers: the workbench beside Detectron2's COCOEvaluator.

    python -m benchmarks.evaluation [--images 2000] [--rounds 3]

Ten truths and twenty predictions an image; masks of 28 x 28 before they are pasted, as a Mask R-CNN gives them, held in
memory alike for both. Detectron2's side is its own detector_postprocess, process and evaluate; where its compiled
COCOeval_opt is missing it scores with pycocotools. It is not asked for files; ours writes predictions/<part>.json.
Both must give the same numbers. Rounds are interleaved; one torch thread each. Processor seconds are counted (of all
threads), so that what else runs on the machine weighs little; wall seconds stand beside them.
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
from typing import Any

import numpy as np
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.evaluation import COCOEvaluator
from detectron2.evaluation.coco_evaluation import COCOeval, COCOeval_opt
from detectron2.modeling.postprocessing import detector_postprocess
from detectron2.structures import Boxes, Instances

from workbench.engine.prediction.found import found_to_columns, read_instances
from workbench.engine.prediction.writer import PartWriter, Places, join
from workbench.evaluation.coco.coco_scores import compute_coco_scores

SIZE, SEEN = (480, 640), (800, 1067)
KEYS = ("AP", "AP50", "AP75", "APs", "APm", "APl")
CLASSES, TRUTHS, FOUND, SIDE = 3, 10, 20, 28
NAME = "benchmark_evaluation"

Stages = dict[str, tuple[float, float]]
Round = tuple[Stages, Stages, float]  # ours, theirs, the largest difference of their numbers


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


class Watch:
    """Processor and wall seconds of each stage."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, float]] = {}

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add up what passes in here."""
        processor, wall = time.process_time(), time.perf_counter()
        yield
        before = self.stages.get(stage, (0.0, 0.0))
        self.stages[stage] = (
            before[0] + time.process_time() - processor,
            before[1] + time.perf_counter() - wall,
        )


def run_detectron2(outputs: list[dict[str, torch.Tensor]], watch: Watch) -> dict[str, float]:
    """Its own way, as inference_on_dataset goes it."""
    with watch("begin"):
        judge = COCOEvaluator(NAME, tasks=("bbox", "segm"), distributed=False)
        judge.reset()
    for place, found in enumerate(give(outputs), 1):
        with watch("paste"):
            pasted = detector_postprocess(found, *SIZE)
        with watch("encode"):
            judge.process([{"image_id": place}], [{"instances": pasted}])
    with watch("score"), contextlib.redirect_stdout(io.StringIO()):
        results = judge.evaluate()
    named = (("box", "bbox"), ("mask", "segm"))
    return {f"{kind}.{key}": results[name][key] / 100 for kind, name in named for key in KEYS}


def run_workbench(
    outputs: list[dict[str, torch.Tensor]], truth: Path, home: Path, watch: Watch
) -> dict[str, float]:
    """Ours, with the file on disk."""
    places = Places(results=home / "val.json")
    categories = tuple(range(1, CLASSES + 1))
    with watch("paste, encode, write"), PartWriter(places, keep=True) as writer:
        for place, found in enumerate(give(outputs), 1):
            writer.add(read_instances(found, place, SIZE, categories, raw=True))
    with watch("join"):
        join(places, 1, {}, instances=True)
    with watch("score"):
        scores, _ = compute_coco_scores(truth, found_to_columns(writer.kept), mask_sizes="mask")
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
        ids = {n: n - 1 for n in range(1, CLASSES + 1)}
        known = MetadataCatalog.get(NAME)
        known.set(json_file=str(path), evaluator_type="coco", thing_dataset_id_to_contiguous_id=ids)
        rounds = [measure_round(outputs, path, home) for _ in range(args.rounds)]
    print(f"{args.images} images, {len(truth['annotations'])} truths, {FOUND * args.images} predictions")
    report(rounds)


def measure_round(outputs: list[dict[str, torch.Tensor]], truth: Path, home: Path) -> Round:
    """Run ours, then theirs."""
    own, other = Watch(), Watch()
    ours = run_workbench(outputs, truth, home, own)
    theirs = run_detectron2(outputs, other)
    return own.stages, other.stages, max(abs(ours[key] - theirs[key]) for key in ours)


def report(rounds: list[Round]) -> None:
    """Print the medians of each stage."""
    engine = "pycocotools (COCOeval_opt is not compiled here)" if COCOeval_opt is COCOeval else "COCOeval_opt"
    print(f"{os.cpu_count()} cores, median of {len(rounds)}, {engine}        processor     wall")
    totals = []
    for side, name in enumerate(("workbench", "Detectron2's COCOEvaluator")):
        sums = np.median([np.sum(list(one[side].values()), axis=0) for one in rounds], axis=0)
        totals.append(sums)
        print(f"{name:66s} {sums[0]:8.2f} {sums[1]:8.2f}")
        for stage in rounds[0][side]:
            processor, wall = np.median([one[side][stage] for one in rounds], axis=0)
            print(f"    {stage:62s} {processor:8.2f} {wall:8.2f}")
    processor, wall = totals[1] / totals[0]
    print(f"{'ratio':66s} {processor:8.1f} {wall:8.1f}")
    print(f"largest difference of 12 numbers: {max(one[2] for one in rounds):.1g}")


if __name__ == "__main__":
    main()
