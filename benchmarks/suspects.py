"""Are spoiled labels among the suspects? Real models, real predictions, of every image out of fold.

    python -m benchmarks.suspects balloons --seeds 1 [--row mask_rcnn_lite0] [--steps 250] [--folds 2]

A tenth of the labels is spoiled (benchmarks.spoiled_labels). For each fold a model learns from the spoiled labels of
the other folds and predicts this one; the predictions of all folds together are judged against the spoiled labels, and
the list of suspects against what was spoiled. What is trained already is taken again: the command can be stopped.

With --own each model judges the images that it learned from, as a user does who evaluates the training part. With
--again 201 202 … other labels are spoiled and judged by the same predictions: they do not depend on the labels of their
own images, and the models learned from labels of which as many were spoiled. That takes no training.
"""

import argparse
import json
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.command import ROOT, run_workbench
from benchmarks.spoiled_labels import KINDS, SHARE, Window, spoil_folder
from workbench.conversion.folder import convert_folder
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.mistakes.suspects import list_suspects
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.overlap.pairs import compute_mask_pairs

STEPS = tuple(step / 20 for step in range(33))  # suspects, as shares of how many were spoiled
SAME, NEAR = 0.9, 0.5  # IoU of boxes: the label itself, and the place of an object


def prepare(home: Path, project: str, seed: int, folds: int) -> None:
    """Spoil the labels, and make a project of each fold."""
    settings = (ROOT / "projects" / project / "project.toml").read_text()
    before, _, after = settings.partition("[split]")
    rest = after.partition("\n[")
    labels = json.loads(json.dumps(_read_labels(settings)))
    spoil_folder(ROOT / "annotations" / project, home / "spoiled", labels, share=SHARE, seed=seed)
    names = sorted(path.stem for path in (home / "spoiled").glob("*.json"))
    random.Random(seed).shuffle(names)
    for fold in range(folds):
        folder = home / f"fold{fold}"
        folder.mkdir()
        (folder / "val.txt").write_text("\n".join(names[fold::folds]) + "\n")
        (folder / "train.txt").write_text("\n".join(sorted({*names} - {*names[fold::folds]})) + "\n")
        lists = (
            '[split]\nhash_distance = -1\nseconds = -1\n[split.lists]\ntrain = "train.txt"\nval = "val.txt"\n'
        )
        text = before.replace(f"../../annotations/{project}", "../spoiled") + lists
        (folder / "project.toml").write_text(text + (f"\n[{rest[2]}" if rest[1] else ""))


def _read_labels(settings: str) -> list[str]:
    import tomllib

    read = tomllib.loads(settings)
    return [*read["categories"], *read.get("stuff", [])]


def train(folder: Path, row: str, steps: int, seed: int) -> Path:
    """Train by the command that users type, unless that was done; return the run folder."""
    for record in sorted(folder.glob("runs/*/run.json")):
        if json.loads(record.read_text())["state"] == "finished":
            return record.parent
    shutil.rmtree(folder / "runs", ignore_errors=True)
    words = ["train", str(folder), "--model", row, "--steps", str(steps), "--seed", str(seed)]
    words += ["train.evaluate_every", str(steps)]
    return Path(run_workbench(*words).strip().splitlines()[-1])


def gather(home: Path, folds: int, part: str) -> Path:
    """Put the predictions of all folds together, numbered as the images of the spoiled labels."""
    truth, merged = home / "spoiled.coco.json", home / f"found-{part}.json"
    if not truth.exists():
        labels = _read_labels((home / "fold0" / "project.toml").read_text())
        convert_folder(home / "spoiled", truth, labels, as_rle=True, strict=False)
    numbers = {image["file_name"]: image["id"] for image in json.loads(truth.read_text())["images"]}
    rows: list[dict[str, Any]] = []
    for fold in range(folds):
        run = next((home / f"fold{fold}").glob("runs/*/run.json")).parent
        if not (run / "predictions" / f"{part}.json").exists():
            run_workbench("evaluate", str(run), "--split", part)
        dataset = Path(json.loads((run / "run.json").read_text())["dataset"]["folder"])
        images = json.loads((dataset / f"{part}.json").read_text())["images"]
        names = {image["id"]: image["file_name"] for image in images}
        found = json.loads((run / "predictions" / f"{part}.json").read_text())
        rows += [row | {"image_id": numbers[names[row["image_id"]]]} for row in found]
    merged.write_text(json.dumps(rows))
    return merged


