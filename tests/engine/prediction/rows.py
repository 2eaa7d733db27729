"""Small models with random weights, and configs that let everything through."""

from typing import Any

import torch
from detectron2.config import CfgNode

from workbench.engine.config.derive_classes import count_classes
from workbench.engine.models.build import build_model, row_config
from workbench.engine.models.table import MODELS

_RESNET = (
    *("MODEL.RESNETS.DEPTH", 50, "MODEL.RESNETS.WIDTH_PER_GROUP", 4),
    *("MODEL.RESNETS.STEM_OUT_CHANNELS", 8, "MODEL.RESNETS.RES2_OUT_CHANNELS", 8),
)
NARROW: dict[str, tuple[Any, ...]] = {
    "panoptic_deeplab_r52": (
        *(*_RESNET, "MODEL.SEM_SEG_HEAD.PROJECT_CHANNELS", [8, 8], "MODEL.SEM_SEG_HEAD.HEAD_CHANNELS", 16),
        *("MODEL.SEM_SEG_HEAD.CONVS_DIM", 16, "MODEL.SEM_SEG_HEAD.ASPP_CHANNELS", 16),
        *("MODEL.INS_EMBED_HEAD.CONVS_DIM", 16, "MODEL.INS_EMBED_HEAD.ASPP_CHANNELS", 16),
        *("MODEL.INS_EMBED_HEAD.HEAD_CHANNELS", 16),
    )
}


def make_config(name: str, things: int = 2, stuff: int = 2) -> CfgNode:
    """A row for small pictures."""
    cfg = row_config(MODELS[name])
    for key, what in MODELS[name].class_keys.items():
        cfg.merge_from_list([key, count_classes(what, things, stuff)])
    cfg.merge_from_list(list(NARROW.get(name, ())))
    cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST = 64, 100
    cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0
    cfg.TEST.DETECTIONS_PER_IMAGE = 7
    cfg.MODEL.WEIGHTS = ""
    return cfg


def build(name: str, things: int = 2, stuff: int = 2) -> tuple[torch.nn.Module, CfgNode]:
    """The same weights each time."""
    cfg = make_config(name, things, stuff)
    torch.manual_seed(1)
    return build_model(cfg), cfg
