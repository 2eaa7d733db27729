"""The loop: duties, one step, again. What a step draws at random depends on (seed, step, rank) alone."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from detectron2.utils.events import EventStorage

from workbench.engine.training.ranks import Ranks
from workbench.engine.training.state import State
from workbench.engine.training.stop import Stop
from workbench.errors import WorkbenchError

Losses = dict[str, float]


class BadLoss(WorkbenchError):
    """A loss or a gradient that is no finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """How one step is made."""

    steps: int
    accumulate: int
    clip: float
    seed: int
    skip_bad_losses: int
    autocast: Callable[[], Any]


def train(
    state: State,
    batches: Iterator[Any],
    stride: Stride,
    *,
    ranks: Ranks,
    duties: Callable[[], None],
    stop: Stop,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[int, Losses]]:
    """Yield each finished step with its losses. `duties` does what is due between two steps: scores, checkpoints."""
    while True:
        duties()
        if state.step >= stride.steps or state.enough:
            return
        seed_everything(stride.seed, state.step, ranks.rank)
        parts = [next(batches) for _ in range(stride.accumulate)]
        measured = state.keep_buffers() if stride.skip_bad_losses else ()
        with EventStorage(state.step):  # Detectron2's heads write into one; the numbers are kept elsewhere
            values = _forward_backward(state, parts, stride, alone=ranks.world == 1)
        values["gradient"] = _gradient_norm(state, stride.clip)
        bad, stopped = ranks.any(_is_bad(values, state), stop.asked)
        if bad:
            state.pass_over(measured)
            _complain(state, _blame(parts, values, ranks), stride, warn)
        else:
            ranks.average(state.statistics())
            state.update()
        state.step += 1
        yield state.step, ranks.mean(values)
        stop.raise_if(stopped)


def seed_everything(*numbers: int) -> None:
    """Start every random generator from these numbers, so that none has a state worth keeping."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)


def _forward_backward(state: State, parts: Sequence[Any], stride: Stride, *, alone: bool) -> Losses:
    """Send a batch through in parts; return the mean losses, read from the device in one go."""
    sums: dict[str, Any] = {}
    for number, part in enumerate(parts, start=1):
        with state.together(last=number == len(parts)):
            try:
                with stride.autocast():
                    losses = state.model(part.samples)
                    total = sum(losses.values()) / len(parts)
            except FloatingPointError as error:  # so Detectron2 says that its boxes are no numbers
                diverged = {"loss": float("nan"), "loss_rpn_loc": float("nan")}
                if alone:
                    return diverged
                culprit = _blame(
                    parts, diverged, Ranks()
                )  # the others are not there: they wait for gradients
                raise _describe(state.step + 1, culprit) from error
            state.scaler.scale(total).backward()
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + loss.detach().float() / len(parts)
    values = dict(zip(sums, torch.stack(list(sums.values())).tolist(), strict=True))
    return {"loss": sum(values.values()), **values}


def _gradient_norm(state: State, clip: float) -> float:
    """Measure the gradients together, and shorten them where they are too long."""
    state.scaler.unscale_(state.optimizer)
    return float(torch.nn.utils.clip_grad_norm_(state.parameters, clip or float("inf")))


def _is_bad(values: Losses, state: State) -> bool:
    """In fp16 gradients overflow now and then; the scaler knows, and passes over such a step by itself."""
    counted = [value for name, value in values.items() if name != "gradient" or not state.scaler.is_enabled()]
    return not np.isfinite(counted).all()


@dataclass(frozen=True, slots=True)
class _Culprit:
    """What was no finite number, and the images that it came from."""

    wrong: str
    images: str


def _blame(parts: Sequence[Any], values: Losses, ranks: Ranks) -> _Culprit:
    """The processes that have a bad loss of their own; all where only the gradient, which they share, is bad."""
    wrong = [name for name, value in values.items() if not np.isfinite(value)]
    shares = ranks.gather((wrong, [key for part in parts for key in part.keys]))
    guilty = [share for share in shares if set(share[0]) - {"gradient"}] or shares
    names = dict.fromkeys(name for wrong, _ in guilty for name in wrong)
    return _Culprit(", ".join(names), ", ".join(key for _, keys in guilty for key in keys))


def _complain(state: State, culprit: _Culprit, stride: Stride, warn: Callable[[str], None]) -> None:
    """Say which images a bad loss came from; where no more of them are allowed, that is the end."""
    if state.skipped > stride.skip_bad_losses:
        raise _describe(state.step + 1, culprit)
    warn(
        f"warning: step {state.step + 1} was passed over ({state.skipped} of at most {stride.skip_bad_losses}): "
        f"{culprit.wrong} is no finite number; the images were {culprit.images}"
    )


def _describe(step: int, culprit: _Culprit) -> BadLoss:
    return BadLoss(
        f"step {step}: every loss must be a finite number, but {culprit.wrong} is not; the images were "
        f"{culprit.images}. Lower the learning rate (train.lr), look at these images (workbench check), or pass over "
        "a few such steps (train.skip_bad_losses 3)"
    )