def judge(truth: Path, found: Path) -> list[dict[str, Any]]:
    """Return the suspects as `workbench evaluate` writes them, and where their predictions and labels lie."""
    right = rasterise(read_truth(truth))
    scene = build_scene(right, read_predictions(found, right))
    findings = gather_findings(scene, match(scene, next(iter(compute_mask_pairs(scene)))))
    rows = json.loads(found.read_text())
    return [_locate(row, rows, truth) for row in list_suspects(findings, right.files)]


def spoil_again(home: Path, project: str, seed: int) -> tuple[Path, Path]:
    """Spoil other labels, for models that learned from labels of which as many were spoiled."""
    folder, truth = home / f"again{seed}", home / f"again{seed}.coco.json"
    labels = _read_labels((ROOT / "projects" / project / "project.toml").read_text())
    if not truth.exists():
        spoil_folder(ROOT / "annotations" / project, folder, labels, share=SHARE, seed=seed)
        convert_folder(folder, truth, labels, as_rle=True, strict=False)
    return truth, home / f"again{seed}-spoiled.json"


def _locate(row: dict[str, Any], rows: list[dict[str, Any]], truth: Path) -> dict[str, Any]:
    """Add where the prediction and the label of a suspect lie."""
    found = None if row["prediction"] is None else rows[row["prediction"]]["bbox"]
    label = None if row["truth"] is None else _read_boxes(truth)[row["truth"]]
    return row | {"found_box": found and _corners(found), "label_box": label and _corners(label)}


@cache
def _read_boxes(truth: Path) -> dict[int, list[float]]:
    return {row["id"]: row["bbox"] for row in json.loads(truth.read_text())["annotations"]}


def _corners(box: list[float]) -> Window:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def find_spoiled(row: dict[str, Any], spoiled: list[dict[str, Any]]) -> set[int]:
    """Which spoiled labels a suspect points at: by the label that is there now, or by the place where one belongs."""
    met = set()
    label, found = row["label_box"], row["found_box"]
    if label:
        there = [
            (overlap(label, one["now_window"]), number)
            for number, one in enumerate(spoiled)
            if one["now"] == row["image"]
        ]
        met |= {number for same, number in sorted(there)[-1:] if same >= SAME}
    if found and row["kind"] in ("missing-label", "poor-outline"):
        there = [
            (overlap(found, one["window"]), number)
            for number, one in enumerate(spoiled)
            if one["image"] == row["image"]
        ]
        met |= {number for near, number in sorted(there)[-1:] if near >= NEAR}
    return met


def overlap(one: Window, other: Window) -> float:
    """IoU of two boxes."""
    wide, high = (min(one[at + 2], other[at + 2]) - max(one[at], other[at]) for at in (0, 1))
    common = max(0.0, wide) * max(0.0, high)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common) if areas > common else 0.0


def draw_curve(suspects: list[dict[str, Any]], spoiled: list[dict[str, Any]]) -> list[int]:
    """How many different spoiled labels are among the first 1, 2, 3 … suspects."""
    met: set[int] = set()
    curve = []
    for row in suspects:
        met |= find_spoiled(row, spoiled)
        curve.append(len(met))
    return curve


