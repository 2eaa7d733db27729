"""A few real steps before the long run: will it fit, is every loss finite, how fast is it, when will it be done?"""

import math
import resource
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from detectron2.utils.events import EventStorage

from workbench.engine.config.anchors import AnchorMatch, match_anchors, resize_frame
from workbench.engine.config.boxes import read_facts
from workbench.engine.config.derive_anchors import GOOD
from workbench.engine.config.derive_objects import compute_repeats
from workbench.engine.config.machine import GB
from workbench.engine.config.situation import count
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.records import has_objects, read_records
from workbench.engine.models.build import build_model
from workbench.engine.models.head_rows import Classes, has_boxes
from workbench.engine.models.weights import load_weights, locate_weights
from workbench.engine.training.course import Course
from workbench.engine.training.loop import seed_everything
from workbench.engine.training.precision import Precision, choose_precision
from workbench.engine.training.schedule import build_optimizer
from workbench.engine.training.speed import tune_model, tune_process
from workbench.errors import WorkbenchError

SLOW_DAYS = 3  # a run that takes longer is worth a word
STATES = 2  # of an optimiser with momentum: the weights, and as much again


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a few steps took."""

    steps: int
    seconds: float  # of a middling step, the first one left out
    images_per_second: float
    wait_share: float  # of that time, waiting for images
    memory_gb: float  # at the peak: of the card, or of this process
    loss: float
    losses: dict[str, float]
    precision: str

    def to_json(self) -> dict[str, Any]:
        """As `preflight --json` has it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What was found; with `problems` a training would fail."""

    model: str
    dataset: str
    device: str
    steps: int
    batch: int
    changes: tuple[Any, ...]
    pace: Pace | None
    hours: float | None  # until the last step, without the scoring between
    anchors: AnchorMatch | None
    disk_gb: float  # free where runs lie
    needs_gb: float  # what checkpoints and weights take
    weights: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As `preflight --json` has it."""
        plain = ("model", "dataset", "device", "steps", "batch", "hours", "disk_gb", "needs_gb", "weights")
        return {
            "ok": not self.problems,
            **{name: getattr(self, name) for name in plain},
            "pace": self.pace.to_json() if self.pace else None,
            "anchors": self.anchors.to_json() if self.anchors else None,
            "changes": [change.to_json() for change in self.changes],
            "problems": list(self.problems),
            "warnings": list(self.warnings),
        }


