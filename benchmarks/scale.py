"""What many images cost in shards: throughput over workers, cost and memory over the length of the list.

    python -m benchmarks.scale convert [--workers 1 2 4] [--images 4000] [--sizes 1000 10000 100000]
    python -m benchmarks.scale predict [--workers 1 2 4] [--images 3000] [--sizes 1000 10000] [--run RUN]

Drawn images: annotations of three outlines beside JPEGs for `convert`, pictures of 64 px for `predict`, by a nano row
that a few steps taught (or by RUN). Planning, shards and joining are processes of their own, typed as a job types them;
a worker is one shard. Processor seconds are what counts where other things run; the load of the machine is told.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.command import ROOT, run_workbench
from benchmarks.folders import write_folder

SIDE, KINDS = (
    64,
    500,
)  # pixels of a picture to predict; how many differ, the others are further names of these
WORKBENCH = (sys.executable, "-m", "workbench")
PLAN_CONVERT = """
import sys; from pathlib import Path; from workbench.conversion.sharded.bare import plan_folder
folder, out, shards = sys.argv[1:]
print(plan_folder(Path(folder), Path(out), None, as_rle=False, strict=False, shards=int(shards)).folder)
"""
PLAN_PREDICT = """
import sys; from pathlib import Path; from workbench.engine.prediction.delivery import Order
from workbench.engine.prediction.sharded import plan_prediction
from workbench.engine.prediction.sources import find_images; from workbench.run import Run
run, folder, out, shards = sys.argv[1:]
order = Order(run=Path(run).name, out=Path(out), formats=("coco",), min_score=0.5)
print(plan_prediction(Run(folder=Path(run)), find_images([folder]), order, shards=int(shards), device="cpu").folder)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some processes took that ran at the same time."""

    wall: float
    busy: float  # processor seconds of all of them
    peak: float  # MB of the largest process
    said: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """How a verb is measured: its images, its plan, and the same without shards."""

    name: str
    write: Callable[[Path, int], None]
    plan: Callable[[Path, Path, int], Sequence[str]]
    alone: Callable[[Path, Path], Sequence[str]]
    out: str


def run_together(commands: Sequence[Sequence[str]]) -> Cost:
    """Run commands at once, each with one core's worth of threads."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    began = time.perf_counter()
    running = [
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for words in commands
    ]
    busy = peak = 0.0
    said = b""
    for process, words in zip(running, commands, strict=True):
        said = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)  # with the children that it has waited for
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}")
        busy += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
        if process.stdout:
            process.stdout.close()
    return Cost(time.perf_counter() - began, busy, peak, said.decode())


def run_sharded(verb: Verb, folder: Path, out: Path, workers: int) -> tuple[Cost, Cost, Cost]:
    """Plan, do all shards at once, and join."""
    planned = run_together([verb.plan(folder, out, workers)])
    plan = planned.said.strip()
    words = (*WORKBENCH, verb.name, "--plan", plan)
    worked = run_together([(*words, "--shard", str(shard)) for shard in range(1, workers + 1)])
    return planned, worked, run_together([(*words, "--gather")])


def show_workers(verb: Verb, images: int, counts: Sequence[int], rounds: int, home: Path) -> None:
    """Print how throughput grows with the workers, in turns with one command alone; the best of each."""
    folder = home / "images"
    verb.write(folder, images)
    best: dict[int, Cost] = {}
    for number in range(rounds):
        for count in (0, *counts):
            out = home / f"out {number} {count}" / verb.out
            if count:
                found = run_sharded(verb, folder, out, count)[1]
            else:
                found = run_together([verb.alone(folder, out)])
            shutil.rmtree(out.parent)
            best[count] = min(best.get(count, found), found, key=lambda cost: cost.busy)
    print(f"{verb.name}: {images:,} images, the best of {rounds}; {describe_load()}\n")
    print(f"{'workers':>12}  images/s  processor ms an image  peak MB")
    for count, cost in best.items():
        each = f"{1000 * cost.busy / images:21.2f}"
        print(f"{count or 'no shards':>12}  {images / cost.wall:8.0f}  {each}  {cost.peak:7.0f}", flush=True)
    shutil.rmtree(folder)


