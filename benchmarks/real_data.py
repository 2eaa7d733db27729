"""Train on real photographs, as a user would, and say what came out.

    python -m benchmarks.real_data [balloons pointrend chipsets panoptic] [--data ../shared/data] [--out build/real]

balloons   61 public balloon photographs, judged on the set's own 13 (mask_rcnn_lite0)
pointrend  the same with pointrend_lite0
chipsets   public photographs of microcontroller boards, on a split that keeps bursts together (mask_rcnn_lite0)
panoptic   the drawn chipsets of this repository (panoptic_lite0)

Every step is a command of the workbench. Sets that are not there are left out. The table says minutes of training with
everything in it: reading, training, scores, pictures, checkpoints. Boundary AP comes from benchmarks/boundary.py.
"""

import argparse
import contextlib
import io
import json
import resource
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import ROOT, run_workbench

OWN_PARTS = '[split.lists]\ntrain = "train.txt"\nval = "val.txt"\n'
LEAK_PROOF = "[split]\nval = 0.2\n"  # 20 seconds and 8 bits apart, as docs/splits.md has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training: on what, with what, and which number counts."""

    project: str
    model: str
    metric: str
    target: float
    source: str = ""  # of shared/data; empty: drawn
    classes: str = ""
    split: str = ""
    settings: tuple[str, ...] = ()


BOARDS = (  # they lie in every direction
    "train.augment.color",
    "0.4",
    "train.augment.jitter",
    "0.6,1.4",
    "train.augment.rotation",
    "20",
    "train.augment.flip",
    "both",
)
LITTLE = (
    "train.augment.color",
    "0.4",
    "train.augment.jitter",
    "0.6,1.6",
)  # few photographs: show them in many ways

_balloons: dict[str, str] = {
    "project": "balloons",
    "source": "balloon",
    "classes": "balloon",
    "split": OWN_PARTS,
}
TRIALS = {
    "balloons": Trial(
        **_balloons,
        model="mask_rcnn_lite0",
        metric="mask.AP",
        target=0.52,
        settings=("--steps", "650", *LITTLE),
    ),
    "pointrend": Trial(
        **_balloons,
        model="pointrend_lite0",
        metric="mask.AP",
        target=0.52,
        settings=("--steps", "650", *LITTLE),
    ),
    "chipsets": Trial(
        project="chipsets",
        source="chipset_mcu",
        classes="Arduino_Nano,ESP8266,Raspberry_Pi_3,Heltec_ESP32_Lora",
        split=LEAK_PROOF,
        model="mask_rcnn_lite0",
        metric="mask.AP",
        target=0.60,
        settings=("--steps", "1300", *BOARDS),
    ),
    "panoptic": Trial(
        project="chipsets",
        model="panoptic_lite0",
        metric="PQ",
        target=0.60,
        settings=("--steps", "500", *LITTLE),
    ),
}


def prepare(trial: Trial, data: Path, home: Path) -> None:
    """Make the project that is trained on: fetched and converted, or a copy of the drawn one."""
    home.mkdir(parents=True)
    if not trial.source:
        for room in ("projects", "annotations"):
            shutil.copytree(
                ROOT / room / trial.project,
                home / room / trial.project,
                ignore=shutil.ignore_patterns("runs", "datasets"),
            )
        return
    annotations = f"annotations/public-{trial.project}"
    run_workbench(
        "fetch",
        trial.project,
        "--from",
        str(data / trial.source),
        "--out",
        annotations,
        place=home,
        show=True,
    )
    run_workbench("new", trial.project, "--labels", trial.classes, place=home, show=True)
    project = home / "projects" / trial.project
    (project / "project.toml").write_text(
        f'name = "{trial.project}"\ntask = "instance"\nannotations = "../../{annotations}"\n'
        f"categories = {json.dumps(trial.classes.split(','))}\n\n{trial.split}"
    )
    for part in ("train", "val"):
        names = sorted((home / annotations / part).glob("*.json"))
        (project / f"{part}.txt").write_text("".join(f"{part}/{path.name}\n" for path in names))


def attempt(name: str, data: Path, out: Path, typed: list[str]) -> dict[str, Any]:
    """Train once."""
    trial = TRIALS[name]
    home = out / name
    if not home.exists():
        prepare(trial, data, home)
    words = ["train", trial.project, "--model", trial.model, *trial.settings, *typed, "--json"]
    begun, spent = time.perf_counter(), processor_minutes()
    record = json.loads(run_workbench(*words, place=home, show=True))
    minutes = (time.perf_counter() - begun) / 60
    folder = sorted((home / "projects" / trial.project / "runs").iterdir())[-1]
    scores = json.loads((folder / "scores" / "val.json").read_text())
    return {
        "trial": name,
        "model": trial.model,
        "minutes": minutes,
        "processor minutes": processor_minutes() - spent,
        "steps": record["step"],
        trial.metric: find(scores, trial.metric),
        "target": trial.target,
        "boundary.AP": None if trial.metric == "PQ" else measure(record, folder),
        "run": str(folder),
    }


def processor_minutes() -> float:
    """What the commands have used so far, over all cores: it hardly depends on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) / 60


def find(scores: Mapping[str, Any], metric: str) -> float:
    """Look a number up by its dotted name; PQ is that of all classes."""
    value: Any = scores
    for key in metric.split(".") if metric != "PQ" else ("panoptic", "PQ"):
        value = value[key]
    return float(value)


def measure(record: Mapping[str, Any], folder: Path) -> float:
    """Boundary AP of the run's own predictions."""
    from benchmarks.boundary import measure_boundary_ap

    truth = Path(record["dataset"]["folder"]) / "val.json"
    with contextlib.redirect_stdout(io.StringIO()):
        return measure_boundary_ap(truth, folder / "predictions" / "val.json")


def main() -> None:
    """Train what was asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=", ".join(TRIALS))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "real")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY VALUE", help="passed on to workbench train"
    )
    args = parser.parse_args()
    for name in args.trials or TRIALS:
        source = args.data / TRIALS[name].source
        if not source.exists():
            print(f"{name}: left out, because {source} is not there")
            continue
        found = attempt(name, args.data.resolve(), args.out.resolve(), args.set)
        print("  ".join(f"{key} {show(value)}" for key, value in found.items()), flush=True)


def show(value: object) -> str:
    """Three places are enough."""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
