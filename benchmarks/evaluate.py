"""Scoring two files of COCO: pycocotools, hotcoco and the workbench, from the files to the numbers.

    python -m benchmarks.evaluate [--images 2000] [--rounds 3] [--without-pycocotools]
    python -m benchmarks.evaluate --large

Ten truths and twenty predictions an image, ten classes, boxes and masks. The sides, in turns, each in a fresh process
that has imported what it needs:

    pycocotools   read, load, evaluate, accumulate, summarize
    hotcoco       the same, bare: no checks
    standard      ours: read, check, the twelve numbers of boxes and of masks, for each class too
    everything    what `workbench evaluate --out` does: also pairs, boundary AP, intervals, curves, confusion,
                  calibration, error kinds, slices, mistakes, both documents written

All must give the same 24 numbers. Processor seconds of all threads are counted, so that what else runs on the machine
weighs little; wall seconds stand beside them. --large does everything with 50,000 images and 500,000 predictions,
once, in a process of its own, and tells its peak memory.
"""

import argparse
import contextlib
import io
import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drawn_scenes import write_scene

KEYS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
NAMES = {"box": "bbox", "mask": "segm"}
Numbers = list[float | None]


def run_pycocotools(truth: Path, results: Path) -> Callable[[], Numbers]:
    """The referee."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def score() -> Numbers:
        numbers = []
        with contextlib.redirect_stdout(io.StringIO()):
            right = COCO(str(truth))
            found = right.loadRes(str(results))
            for name in NAMES.values():
                judge = COCOeval(right, found, name)
                judge.evaluate()
                judge.accumulate()
                judge.summarize()
                numbers += judge.stats.tolist()
        return numbers

    return score


def run_hotcoco(truth: Path, results: Path) -> Callable[[], Numbers]:
    """The engine alone."""
    import hotcoco

    def score() -> Numbers:
        right = hotcoco.COCO(str(truth))
        found = right.load_res(str(results))
        numbers = []
        for name in NAMES.values():
            judge = hotcoco.COCOeval(right, found, name)
            judge.evaluate()
            judge.accumulate()
            with contextlib.redirect_stdout(io.StringIO()):
                judge.summarize()
            numbers += [float(value) for value in judge.stats]
        return numbers

    return score


def run_standard(truth: Path, results: Path) -> Callable[[], Numbers]:
    """Ours, what the others do."""
    import hotcoco  # noqa: F401

    from workbench.evaluation.coco.coco_scores import compute_coco_scores

    return lambda: pick(compute_coco_scores(truth, results).scores)


def run_everything(truth: Path, results: Path) -> Callable[[], Numbers]:
    """Ours, all of it."""
    import hotcoco  # noqa: F401

    from workbench.commands.judging import judge_files
    from workbench.evaluation.analysis import Settings

    def score() -> Numbers:
        with tempfile.TemporaryDirectory() as home:
            judged = judge_files(truth, results, Settings(), Path(home))
            judged.write(judged.found.document)
        return pick(judged.found.document)

    return score


def pick(scores: Mapping[str, Any]) -> Numbers:
    """The 24 standard numbers."""
    return [scores[kind][key] for kind in NAMES for key in KEYS]


SIDES = {
    "pycocotools": run_pycocotools,
    "hotcoco": run_hotcoco,
    "standard": run_standard,
    "everything": run_everything,
}


def measure(side: str, truth: Path, results: Path) -> tuple[float, float, float, Numbers]:
    """Processor and wall seconds, peak megabytes, and the numbers."""
    score = SIDES[side](truth, results)
    processor, wall = time.process_time(), time.perf_counter()
    numbers = score()
    seconds = time.process_time() - processor, time.perf_counter() - wall
    return *seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, numbers


def measure_apart(side: str, truth: Path, results: Path) -> tuple[float, float, float, Numbers]:
    """The same in a process that ends with it."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (side, truth, results))


def main() -> None:
    """Draw, run all sides in turns, print medians and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-pycocotools", action="store_true", help="it takes most of the time")
    parser.add_argument("--large", action="store_true", help="50,000 images, 500,000 predictions")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.large:
            measure_large(Path(folder))
            return
        truth, results, truths, found = write_scene(Path(folder), args.images, 10, 20)
        print(f"{args.images} images, {truths} truths, {found} predictions; {os.cpu_count()} cores")
        sides = [side for side in SIDES if side != "pycocotools" or not args.without_pycocotools]
        rounds = [{side: measure_apart(side, truth, results) for side in sides} for _ in range(args.rounds)]
    report(rounds)


def measure_large(home: Path) -> None:
    """Everything, once."""
    truth, results, truths, found = write_scene(home, 50_000, 5, 10)
    megabytes = sum(path.stat().st_size for path in (truth, results)) / 1e6
    processor, wall, peak, _ = measure_apart("everything", truth, results)
    print(f"50000 images, {truths} truths, {found} predictions in {megabytes:.0f} MB of files")
    print(f"everything: {processor:.1f} processor s, {wall:.1f} s, peak {peak:.0f} MB")


def report(rounds: list[dict[str, tuple[float, float, float, Numbers]]]) -> None:
    """Print the medians, and how many times as long the others take."""
    medians = {side: np.median([one[side][:3] for one in rounds], axis=0).tolist() for side in rounds[0]}
    print(f"median of {len(rounds)}     processor s    wall s   peak MB")
    for side, (processor, wall, peak) in medians.items():
        print(f"{side:16s} {processor:11.2f} {wall:9.2f} {peak:9.0f}")
    for first, second in (
        ("pycocotools", "standard"),
        ("pycocotools", "everything"),
        ("everything", "hotcoco"),
    ):
        if first in medians:
            ratios = [medians[first][place] / medians[second][place] for place in (0, 1)]
            print(f"{first} / {second}: {ratios[0]:.1f} by processor, {ratios[1]:.1f} by wall")
    last = [np.array([-1 if value is None else value for value in one[-1]]) for one in rounds[0].values()]
    print(f"largest difference of 24 numbers: {max(np.abs(one - last[0]).max() for one in last):.1g}")


if __name__ == "__main__":
    main()
