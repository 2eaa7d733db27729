"""From a row to Detectron2's config, and from a config to the network."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import detectron2
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model as build_meta_architecture
from detectron2.projects.deeplab import add_deeplab_config
from detectron2.projects.panoptic_deeplab import add_panoptic_deeplab_config
from detectron2.projects.point_rend import add_pointrend_config
from torch import nn

from workbench.engine.models.backbones import add_workbench_config
from workbench.engine.models.row import Model, ModelError
from workbench.engine.models.timm import TIMM, find_colors

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


def row_config(model: Model) -> CfgNode:
    """Return what the row says and nothing that depends on data."""
    cfg = blank_config(model.extend)
    if model.zoo:
        read = CfgNode.load_yaml_with_base(str(ZOO / model.zoo), allow_unsafe=False)
        cfg.merge_from_other_cfg(CfgNode(read))
    cfg.merge_from_list([part for pair in model.keys.items() for part in pair])
    cfg.MODEL.WEIGHTS = model.weights
    if model.bitmask:
        cfg.INPUT.MASK_FORMAT = "bitmask"
    return cfg


def put_backbone(model: Model, name: str) -> Model:
    """Return the row with a network of timm under its pyramid, which starts from that network's own weights."""
    if "fpn" not in str(row_config(model).MODEL.BACKBONE.NAME):
        raise ModelError(
            f"backbone {name!r}: must go under a feature pyramid, but {model.name} has none; take another row"
        )
    mean, deviation = find_colors(name)
    keys = {
        "MODEL.BACKBONE.NAME": "build_timm_fpn_backbone",
        "MODEL.TIMM.NAME": name,
        "MODEL.PIXEL_MEAN": mean,
        "MODEL.PIXEL_STD": deviation,
        "MODEL.FPN.NORM": "GN",
        "INPUT.FORMAT": "RGB",
    }
    return replace(
        model,
        extend=tuple(dict.fromkeys((*model.extend, "workbench"))),
        keys={**model.keys, **keys},
        weights=TIMM + name,
        licence="",
        download_mb=0,
    )


def build_model(cfg: CfgNode) -> nn.Module:
    """Build the network that a config describes, on its device, ready to train."""
    return build_meta_architecture(cfg).train()
