"""Optimiser and learning rate, as the config says: Detectron2's own, and those of its DeepLab projects."""

from typing import Any

import torch
from detectron2.config import CfgNode
from detectron2.projects.deeplab import build_lr_scheduler
from detectron2.solver import build_optimizer as build_sgd
from detectron2.solver.build import get_default_optimizer_params


def build_optimizer(cfg: CfgNode, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return SGD, or Adam where a row asks for it (Panoptic-DeepLab)."""
    kind = str(cfg.SOLVER.get("OPTIMIZER", "SGD")).upper()
    if kind == "ADAM":
        groups = get_default_optimizer_params(
            model, weight_decay=cfg.SOLVER.WEIGHT_DECAY, weight_decay_norm=cfg.SOLVER.WEIGHT_DECAY_NORM
        )
        return torch.optim.Adam(groups, cfg.SOLVER.BASE_LR)
    return build_sgd(cfg, model)


def build_schedule(cfg: CfgNode, optimizer: torch.optim.Optimizer) -> Any:
    """Return the schedule that SOLVER.LR_SCHEDULER_NAME names."""
    return build_lr_scheduler(cfg, optimizer)


def freeze(model: torch.nn.Module, patterns: tuple[str, ...]) -> list[str]:
    """Take parameters out of learning by patterns of their names; return the patterns that meant none."""
    from fnmatch import fnmatchcase

    unused = set(patterns)
    for name, parameter in model.named_parameters():
        for pattern in patterns:
            if fnmatchcase(name, pattern):
                parameter.requires_grad_(False)
                unused.discard(pattern)
    return sorted(unused)
