"""Is what the workbench's loop learns as good as what plain Detectron2 learns? One training, several seeds, both sides.

    python -m benchmarks.seeds [--row mask_rcnn_lite0] [--steps 300] [--seeds 3] [--out build/seeds]

The drawn balloons of this repository. The workbench trains by its own command, from its own feed, in whatever
arithmetic it finds fastest; Detectron2's DefaultTrainer trains from the config.yaml that this left, with Detectron2's
own mapper, sampler, optimizer and hooks. Both start from the same weights (each seed draws its own heads), see as many
images, and are judged by Detectron2's COCOEvaluator on the weights at the end. The table ends with how far the two are
apart, beside how far seeds alone are.
"""

import argparse
import contextlib
import io
import json
import logging
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.command import ROOT, run_workbench

SIDES = ("detectron2", "workbench")
PLAIN = {  # nothing that Detectron2's trainer has not, too
    "train.ema": "0",
    "train.clip": "0",
    "train.augment.color": "0",
    "train.balance": "off",
}


def prepare(home: Path) -> None:
    """Copy the drawn balloons, without the augmentations that Detectron2's own mapper cannot make."""
    for room in ("projects", "annotations"):
        shutil.copytree(
            ROOT / room / "balloons",
            home / room / "balloons",
            ignore=shutil.ignore_patterns("runs", "datasets"),
        )
    settings = home / "projects" / "balloons" / "project.toml"
    settings.write_text(settings.read_text().partition("[train")[0].partition("[model")[0])


def train_workbench(home: Path, row: str, steps: int, seed: int) -> Path:
    """Train by the command that users type; return the run folder."""
    words = ["train", "balloons", "--model", row, "--steps", str(steps), "--seed", str(seed)]
    words += [word for pair in (PLAIN | {"train.evaluate_every": str(steps)}).items() for word in pair]
    return home / run_workbench(*words, place=home).strip().splitlines()[-1]


def open_config(run: Path, name: str) -> Any:
    """Return Detectron2's config of a run, with its dataset registered the way Detectron2's own users do it."""
    from detectron2.data import DatasetCatalog
    from detectron2.data.datasets import register_coco_instances

    from workbench.engine.feed.records import read_records
    from workbench.engine.training.course import read_config
    from workbench.engine.training.weights_file import read_weights

    record = json.loads((run / "run.json").read_text())
    dataset = Path(record["dataset"]["folder"])
    _, about = read_weights(run / "model_final.pth")
    cfg = read_config(run / "config.yaml", tuple(about.get("extend", ())))
    for part in ("train", "val"):
        first = read_records(dataset, part)[0]
        images = first["file_name"].removesuffix(first["key"])
        if f"{name}_{part}" not in DatasetCatalog.list():
            register_coco_instances(f"{name}_{part}", {}, str(dataset / f"{part}.json"), images)
    cfg.DATASETS.TRAIN, cfg.DATASETS.TEST = (f"{name}_train",), (f"{name}_val",)
    cfg.TEST.EVAL_PERIOD, cfg.SOLVER.CHECKPOINT_PERIOD = 0, 10**6
    return cfg


def train_detectron2(run: Path, out: Path, seed: int) -> dict[str, float]:
    """Train with DefaultTrainer as it comes, from the config of the workbench's run, and judge it."""
    import torch
    from detectron2.engine import DefaultTrainer
    from detectron2.utils.env import seed_all_rng

    from workbench.engine.models.weights import load_weights, locate_weights

    cfg = open_config(run, "plain")
    cfg.OUTPUT_DIR, cfg.SEED = str(out), seed
    out.mkdir(parents=True)
    seed_all_rng(seed)

    class Trainer(DefaultTrainer):
        def resume_or_load(self, resume: bool = True) -> None:
            path = locate_weights(self.cfg.MODEL.WEIGHTS)  # they come inside a package, which it cannot open
            if path is not None:
                load_weights(self.model, path)

        @classmethod
        def build_optimizer(cls, cfg: Any, model: Any) -> Any:
            if cfg.SOLVER.get("ADAMW", False):  # nano rows
                return torch.optim.AdamW(
                    model.parameters(), cfg.SOLVER.BASE_LR, weight_decay=cfg.SOLVER.WEIGHT_DECAY
                )
            return super().build_optimizer(cfg, model)

        def build_writers(self) -> list[Any]:
            return []

    trainer = Trainer(cfg)
    trainer.resume_or_load(resume=False)
    trainer.train()
    return judge(cfg, trainer.model, out)


def judge_workbench(run: Path, out: Path) -> dict[str, float]:
    """Judge a run's weights at the end in the same way."""
    from workbench.engine.models.build import build_model
    from workbench.engine.training.weights_file import read_weights

    cfg = open_config(run, "plain")
    model = build_model(cfg)
    model.load_state_dict(read_weights(run / "model_final.pth")[0])
    return judge(cfg, model, out)


def judge(cfg: Any, model: Any, out: Path) -> dict[str, float]:
    """Return box and mask AP by Detectron2's own evaluator."""
    from detectron2.engine import DefaultTrainer
    from detectron2.evaluation import COCOEvaluator

    evaluator = COCOEvaluator(cfg.DATASETS.TEST[0], output_dir=str(out), use_fast_impl=False)
    with contextlib.redirect_stdout(io.StringIO()):
        found: Mapping[str, Mapping[str, float]] = DefaultTrainer.test(cfg, model, [evaluator])
    return {"box": found["bbox"]["AP"] / 100, "mask": found["segm"]["AP"] / 100}


def attempt(home: Path, row: str, steps: int, seed: int) -> dict[str, dict[str, float]]:
    """Train with one seed on both sides."""
    run = train_workbench(home, row, steps, seed)
    return {
        "workbench": judge_workbench(run, home / "judged" / str(seed)),
        "detectron2": train_detectron2(run, home / "plain" / str(seed), seed),
    }


def main() -> None:
    """Train each seed on both sides, and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--row", default="mask_rcnn_lite0")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "seeds")
    typed = parser.parse_args()
    logging.disable(logging.WARNING)  # Detectron2 prints the whole network
    home = typed.out.resolve()
    if not home.exists():
        prepare(home)
    rows = []
    for seed in range(typed.seeds):
        rows.append(attempt(home, typed.row, typed.steps, seed))
        print(f"seed {seed}  " + "  ".join(show(side, rows[-1][side]) for side in SIDES), flush=True)
    for kind in ("mask", "box") if len(rows) > 1 else ():
        sides = {side: [row[side][kind] for row in rows] for side in SIDES}
        apart = mean(sides["workbench"]) - mean(sides["detectron2"])
        noise = math.sqrt(sum(stdev(values) ** 2 / len(values) for values in sides.values()))
        words = "  ".join(
            f"{side} {mean(values):.3f} (seeds ± {stdev(values):.3f})" for side, values in sides.items()
        )
        print(
            f"{kind} AP, {typed.seeds} seeds: {words}  difference {apart:+.3f}, its standard error {noise:.3f}"
        )


def show(side: str, found: Mapping[str, float]) -> str:
    """One side of one seed."""
    return f"{side}: mask AP {found['mask']:.3f} box AP {found['box']:.3f}"


if __name__ == "__main__":
    main()