def show_sizes(verb: Verb, sizes: Sequence[int], workers: int, home: Path) -> None:
    """Print what an image costs, and what each kind of process takes, as the list grows."""
    print(
        f"\n{verb.name}: {workers} workers; processor ms an image and peak MB of a process; {describe_load()}\n"
    )
    print(f"{'':>9}  {'plan':^13}  {'shards':^13}  {'join':^13}  {'':>9}")
    print(f"{'images':>9}  {'ms':>6} {'MB':>6}  {'ms':>6} {'MB':>6}  {'ms':>6} {'MB':>6}  images/s")
    for size in sizes:
        folder, out = home / f"images {size}", home / f"out {size}" / verb.out
        verb.write(folder, size)
        costs = run_sharded(verb, folder, out, workers)
        columns = "  ".join(f"{1000 * cost.busy / size:6.3f} {cost.peak:6.0f}" for cost in costs)
        print(f"{size:9,}  {columns}  {size / sum(cost.wall for cost in costs):8.0f}", flush=True)
        for path in (folder, out.parent):
            shutil.rmtree(path)


def describe_load() -> str:
    """Say how busy the machine is."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def convert_verb() -> Verb:
    """Annotations of three outlines each."""
    return Verb(
        name="convert",
        write=lambda folder, images: write_folder(folder, images, polygons=3, corners=16),
        plan=lambda folder, out, shards: (
            sys.executable,
            "-c",
            PLAN_CONVERT,
            str(folder),
            str(out),
            str(shards),
        ),
        alone=lambda folder, out: (*WORKBENCH, "convert", str(folder), "--out", str(out)),
        out="all.json",
    )


def predict_verb(run: Path) -> Verb:
    """Pictures with a few round things in them."""
    words = ("--format", "coco", "--min-score", "0.5", "--device", "cpu")
    return Verb(
        name="predict",
        write=write_pictures,
        plan=lambda folder, out, shards: (
            sys.executable,
            "-c",
            PLAN_PREDICT,
            str(run),
            str(folder),
            str(out),
            str(shards),
        ),
        alone=lambda folder, out: (*WORKBENCH, "predict", str(run), str(folder), "--out", str(out), *words),
        out="found",
    )


def write_pictures(folder: Path, images: int) -> None:
    """Draw some pictures, and give them as many names as are wanted."""
    from PIL import Image, ImageDraw

    folder.mkdir(parents=True)
    for number in range(images):
        path = folder / f"{number:07d}.png"
        if number >= KINDS:
            os.link(folder / f"{number % KINDS:07d}.png", path)
            continue
        chance = Random(number)
        picture = Image.effect_noise((SIDE, SIDE), 30).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for _ in range(chance.randint(0, 3)):
            x, y, radius = chance.uniform(0, SIDE), chance.uniform(0, SIDE), chance.uniform(6, 16)
            color = tuple(chance.randint(100, 255) for _ in range(3))
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        picture.save(path)


def teach(home: Path) -> Path:
    """Teach a nano row the drawn balloons for a few steps; what it finds does not matter, what it costs does."""
    for name in ("projects/balloons", "annotations/balloons"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("datasets", "runs", "sweeps"))
    words = ("train", "balloons", "--model", "mask_rcnn_nano", "--steps", "20", "--device", "cpu")
    keys = {
        "INPUT.MIN_SIZE_TRAIN": f"({SIDE},)",
        "INPUT.MIN_SIZE_TEST": SIDE,
        "SOLVER.IMS_PER_BATCH": 2,
        "MODEL.RESNETS.WIDTH_PER_GROUP": 4,  # as thin as can be: what is measured is what all images cost
        "MODEL.RESNETS.STEM_OUT_CHANNELS": 8,
        "MODEL.RESNETS.RES2_OUT_CHANNELS": 16,
        "MODEL.RESNETS.NORM": "BN",
        "MODEL.FPN.OUT_CHANNELS": 16,
        "MODEL.FPN.NORM": "",
        "MODEL.ROI_BOX_HEAD.FC_DIM": 32,
        "MODEL.ROI_BOX_HEAD.NUM_FC": 1,
        "MODEL.ROI_BOX_HEAD.NUM_CONV": 0,
        "MODEL.ROI_MASK_HEAD.CONV_DIM": 16,
        "MODEL.ROI_MASK_HEAD.NUM_CONV": 1,
        "MODEL.RPN.PRE_NMS_TOPK_TEST": 20,
        "MODEL.RPN.POST_NMS_TOPK_TEST": 5,
        "TEST.DETECTIONS_PER_IMAGE": 2,
    }
    return (
        home
        / run_workbench(*words, *(str(word) for pair in keys.items() for word in pair), place=home).split()[
            -1
        ]
    )


def main() -> None:
    """Measure one of the two verbs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("convert", "predict"))
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--run", type=Path)
    typed = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        verb = convert_verb() if typed.verb == "convert" else predict_verb(typed.run or teach(home))
        if typed.workers:
            images = typed.images or {"convert": 4000, "predict": 3000}[verb.name]
            show_workers(verb, images, typed.workers, typed.rounds, home)
        if typed.sizes:
            show_sizes(verb, typed.sizes, os.cpu_count() or 1, home)


if __name__ == "__main__":
    main()
