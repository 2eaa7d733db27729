"""The table of models: data, not classes."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from workbench.engine.models import parts
from workbench.engine.models.row import Model
from workbench.errors import ProjectError, nearest

_ZOO = "detectron2://"
_INSTANCE, _PANOPTIC, _MISC = "COCO-InstanceSegmentation/", "COCO-PanopticSegmentation/", "Misc/"
_POINT_REND = f"{_ZOO}PointRend/InstanceSegmentation/"
_PANOPTIC_R50 = f"{_ZOO}{_PANOPTIC}panoptic_fpn_R_50_3x/139514569/model_final_c10459.pkl"
_PANOPTIC_R101 = f"{_ZOO}{_PANOPTIC}panoptic_fpn_R_101_3x/139514519/model_final_cafdb1.pkl"

# What a group of rows has in common: the zoo's own schedule and sizes, or those that a CPU can bear.
_zoo = partial(Model, batch=16, lr=0.02, short_edge=800, long_edge=1333, licence=parts.ZOO_LICENCE)
_street = partial(Model, task="semantic", short_edge=512, long_edge=1024, licence=parts.NO_LICENCE)
_small = partial(Model, zoo="Base-RCNN-FPN.yaml", batch=2)
_lite0 = partial(
    _small,
    weights=parts.LITE0_WEIGHTS,
    licence=parts.LITE0_LICENCE,
    lr=0.02,
    short_edge=352,
    long_edge=512,
    test_scale=1.5,
)
_nano = partial(_small, extend=("workbench",), lr=0.0015, short_edge=160, long_edge=224)

_ROWS = (
    _zoo(
        name="mask_rcnn_r50",
        memory_gb=3.2,
        task="instance",
        about="Mask R-CNN on ResNet-50: the one to start with on a GPU",
        zoo=f"{_INSTANCE}mask_rcnn_R_50_FPN_3x.yaml",
        keys={},
        class_keys=parts.THINGS,
        weights=f"{_ZOO}{_INSTANCE}mask_rcnn_R_50_FPN_3x/137849600/model_final_f10217.pkl",
        download_mb=178,
    ),
    _zoo(
        name="mask_rcnn_r101",
        task="instance",
        about="Mask R-CNN on ResNet-101: a little better, a little slower",
        zoo=f"{_INSTANCE}mask_rcnn_R_101_FPN_3x.yaml",
        keys={},
        class_keys=parts.THINGS,
        weights=f"{_ZOO}{_INSTANCE}mask_rcnn_R_101_FPN_3x/138205316/model_final_a3ec72.pkl",
        download_mb=254,
    ),
    _zoo(
        name="mask_rcnn_x101",
        task="instance",
        about="Mask R-CNN on ResNeXt-101: better still, slow",
        zoo=f"{_INSTANCE}mask_rcnn_X_101_32x8d_FPN_3x.yaml",
        keys={},
        class_keys=parts.THINGS,
        weights=f"{_ZOO}{_INSTANCE}mask_rcnn_X_101_32x8d_FPN_3x/139653917/model_final_2d9806.pkl",
        download_mb=431,
    ),
    _zoo(
        name="cascade_mask_rcnn_r50",
        task="instance",
        about="three box heads, each stricter: tighter boxes than mask_rcnn_r50",
        zoo=f"{_MISC}cascade_mask_rcnn_R_50_FPN_3x.yaml",
        keys={},
        class_keys=parts.THINGS,
        weights=f"{_ZOO}{_MISC}cascade_mask_rcnn_R_50_FPN_3x/144998488/model_final_480dd8.pkl",
        download_mb=288,
    ),
    _zoo(
        name="pointrend_r50",
        memory_gb=3.9,
        task="instance",
        about="PointRend on ResNet-50: crisp mask edges",
        zoo=f"{_INSTANCE}mask_rcnn_R_50_FPN_3x.yaml",
        extend=("point_rend",),
        keys=parts.POINT_REND,
        class_keys=parts.POINTS,
        bitmask=True,
        weights=f"{_POINT_REND}pointrend_rcnn_R_50_FPN_3x_coco/164955410/model_final_edd263.pkl",
        licence=parts.NO_LICENCE,
        download_mb=241,
    ),
    _zoo(
        name="pointrend_r101",
        task="instance",
        about="PointRend on ResNet-101",
        zoo=f"{_INSTANCE}mask_rcnn_R_101_FPN_3x.yaml",
        extend=("point_rend",),
        keys=parts.POINT_REND,
        class_keys=parts.POINTS,
        bitmask=True,
        weights=f"{_POINT_REND}pointrend_rcnn_R_101_FPN_3x_coco/28119983/model_final_3f4d2a.pkl",
        licence=parts.NO_LICENCE,
        download_mb=317,
    ),
    _zoo(
        name="pointrend_x101",
        task="instance",
        about="PointRend on ResNeXt-101: the best masks of the table, slow",
        zoo=f"{_INSTANCE}mask_rcnn_X_101_32x8d_FPN_3x.yaml",
        extend=("point_rend",),
        keys=parts.POINT_REND,
        class_keys=parts.POINTS,
        bitmask=True,
        weights=f"{_POINT_REND}pointrend_rcnn_X_101_32x8d_FPN_3x_coco/28119989/model_final_ba17b9.pkl",
        licence=parts.NO_LICENCE,
        download_mb=495,
    ),
    _zoo(
        name="panoptic_fpn_r50",
        memory_gb=3.8,
        task="panoptic",
        about="Mask R-CNN and a head for stuff on ResNet-50",
        zoo=f"{_PANOPTIC}panoptic_fpn_R_50_3x.yaml",
        keys={},
        class_keys={**parts.THINGS, **parts.STUFF},
        weights=_PANOPTIC_R50,
        download_mb=184,
    ),
    _zoo(
        name="panoptic_fpn_r101",
        task="panoptic",
        about="the same on ResNet-101",
        zoo=f"{_PANOPTIC}panoptic_fpn_R_101_3x.yaml",
        keys={},
        class_keys={**parts.THINGS, **parts.STUFF},
        weights=_PANOPTIC_R101,
        download_mb=260,
    ),
    _zoo(
        name="panoptic_pointrend_r50",
        task="panoptic",
        about="Panoptic FPN with PointRend's mask head, which starts untrained",
        zoo=f"{_PANOPTIC}panoptic_fpn_R_50_3x.yaml",
        extend=("point_rend",),
        keys=parts.POINT_REND,
        class_keys={**parts.POINTS, **parts.STUFF},
        bitmask=True,
        weights=_PANOPTIC_R50,
        download_mb=184,
    ),
    _zoo(
        name="panoptic_deeplab_r52",
        memory_gb=4.7,
        task="panoptic",
        about="Panoptic-DeepLab on ResNet-52: objects grow from their centres, no boxes",
        extend=("panoptic_deeplab", "workbench"),
        zoo="Base-RCNN-DilatedC5.yaml",
        keys={**parts.DEEPLAB, **parts.PANOPTIC_DEEPLAB},
        class_keys=parts.ALL,
        weights=f"{_ZOO}PanopticDeepLab/{_PANOPTIC}panoptic_deeplab_R_52_os16_mg124_poly_200k_bs64"
        "_crop_640_640_coco_dsconv/model_final_5e6da2.pkl",
        licence=parts.NO_LICENCE,
        download_mb=122,
        batch=64,
        lr=0.0005,
        short_edge=640,
        long_edge=640,
    ),
    _zoo(
        name="semantic_fpn_r50",
        memory_gb=3.1,
        task="semantic",
        about="semantic FPN on ResNet-50, from the panoptic model of COCO",
        zoo=f"{_MISC}semantic_R_50_FPN_1x.yaml",
        keys={},
        class_keys=parts.ALL,
        weights=_PANOPTIC_R50,
        download_mb=184,
    ),
    _zoo(
        name="pointrend_semantic_r50",
        memory_gb=3.9,
        task="semantic",
        about="the same with PointRend: crisp borders between classes",
        extend=("point_rend",),
        zoo=f"{_MISC}semantic_R_50_FPN_1x.yaml",
        keys=parts.POINT_REND_SEMANTIC,
        class_keys=parts.ALL_POINTS,
        weights=_PANOPTIC_R50,
        download_mb=184,
    ),
    _street(
        name="pointrend_semantic_r101",
        about="PointRend on ResNet-101, from streets (Cityscapes)",
        extend=("point_rend",),
        zoo=f"{_MISC}semantic_R_50_FPN_1x.yaml",
        keys={
            **parts.POINT_REND_SEMANTIC,
            "MODEL.RESNETS.DEPTH": 101,
            "MODEL.POINT_HEAD.TRAIN_NUM_POINTS": 2048,
        },
        class_keys=parts.ALL_POINTS,
        weights=f"{_ZOO}PointRend/SemanticSegmentation/pointrend_semantic_R_101_FPN_1x_cityscapes/202576688/model_final_cf6ac1.pkl",
        download_mb=191,
        batch=32,
        lr=0.01,
    ),
    _street(
        name="deeplab_v3plus_r103",
        memory_gb=5.0,
        about="DeepLab v3+ on ResNet-103, from streets (Cityscapes)",
        extend=("deeplab", "workbench"),
        zoo="Base-RCNN-DilatedC5.yaml",
        keys={**parts.DEEPLAB, **parts.DEEPLAB_V3_PLUS},
        class_keys=parts.ALL,
        weights=f"{_ZOO}DeepLab/Cityscapes-SemanticSegmentation/deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16/28054032/model_final_a8a355.pkl",
        download_mb=238,
        batch=16,
        lr=0.01,
    ),
    _lite0(
        name="mask_rcnn_lite0",
        memory_gb=1.2,
        task="instance",
        about="Mask R-CNN on EfficientNet-Lite0: pretrained without a download, for a CPU",
        extend=("workbench",),
        keys={**parts.LITE0_KEYS, "MODEL.MASK_ON": True},
        class_keys=parts.THINGS,
    ),
    _lite0(
        name="pointrend_lite0",
        memory_gb=1.2,
        task="instance",
        about="PointRend on EfficientNet-Lite0",
        extend=("point_rend", "workbench"),
        keys={**parts.LITE0_KEYS, **parts.SMALL_POINT_REND},
        class_keys=parts.POINTS,
        bitmask=True,
    ),
    _lite0(
        name="panoptic_lite0",
        memory_gb=1.2,
        task="panoptic",
        about="Panoptic FPN on EfficientNet-Lite0",
        extend=("workbench",),
        keys={**parts.LITE0_KEYS, **parts.PANOPTIC},
        class_keys={**parts.THINGS, **parts.STUFF},
    ),
    _lite0(
        name="semantic_lite0",
        memory_gb=1.2,
        task="semantic",
        about="semantic FPN on EfficientNet-Lite0",
        extend=("workbench",),
        keys={**parts.LITE0_KEYS, "MODEL.META_ARCHITECTURE": "SemanticSegmentor"},
        class_keys=parts.ALL,
    ),
    _nano(
        name="mask_rcnn_nano",
        memory_gb=0.9,
        task="instance",
        about="Mask R-CNN on a narrow ResNet-50: from scratch, for tests and the demo",
        keys={**parts.NANO, "MODEL.MASK_ON": True},
        class_keys=parts.THINGS,
    ),
    _nano(
        name="pointrend_nano",
        memory_gb=0.9,
        task="instance",
        about="PointRend on a narrow ResNet-50",
        extend=("point_rend", "workbench"),
        keys={**parts.NANO, **parts.SMALL_POINT_REND},
        class_keys=parts.POINTS,
        bitmask=True,
    ),
    _nano(
        name="panoptic_nano",
        memory_gb=0.9,
        task="panoptic",
        about="Panoptic FPN on a narrow ResNet-50",
        keys={**parts.NANO, **parts.PANOPTIC},
        class_keys={**parts.THINGS, **parts.STUFF},
    ),
    _nano(
        name="semantic_nano",
        memory_gb=0.9,
        task="semantic",
        about="semantic FPN on a narrow ResNet-50",
        keys={**parts.NANO, "MODEL.META_ARCHITECTURE": "SemanticSegmentor"},
        class_keys=parts.ALL,
    ),
)

MODELS: Mapping[str, Model] = MappingProxyType({row.name: row for row in _ROWS})


def find_model(name: str) -> Model:
    """Return the row of that name."""
    if name not in MODELS:
        raise ProjectError(
            f"model {name!r}: must be a row of workbench models, but is not{nearest(name, MODELS)}"
        )
    return MODELS[name]