def examine_course(course: Course, *, tries: int = 3) -> Preflight:
    """Look at everything that a training of this course needs, and make a few of its steps."""
    problems: list[str] = []
    part = read_facts(course.dataset).train
    frame = resize_frame(part, course.cfg.INPUT.MIN_SIZE_TEST, course.cfg.INPUT.MAX_SIZE_TEST)
    anchors = match_anchors(frame, course.cfg) if course.task != "semantic" else None
    pace, needs = None, 0.0
    try:
        seed_everything(course.settings.train.seed)
        tune_process()
        model = build_model(course.cfg)
        problems += _try_weights(course, model)
        tune_model(model)
        needs = _estimate_disk(course, model)
        pace = _make_steps(course, model, tries)
    except WorkbenchError as error:
        problems.append(str(error))
    except (torch.OutOfMemoryError, MemoryError) as error:
        batch = course.cfg.SOLVER.IMS_PER_BATCH
        problems.append(
            f"memory: {batch} images a step must fit, but do not ({_line(error)}); lower train.batch"
        )
    except (RuntimeError, ValueError, AssertionError, KeyError, IndexError, TypeError) as error:
        problems.append(f"a step must be possible, but {type(error).__name__}: {_line(error)}")
    free = shutil.disk_usage(course.project).free / GB
    if free < needs:
        problems.append(f"disk: {needs:.1f} GB must be free for a run, but {free:.1f} are; make room")
    hours = course.steps * pace.seconds / 3600 if pace else None
    return Preflight(
        model=course.model,
        dataset=str(course.dataset),
        device=course.device,
        steps=course.steps,
        batch=int(course.cfg.SOLVER.IMS_PER_BATCH),
        changes=course.changes,
        pace=pace,
        hours=hours,
        anchors=anchors,
        disk_gb=free,
        needs_gb=needs,
        weights=str(course.cfg.MODEL.WEIGHTS),
        problems=tuple(problems),
        warnings=tuple(_warn(anchors, hours)),
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _warn(anchors: AnchorMatch | None, hours: float | None) -> Iterator[str]:
    if anchors and anchors.half < GOOD:
        yield (
            f"anchors: {anchors.half:.0%} of {count(anchors.boxes, 'box')} are met by half; below {GOOD:.0%} "
            "small or long objects are found late: a larger INPUT.MIN_SIZE_TRAIN helps"
        )
    if hours and hours > 24 * SLOW_DAYS:
        yield f"time: {hours / 24:.0f} days; --steps makes it shorter, a smaller row faster (workbench models)"


def _try_weights(course: Course, model: torch.nn.Module) -> list[str]:
    """Find the weights, and put them in."""
    try:
        path = locate_weights(course.cfg.MODEL.WEIGHTS)
        if path is not None:
            boxes = has_boxes(tuple(model.state_dict()))
            load_weights(model, path, Classes(things=course.things, stuff=course.stuff, boxes=boxes))
    except WorkbenchError as error:
        return [str(error)]
    return []


def _estimate_disk(course: Course, model: torch.nn.Module) -> float:
    """Checkpoints kept and the one being written, the best and the final weights."""
    weights = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    settings = course.settings.train
    whole = weights * (STATES + (1 if settings.ema else 0))
    return (whole * (settings.keep + 1) + 2 * weights) / GB


def _make_steps(course: Course, model: torch.nn.Module, tries: int) -> Pace:
    """Real batches forward, back, and one move of the optimiser, as the loop makes them."""
    precision = choose_precision(course.settings.train.precision, course.device)
    optimizer = build_optimizer(course.cfg, model)
    feed = _open_feed(course)
    if course.device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    times, losses, share = [], {}, course.part_batch // course.world
    try:
        batches = feed.batches()
        for step in range(tries + 1):
            began = time.perf_counter()
            if step == 1:
                feed.wait = 0.0
            parts = list(islice(batches, course.settings.train.accumulate))
            losses = _make_step(model, optimizer, parts, precision)
            times.append(time.perf_counter() - began)
        wait = feed.wait
    finally:
        feed.close()
    seconds = sorted(times[1:])[tries // 2]
    images = share * course.settings.train.accumulate * course.world
    return Pace(
        steps=tries,
        seconds=seconds,
        images_per_second=images / seconds,
        wait_share=wait / sum(times[1:]),
        memory_gb=_peak_memory(course.device),
        loss=sum(losses.values()),
        losses=losses,
        precision=precision.name,
    )


def _make_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, parts: list[Any], precision: Precision
) -> dict[str, float]:
    """One step; every loss must be finite."""
    optimizer.zero_grad(set_to_none=True)
    sums: dict[str, float] = {}
    for part in parts:
        with EventStorage(0), precision.autocast():
            losses = model(part.samples)
        (sum(losses.values()) / len(parts)).backward()
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + float(loss.detach()) / len(parts)
        wrong = [name for name, value in sums.items() if not math.isfinite(value)]
        if wrong:
            raise WorkbenchError(
                f"every loss must be a finite number, but {', '.join(wrong)} is not; the images were "
                f"{', '.join(part.keys)}; look at them (workbench check), or lower train.lr"
            )
    for group in optimizer.param_groups:
        group["lr"] = 0.0  # memory and time of a move, and the weights stay
    optimizer.step()
    return sums


def _open_feed(course: Course) -> Feed:
    """The batches that the training would begin with."""
    records = read_records(course.dataset, "train", course.task)
    if course.cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS and course.task == "instance":
        records = [record for record in records if has_objects(record)]
    settings = course.settings.train
    return Feed(
        records,
        course.cfg,
        course.settings.augment,
        seed=settings.seed,
        batch=course.part_batch,
        world=course.world,
        workers=course.cfg.DATALOADER.NUM_WORKERS if settings.workers < 0 else settings.workers,
        cache_mb=settings.cache_mb,
        repeats=compute_repeats(records, course.cfg),
    )


def _peak_memory(device: str) -> float:
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated() / GB)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB
