"""The validation loss: on images as they are, and equal for equal weights."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from detectron2.utils.events import EventStorage
from torch.nn.modules.batchnorm import _BatchNorm

from workbench.engine.training.loop import seed_everything


def compute_validation_loss(
    model: torch.nn.Module, samples: Iterable[dict[str, Any]], *, seed: int
) -> dict[str, float]:
    """Return the mean losses. Each image has its own seed: heads draw their proposals and points at random."""
    sums: dict[str, float] = {}
    count = 0
    with _losses_without_learning(model), torch.no_grad():
        for number, sample in enumerate(samples):
            seed_everything(seed, number)
            with EventStorage():
                losses = model([sample])
            count += 1
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + float(loss)
    means = {name: value / count for name, value in sums.items()}
    return {"loss": sum(means.values()), **means} if means else {}


@contextmanager
def _losses_without_learning(model: torch.nn.Module) -> Iterator[None]:
    """Put the model where it gives losses, but its norms and dropouts where they stay as they are."""
    modes = {module: module.training for module in model.modules()}
    model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm | torch.nn.Dropout):
            module.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
