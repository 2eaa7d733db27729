"""From a row to Detectron2's config, and from a config to the network."""

from collections.abc import Callable, Iterable
from pathlib import Path

import detectron2
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model as build_meta_architecture
from detectron2.projects.deeplab import add_deeplab_config
from detectron2.projects.panoptic_deeplab import add_panoptic_deeplab_config
from detectron2.projects.point_rend import add_pointrend_config
from torch import nn

from workbench.engine.models.backbones import add_workbench_config
from workbench.engine.models.row import Model
from workbench.engine.models.timm import require_timm

EXTENSIONS: dict[str, Callable[[CfgNode], None]] = {
    "point_rend": add_pointrend_config,
    "deeplab": add_deeplab_config,
    "panoptic_deeplab": add_panoptic_deeplab_config,
    "workbench": add_workbench_config,
}
ZOO = Path(detectron2.__file__).parent / "model_zoo" / "configs"


def blank_config(extend: Iterable[str] = ()) -> CfgNode:
    """Return Detectron2's defaults with the keys of these extensions, on the CPU."""
    cfg = get_cfg()
    for name in extend:
        EXTENSIONS[name](cfg)
    cfg.MODEL.DEVICE = "cpu"
    return cfg


def row_config(model: Model, *, backbone: str = "") -> CfgNode:
    """Return what the row says and nothing that depends on data; `backbone` names a network of timm instead."""
    extend = dict.fromkeys((*model.extend, *(("workbench",) if backbone else ())))
    cfg = blank_config(extend)
    if model.zoo:
        read = CfgNode.load_yaml_with_base(str(ZOO / model.zoo), allow_unsafe=False)
        cfg.merge_from_other_cfg(CfgNode(read))
    cfg.merge_from_list([part for pair in model.keys.items() for part in pair])
    cfg.MODEL.WEIGHTS = model.weights
    if backbone:
        _put_timm(cfg, backbone)
    if model.bitmask:
        cfg.INPUT.MASK_FORMAT = "bitmask"
    return cfg


def _put_timm(cfg: CfgNode, name: str) -> None:
    """Exchange the network under the pyramid; timm brings its own weights, for RGB between 0 and 1."""
    require_timm()
    cfg.MODEL.BACKBONE.NAME = "build_timm_fpn_backbone"
    cfg.MODEL.TIMM.NAME, cfg.MODEL.TIMM.PRETRAINED = name, True
    cfg.MODEL.PIXEL_MEAN, cfg.MODEL.PIXEL_STD = [123.675, 116.280, 103.530], [58.395, 57.120, 57.375]
    cfg.MODEL.FPN.NORM, cfg.INPUT.FORMAT, cfg.MODEL.WEIGHTS = "GN", "RGB", ""


def build_model(cfg: CfgNode) -> nn.Module:
    """Build the network that a config describes, on its device, ready to train."""
    return build_meta_architecture(cfg).train()
