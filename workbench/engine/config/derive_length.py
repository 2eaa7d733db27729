"""Images a step, learning rate, length: how fast and how long."""

from collections.abc import Iterator

import numpy as np

from workbench.engine.config.boxes import resize_scales
from workbench.engine.config.situation import Proposal, Situation, count

CPU_PIXELS = 2_000_000  # a step of more pixels takes so long on a processor that learning is slow to start
CPU_BATCH = 4
FREE_SHARE = 0.8  # of the free memory that a step may take
SEEN = 4_000  # images that a small set is to be seen, all passes together
PASSES = 12, 50  # over a large set (the schedule "1x" of Detectron2's zoo), and over a small one at most
SHORTEST = 200  # steps
WARMUP_SHARE = 0.1
SCHEDULES = {"step": "WarmupMultiStepLR", "cosine": "WarmupCosineLR"}


def derive_batch(now: Situation) -> Iterator[Proposal]:
    """Images an optimiser step, over all processes."""
    asked = now.settings.train.batch
    parts = now.world * now.settings.train.accumulate
    if asked:
        yield Proposal(key="SOLVER.IMS_PER_BATCH", value=asked, reason="train.batch")
        return
    fit, why = _fit_images(now)
    least = min(now.model.batch, max(now.facts.train.images, 1))
    batch = max(min(least, fit * parts), 1)
    batch = max(batch // parts, 1) * parts
    if batch == now.model.batch:
        why = f"as in the row ({why})"
    elif least < now.model.batch and batch == least:
        why = f"there are only {count(now.facts.train.images, 'image')} to train on"
    shared = f"; in {count(parts, 'part')} (processes × accumulate)" if parts > 1 else ""
    yield Proposal(key="SOLVER.IMS_PER_BATCH", value=batch, reason=why + shared)


def _fit_images(now: Situation) -> tuple[int, str]:
    """How many images at once one process can take, and why not more."""
    pixels = measure_pixels(now)
    natural = now.model.short_edge * now.model.long_edge
    each = now.model.memory_gb / 2 * min(pixels / natural, 2)
    by_memory = int(now.machine.memory_gb * FREE_SHARE / each / _on_this(now)) if each else 64
    memory = f"{now.machine.memory_gb:.1f} GB are free, an image of this size takes about {each:.1f}"
    if not now.machine.device.startswith("cpu"):
        return max(by_memory, 1), memory
    by_pixels = max(2, min(CPU_BATCH, int(CPU_PIXELS / pixels)))
    if by_memory < by_pixels:
        return max(by_memory, 1), memory
    return (
        by_pixels,
        f"on a processor a step takes as long as its pixels: {by_pixels} × {pixels / 1e6:.2f} MP",
    )


def _on_this(now: Situation) -> int:
    """Processes share the memory of one machine; each has a card of its own."""
    return now.world if now.machine.device.startswith("cpu") else 1


def measure_pixels(now: Situation) -> float:
    """Pixels of a middling image after the resize to the largest size of training."""
    part = now.facts.train
    scales = resize_scales(part.sizes, max(now.cfg.INPUT.MIN_SIZE_TRAIN), now.cfg.INPUT.MAX_SIZE_TRAIN)
    return float(np.median(part.sizes.prod(axis=1) * scales**2))


def scale_rate(rate: float, reference: int, batch: int) -> float:
    """The linear rule: twice the images a step, twice the rate."""
    return rate * batch / reference


def derive_rate(now: Situation) -> Iterator[Proposal]:
    """The learning rate for this many images a step."""
    if now.settings.train.lr:
        yield Proposal(key="SOLVER.BASE_LR", value=now.settings.train.lr, reason="train.lr")
        return
    batch = now.cfg.SOLVER.IMS_PER_BATCH
    rate = scale_rate(now.model.lr, now.model.batch, batch)
    reason = f"linear rule: {now.model.lr:g} for {now.model.batch} images a step, so {rate:g} for {batch}"
    yield Proposal(key="SOLVER.BASE_LR", value=rate, reason=reason)


def choose_steps(images: int, batch: int, *, from_scratch: bool = False) -> int:
    """Enough passes over a small set, few over a large one; twice as long from scratch; a round number."""
    seen = max(PASSES[0] * images, min(SEEN, PASSES[1] * images)) * (2 if from_scratch else 1)
    steps = max(seen / batch, SHORTEST)
    unit = 10 if steps < 1_000 else 100
    return int(-(-steps // unit)) * unit


def derive_length(now: Situation) -> Iterator[Proposal]:
    """The number of steps, and what depends on it."""
    images = count_images(now)
    batch = now.cfg.SOLVER.IMS_PER_BATCH
    scratch = not now.get("MODEL.WEIGHTS")
    if now.settings.train.steps:
        yield Proposal(key="SOLVER.MAX_ITER", value=now.settings.train.steps, reason="--steps or train.steps")
        return
    steps = choose_steps(images, batch, from_scratch=scratch)
    more = ", twice as many from scratch" if scratch else ""
    reason = f"{count(images, 'image')}, {batch} a step: {steps * batch / images:.0f} passes{more}"
    yield Proposal(key="SOLVER.MAX_ITER", value=steps, reason=reason)


def count_images(now: Situation) -> int:
    """Images that are trained on: with or without those that hold nothing."""
    part = now.facts.train
    leave_out = now.cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS and now.model.task == "instance"
    return max(part.images - (part.negatives if leave_out else 0), 1)


def derive_schedule(now: Situation) -> Iterator[Proposal]:
    """When the rate rises and falls, in shares of the run's length."""
    steps = now.cfg.SOLVER.MAX_ITER
    asked = now.settings.train.schedule
    if asked != "row":
        yield Proposal(
            key="SOLVER.LR_SCHEDULER_NAME", value=SCHEDULES[asked], reason=f'train.schedule is "{asked}"'
        )
    warmup = now.settings.train.warmup
    if warmup >= 0:
        yield Proposal(key="SOLVER.WARMUP_ITERS", value=warmup, reason="train.warmup")
    else:
        long = now.get_row("SOLVER.WARMUP_ITERS")
        short = min(long, max(int(steps * WARMUP_SHARE), 1))
        reason = f"{WARMUP_SHARE:.0%} of {steps:,} steps; the row's {long:,} are for a longer run"
        yield Proposal(key="SOLVER.WARMUP_ITERS", value=short, reason=reason)
    falls = place_falls(now.get_row("SOLVER.STEPS"), now.get_row("SOLVER.MAX_ITER"), steps)
    shares = " and ".join(f"{fall / steps:.0%}" for fall in falls)
    reason = (
        f"the rate falls at {shares} of {steps:,} steps, as in the row; steps beyond the end would never come"
    )
    yield Proposal(key="SOLVER.STEPS", value=falls, reason=reason)


def place_falls(row_steps: tuple[int, ...], row_length: int, steps: int) -> tuple[int, ...]:
    """Where the rate falls, in the proportions of the row; 2/3 and 8/9 where the row's are no good."""
    shares = [step / row_length for step in row_steps if 0 < step < row_length] or [2 / 3, 8 / 9]
    return tuple(sorted({fall for share in shares if 0 < (fall := int(steps * share + 0.5)) < steps}))


def derive_periods(now: Situation) -> Iterator[Proposal]:
    """How often it is scored, and how often it can be resumed from."""
    steps = now.cfg.SOLVER.MAX_ITER
    train = now.settings.train
    score = train.evaluate_every or -(-steps // 5)
    reason = "train.evaluate_every" if train.evaluate_every else f"five times in {steps:,} steps"
    yield Proposal(key="TEST.EVAL_PERIOD", value=min(score, steps), reason=reason)
    keep = train.checkpoint_every or min(-(-steps // 10), 500)
    reason = f"ten times in {steps:,} steps, or every 500: so much a power cut may cost"
    if train.checkpoint_every:
        reason = "train.checkpoint_every"
    yield Proposal(key="SOLVER.CHECKPOINT_PERIOD", value=min(keep, steps), reason=reason)
