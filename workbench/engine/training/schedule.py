"""Optimiser and learning rate, as the config says: Detectron2's own, and those of its DeepLab projects."""

from typing import Any

import torch
from detectron2.config import CfgNode
from detectron2.projects.deeplab import build_lr_scheduler
from detectron2.solver import build_optimizer as build_sgd
from detectron2.solver.build import get_default_optimizer_params


def build_optimizer(cfg: CfgNode, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return SGD, or what a row asks for: Adam (Panoptic-DeepLab's key) or AdamW (ours, for training from scratch)."""
    adam = torch.optim.Adam if str(cfg.SOLVER.get("OPTIMIZER", "")).upper() == "ADAM" else None
    kind = torch.optim.AdamW if cfg.SOLVER.get("ADAMW", False) else adam
    if kind is None:
        return build_sgd(cfg, model)
    groups = get_default_optimizer_params(
        model,
        weight_decay=cfg.SOLVER.WEIGHT_DECAY,
        weight_decay_norm=cfg.SOLVER.WEIGHT_DECAY_NORM,
        weight_decay_bias=cfg.SOLVER.WEIGHT_DECAY_BIAS,
    )
    return kind(groups, cfg.SOLVER.BASE_LR, fused=True)  # one pass over all weights: a tenth of a nano step


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
