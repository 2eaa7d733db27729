"""The validation loss: on images as they are, and equal for equal weights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from detectron2.config import CfgNode
from detectron2.utils.events import EventStorage
from torch.nn.modules.batchnorm import _BatchNorm

from workbench.engine.feed.pictures import BadPicture
from workbench.engine.feed.sample import make_validation_sample
from workbench.engine.training.loop import seed_everything
from workbench.engine.training.ranks import Ranks


def compute_validation_loss(
    model: torch.nn.Module,
    records: Sequence[Mapping[str, Any]],
    cfg: CfgNode,
    *,
    seed: int,
    ranks: Ranks | None = None,
) -> dict[str, float]:
    """Return the mean losses over the images that can be read, shared out over the processes of a run.

    Each image has its own seed: heads draw their proposals and points at random.
    """
    ranks = ranks or Ranks()
    with ranks.agreeing(), _losses_without_learning(model), torch.no_grad():
        mine = [
            _compute_losses(model, records[number], cfg, seed, number)
            for number in range(ranks.rank, len(records), ranks.world)
        ]
    shares = ranks.gather(mine)
    sums: dict[str, float] = {}
    count = 0
    for number in range(len(records)):  # added up in the order of the images, whoever computed them
        losses = shares[number % ranks.world][number // ranks.world]
        count += bool(losses)
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + loss
    means = {name: value / count for name, value in sums.items()}
    return {"loss": sum(means.values()), **means} if means else {}


def _compute_losses(
    model: torch.nn.Module, record: Mapping[str, Any], cfg: CfgNode, seed: int, number: int
) -> dict[str, float]:
    """Nothing for an image that went away: the evaluation, which takes it too, has a note on it."""
    try:
        sample = make_validation_sample(record, cfg)
    except BadPicture:
        return {}
    seed_everything(seed, number)
    try:
        with EventStorage():
            return {name: float(loss) for name, loss in model([sample]).items()}
    except FloatingPointError:  # so Detectron2 says that its boxes are no numbers
        return {"loss_rpn_loc": float("nan")}


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
