"""Samples a second of one core, beside Detectron2's own DatasetMapper on the same images; and the share of waiting.

    python -m benchmarks.loading [DATASET] [--seconds 2] [--step 0.3]

Rounds alternate between the two, and medians are compared. Both give the same samples
(tests/engine/feed/test_sample.py). Waiting is measured beside a step that keeps one core busy for --step seconds.
"""

import argparse
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np
import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.data import DatasetMapper

from workbench.engine.feed.augment import build_augmentations
from workbench.engine.feed.cache import PixelCache, derive_budget
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.records import Record, read_records
from workbench.engine.feed.sample import list_planes, make_sample
from workbench.settings import AugmentSettings

SIZES = ((192, 320), (352, 587), (800, 1333))
ROUNDS = 7


def main() -> None:
    """Print a row for each size, then the share of waiting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, nargs="?", help="default: the newest of projects/balloons")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measured figure")
    parser.add_argument("--step", type=float, default=0.3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset = arguments.dataset or max(Path("projects/balloons/datasets").glob("*/"))
    records = read_records(dataset, "train")
    print(f"{len(records)} images of {dataset}; images/s of one core, medians of {ROUNDS} rounds")
    print(
        f"{'short edge':>10} {'masks':>8} {'Detectron2':>11} {'ours':>8} {'cached':>8} {'ratio':>7} {'ratio':>7}"
    )
    for edge, longest in SIZES:
        for mask in ("polygon", "bitmask"):
            theirs, ours, cached = compare(records, build(edge, longest, mask), arguments.seconds)
            ratios = f"{ours / theirs:7.2f} {cached / theirs:7.2f}"
            print(f"{edge:>10} {mask:>8} {theirs:11.0f} {ours:8.0f} {cached:8.0f} {ratios}")
    for workers in (0, 1, 2):
        share = measure_wait(records, workers, arguments.step)
        print(
            f"{workers} workers, 4 images of 352 px a step of {arguments.step} s: {share:.2%} of it waiting"
        )


def build(edge: int, longest: int, mask: str) -> CfgNode:
    """Return a config with these image sizes."""
    cfg = get_cfg()
    cfg.INPUT.MIN_SIZE_TRAIN, cfg.INPUT.MAX_SIZE_TRAIN = (edge,), longest
    cfg.INPUT.MASK_FORMAT, cfg.MODEL.MASK_ON = mask, True
    return cfg


def compare(records: list[Record], cfg: CfgNode, seconds: float) -> tuple[float, float, float]:
    """Return images a second: Detectron2's mapper, ours, ours with pixels in memory."""
    if cfg.INPUT.MASK_FORMAT == "polygon":  # Detectron2 refuses run lengths there
        records = [
            {**record, "annotations": [thing for thing in record["annotations"] if is_polygon(thing)]}
            for record in records
        ]
    mapper = DatasetMapper(cfg, is_train=True)
    augmentations = build_augmentations(cfg, AugmentSettings())
    cache = PixelCache(records, list_planes(cfg), derive_budget(-1))
    plain = [{**record, "annotations": as_lists(record["annotations"])} for record in records]

    def ours(index: int) -> None:
        make_sample(records[index], cfg, augmentations, seed=0, epoch=0, index=index)

    def cached(index: int) -> None:
        make_sample(records[index], cfg, augmentations, seed=0, epoch=0, index=index, read=cache.read)

    for index in range(len(records)):
        cached(index)
    makers: list[Callable[[int], object]] = [lambda index: mapper(plain[index]), ours, cached]
    rounds = [[rate(make, len(records), seconds / ROUNDS) for make in makers] for _ in range(ROUNDS)]
    theirs, our, kept = (median(column) for column in zip(*rounds, strict=True))
    return theirs, our, kept


def is_polygon(thing: Record) -> bool:
    """Is it drawn with polygons?"""
    return isinstance(thing["segmentation"], list)


def as_lists(things: list[Record]) -> list[Record]:
    """Polygons as Detectron2's own reader of COCO has them."""
    return [
        {**thing, "segmentation": [ring.tolist() for ring in thing["segmentation"]]}
        if is_polygon(thing)
        else thing
        for thing in things
    ]


def rate(make: Callable[[int], object], count: int, seconds: float) -> float:
    """Go round the images for about so long; return how many a second."""
    done, began = 0, time.perf_counter()
    for index in cycle(range(count)):
        make(index)
        done += 1
        if done % 5 == 0 and time.perf_counter() - began > seconds:
            break
    return done / (time.perf_counter() - began)


def measure_wait(records: list[Record], workers: int, step: float) -> float:
    """Return the share of time that a busy trainer stands waiting, the first batch left out."""
    feed = Feed(
        records, build(352, 587, "polygon"), AugmentSettings(), seed=0, batch=4, workers=workers, cache_mb=-1
    )
    batches = feed.batches()
    next(batches)
    feed.wait, began = 0.0, time.perf_counter()
    matrix = np.ones((64, 64), np.float32)
    for _ in range(20):
        end = time.perf_counter() + step
        while time.perf_counter() < end:
            matrix @ matrix
        next(batches)
    share = feed.wait / (time.perf_counter() - began)
    feed.close()
    return share


if __name__ == "__main__":
    main()
