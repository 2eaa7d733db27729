"""Do two processes learn what one learns? One training of equal batches, several seeds, alone and shared out.

    python -m benchmarks.processes [--row mask_rcnn_nano] [--steps 150] [--seeds 3] [--most 2] [--out build/processes]

The drawn balloons of this repository, small. Both sides see the same images in the same order with the same learning
rate; what differs is who computes which of them (heads draw their proposals at random, and each process averages over
its own images). Each process has one thread. The table ends with how far the two are apart, beside how far seeds are.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path
from statistics import mean, stdev

from benchmarks.command import ROOT, run_workbench
from benchmarks.seeds import prepare

KEYS = {
    "INPUT.MIN_SIZE_TRAIN": "(160,)",
    "INPUT.MAX_SIZE_TRAIN": "224",
    "INPUT.MIN_SIZE_TEST": "160",
    "INPUT.MAX_SIZE_TEST": "224",
    "train.device": "cpu",
    "train.precision": "fp32",
    "train.batch": "4",
    "train.workers": "0",
    "train.watch": "()",
}
NUMBERS = ("mask AP", "box AP", "loss", "validation", "img/s")


def train(home: Path, row: str, steps: int, seed: int, count: int) -> dict[str, float]:
    """Train by the command that users type; return what it came to."""
    words = [
        "train",
        "balloons",
        "--model",
        row,
        "--steps",
        str(steps),
        "--seed",
        str(seed),
        "--gpus",
        str(count),
    ]
    keys = {**KEYS, "train.evaluate_every": str(steps)}
    began = time.monotonic()
    told = run_workbench(*words, *(word for pair in keys.items() for word in pair), place=home)
    run = home / told.strip().splitlines()[-1]
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    last = [line["loss"] for line in lines if line["kind"] == "train"][-steps // 5 :]
    judged = next(line for line in reversed(lines) if line["kind"] == "val")
    paces = [json.loads(line) for line in (run / "speed.jsonl").read_text().splitlines()]
    return {
        "mask AP": judged["mask.AP"],
        "box AP": judged["box.AP"],
        "loss": mean(last),
        "validation": judged["loss"],
        "img/s": mean(pace["images_per_second"] for pace in paces if "images_per_second" in pace),
        "seconds": time.monotonic() - began,
    }


def main() -> None:
    """Train each seed on both sides, and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--row", default="mask_rcnn_nano")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=2, help="processes of the other side")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "processes")
    typed = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    home = typed.out.resolve()
    if not home.exists():
        prepare(home)
    rows: list[dict[int, dict[str, float]]] = []
    for seed in range(typed.seeds):
        rows.append({count: train(home, typed.row, typed.steps, seed, count) for count in (1, typed.most)})
        for count, found in rows[-1].items():
            print(
                f"seed {seed}, {count}: " + "  ".join(f"{key} {value:.4g}" for key, value in found.items()),
                flush=True,
            )
    for number in NUMBERS if len(rows) > 1 else ():
        print(compare(number, [row[1][number] for row in rows], [row[typed.most][number] for row in rows]))


def compare(number: str, alone: list[float], shared: list[float]) -> str:
    """One line: both sides, how far they are apart seed by seed, and how sure that is."""
    apart = [two - one for one, two in zip(alone, shared, strict=True)]
    error = stdev(apart) / math.sqrt(len(apart))
    return (
        f"{number:10s}  alone {mean(alone):.3f} (seeds ± {stdev(alone):.3f})  shared {mean(shared):.3f} "
        f"(seeds ± {stdev(shared):.3f})  difference {mean(apart):+.4f}, its standard error {error:.4f}"
    )


if __name__ == "__main__":
    main()
