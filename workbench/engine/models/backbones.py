"""The keys and backbones that the workbench adds to Detectron2's registry; everything else is Detectron2's own."""

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY
from detectron2.modeling.backbone import FPN, Backbone, ResNet
from detectron2.modeling.backbone.fpn import LastLevelMaxPool
from detectron2.projects.deeplab import build_resnet_deeplab_backbone

from workbench.engine.models.lite0 import Lite0
from workbench.engine.models.timm import Timm


def add_workbench_config(cfg: CfgNode) -> None:
    """Add the keys that the workbench's backbones and rows read."""
    cfg.SOLVER.ADAMW = False
    cfg.MODEL.LITE0 = CfgNode()
    cfg.MODEL.LITE0.OUT_FEATURES = ["res2", "res3", "res4", "res5"]
    cfg.MODEL.TIMM = CfgNode()
    cfg.MODEL.TIMM.NAME = ""
    cfg.MODEL.TIMM.NORM = "FrozenBN"  # the statistics that were learnt; "": its own, which go on learning


class PaddedResNet(ResNet):
    """Detectron2's ResNet that asks for sides which halve evenly; DeepLab's heads need that and no crop says it."""

    @property
    def size_divisibility(self) -> int:
        """Pad to this: the stride of the coarsest features."""
        return 32


@BACKBONE_REGISTRY.register()
def build_padded_deeplab_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> PaddedResNet:
    """Detectron2's own ResNet of DeepLab; names and weights are the same."""
    built = build_resnet_deeplab_backbone(cfg, input_shape)
    return PaddedResNet(built.stem, built.stages, out_features=cfg.MODEL.RESNETS.OUT_FEATURES)


@BACKBONE_REGISTRY.register()
def build_lite0_fpn_backbone(cfg: CfgNode, _input_shape: ShapeSpec) -> FPN:
    """EfficientNet-Lite0 under Detectron2's feature pyramid."""
    return _build_fpn(cfg, Lite0(cfg.MODEL.LITE0.OUT_FEATURES).freeze(cfg.MODEL.BACKBONE.FREEZE_AT))


@BACKBONE_REGISTRY.register()
def build_timm_fpn_backbone(cfg: CfgNode, _input_shape: ShapeSpec) -> FPN:
    """A network of timm under Detectron2's feature pyramid."""
    return _build_fpn(cfg, Timm(cfg.MODEL.TIMM.NAME, frozen=cfg.MODEL.TIMM.NORM == "FrozenBN"))


def _build_fpn(cfg: CfgNode, bottom_up: Backbone) -> FPN:
    return FPN(
        bottom_up=bottom_up,
        in_features=cfg.MODEL.FPN.IN_FEATURES,
        out_channels=cfg.MODEL.FPN.OUT_CHANNELS,
        norm=cfg.MODEL.FPN.NORM,
        top_block=LastLevelMaxPool(),
        fuse_type=cfg.MODEL.FPN.FUSE_TYPE,
    )