def describe(title: str, suspects: list[dict[str, Any]], spoiled: list[dict[str, Any]]) -> str:
    """One measurement in words."""
    curve, many = draw_curve(suspects, spoiled), len(spoiled)
    met = set().union(*(find_spoiled(row, spoiled) for row in suspects[:many]))
    kinds = ", ".join(
        f"{kind} {sum(one['kind'] == kind and place in met for place, one in enumerate(spoiled))}"
        f" of {sum(one['kind'] == kind for one in spoiled)}"
        for kind in KINDS
    )
    steps = [f"{share:.0%}: {read_curve(curve, many, share):.2f}" for share in STEPS]
    return f"{title}: {len(met)} of {many} ({len(met) / many:.0%}) among as many suspects: {kinds}; {', '.join(steps)}"


def read_curve(curve: list[int], many: int, share: float) -> float:
    """The share of spoiled labels found among so many suspects, as a share of how many were spoiled."""
    place = min(round(share * many), len(curve))
    return curve[place - 1] / many if place else 0.0


def draw_picture(path: Path, curves: dict[str, list[list[float]]]) -> None:
    """The mean of each group of measurements, and where its middle half lies."""
    import matplotlib

    matplotlib.use("Agg")
    import numpy as np
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.9), dpi=120)
    shares = np.array(STEPS) * 100
    axes.plot([0, 100], [0, 100], color="#b9b6ae", lw=1, ls="--", label="every suspect is right")
    for color, (name, several) in zip(("#1f6f8b", "#c8553d", "#6a994e"), curves.items(), strict=False):
        values = np.array(several) * 100
        axes.plot(shares, values.mean(axis=0), color=color, lw=2, label=name)
        if len(values) > 3:
            axes.fill_between(shares, *np.quantile(values, (0.1, 0.9), axis=0), color=color, alpha=0.15, lw=0)
    axes.plot([100], [70], marker="o", ms=7, mfc="none", mec="#333333", ls="none", label="aim")
    axes.set(xlim=(0, 160), ylim=(0, 102))
    axes.set_xlabel("suspects looked at, in % of the labels that were spoiled")
    axes.set_ylabel("spoiled labels found, %")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    """Train what is not trained, and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", nargs="?", default="balloons")
    parser.add_argument("--row", default="mask_rcnn_lite0")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--own", action="store_true", help="judge the images that each model learned from, too"
    )
    parser.add_argument(
        "--again", type=int, nargs="*", default=[], help="seeds of further spoilings, without training"
    )
    parser.add_argument("--picture", type=Path, help="draw the curves")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "suspects")
    typed = parser.parse_args()
    curves: dict[str, list[list[float]]] = {}
    for seed in typed.seeds:
        home = typed.out.resolve() / f"{typed.project}-{seed}"
        if not home.exists():
            home.mkdir(parents=True)
            prepare(home, typed.project, seed, typed.folds)
        for fold in range(typed.folds):
            print(train(home / f"fold{fold}", typed.row, typed.steps, seed), flush=True)
        cases = [("out of fold", home / "spoiled.coco.json", home / "spoiled-spoiled.json", "val")]
        cases += [("learned from", *cases[0][1:3], "train")] if typed.own else []
        cases += [("spoiled again", *spoil_again(home, typed.project, other), "val") for other in typed.again]
        for name, truth, done, part in cases:
            found = gather(home, typed.folds, part)
            suspects, spoiled = judge(truth, found), json.loads(done.read_text())
            print(describe(f"{name}, {done.stem}", suspects, spoiled), flush=True)
            curve = draw_curve(suspects, spoiled)
            curves.setdefault(name, []).append([read_curve(curve, len(spoiled), share) for share in STEPS])
    for name, several in curves.items():
        middle = sum(values[STEPS.index(1.0)] for values in several) / len(several)
        print(
            f"{name}: {len(several)} measured, {middle:.0%} on average among as many suspects as were spoiled"
        )
    if typed.picture:
        draw_picture(typed.picture, curves)


if __name__ == "__main__":
    main()
