"""What several rows share: Detectron2's keys of a head, restated where its YAML is not in the installed package."""

from collections.abc import Mapping

from workbench.engine.models.row import Count

Keys = dict[str, object]

# Which keys hold how many classes.
THINGS: Mapping[str, Count] = {"MODEL.ROI_HEADS.NUM_CLASSES": "things"}
POINTS: Mapping[str, Count] = {**THINGS, "MODEL.POINT_HEAD.NUM_CLASSES": "things"}
STUFF: Mapping[str, Count] = {"MODEL.SEM_SEG_HEAD.NUM_CLASSES": "stuff"}
ALL: Mapping[str, Count] = {"MODEL.SEM_SEG_HEAD.NUM_CLASSES": "all"}
ALL_POINTS: Mapping[str, Count] = {**ALL, "MODEL.POINT_HEAD.NUM_CLASSES": "all"}

ZOO_LICENCE = "CC BY-SA 3.0"  # MODEL_ZOO.md of Detectron2: every model that it lists
NO_LICENCE = "not stated"  # Detectron2's projects list weights without a licence of their own
LITE0_WEIGHTS = "package:efficientnet-lite0"
LITE0_LICENCE = "Apache-2.0"  # the repository that the package comes from, and that of the original network

# PointRend's keys are those of projects/PointRend/configs of Detectron2's repository.
POINT_REND: Keys = {
    "MODEL.MASK_ON": True,
    "MODEL.ROI_HEADS.NAME": "PointRendROIHeads",
    "MODEL.ROI_HEADS.IN_FEATURES": ["p2", "p3", "p4", "p5"],
    "MODEL.ROI_BOX_HEAD.TRAIN_ON_PRED_BOXES": True,
    "MODEL.ROI_MASK_HEAD.NAME": "PointRendMaskHead",
    "MODEL.ROI_MASK_HEAD.POOLER_TYPE": "",  # the head reads the image's features itself
    "MODEL.ROI_MASK_HEAD.FC_DIM": 1024,
    "MODEL.ROI_MASK_HEAD.NUM_FC": 2,
    "MODEL.ROI_MASK_HEAD.OUTPUT_SIDE_RESOLUTION": 7,
    "MODEL.ROI_MASK_HEAD.IN_FEATURES": ["p2"],
    "MODEL.ROI_MASK_HEAD.POINT_HEAD_ON": True,
    "MODEL.POINT_HEAD.FC_DIM": 256,
    "MODEL.POINT_HEAD.NUM_FC": 3,
    "MODEL.POINT_HEAD.IN_FEATURES": ["p2"],
}
POINT_REND_SEMANTIC: Keys = {
    "MODEL.META_ARCHITECTURE": "SemanticSegmentor",
    "MODEL.BACKBONE.FREEZE_AT": 0,
    "MODEL.SEM_SEG_HEAD.NAME": "PointRendSemSegHead",
    "MODEL.POINT_HEAD.NUM_CLASSES": 54,
    "MODEL.POINT_HEAD.FC_DIM": 256,
    "MODEL.POINT_HEAD.NUM_FC": 3,
    "MODEL.POINT_HEAD.IN_FEATURES": ["p2"],
    "MODEL.POINT_HEAD.TRAIN_NUM_POINTS": 1024,
    "MODEL.POINT_HEAD.SUBDIVISION_STEPS": 2,
    "MODEL.POINT_HEAD.SUBDIVISION_NUM_POINTS": 8192,
    "MODEL.POINT_HEAD.COARSE_SEM_SEG_HEAD_NAME": "SemSegFPNHead",
}
X101: Keys = {
    "MODEL.PIXEL_STD": [57.375, 57.120, 58.395],
    "MODEL.RESNETS.STRIDE_IN_1X1": False,
    "MODEL.RESNETS.NUM_GROUPS": 32,
    "MODEL.RESNETS.WIDTH_PER_GROUP": 8,
    "MODEL.RESNETS.DEPTH": 101,
}

# As projects/DeepLab/configs has them, but for the crop: it fixes the size of the image for ever. Without it the
# context is pooled over the whole image, and images of any size are padded to what the network halves evenly.
DEEPLAB: Keys = {
    "MODEL.BACKBONE.NAME": "build_padded_deeplab_backbone",
    "MODEL.BACKBONE.FREEZE_AT": 0,
    "MODEL.PIXEL_MEAN": [123.675, 116.280, 103.530],
    "MODEL.PIXEL_STD": [58.395, 57.120, 57.375],
    "MODEL.RESNETS.NORM": "SyncBN",
    "MODEL.RESNETS.RES5_MULTI_GRID": [1, 2, 4],
    "MODEL.RESNETS.STEM_TYPE": "deeplab",
    "MODEL.RESNETS.STEM_OUT_CHANNELS": 128,
    "MODEL.RESNETS.STRIDE_IN_1X1": False,
    "MODEL.SEM_SEG_HEAD.NORM": "SyncBN",
    "MODEL.SEM_SEG_HEAD.CONVS_DIM": 256,
    "MODEL.SEM_SEG_HEAD.COMMON_STRIDE": 4,
    "INPUT.FORMAT": "RGB",
    "INPUT.CROP.ENABLED": False,
    "SOLVER.LR_SCHEDULER_NAME": "WarmupPolyLR",
}
DEEPLAB_V3_PLUS: Keys = {
    "MODEL.META_ARCHITECTURE": "SemanticSegmentor",
    "MODEL.RESNETS.DEPTH": 101,
    "MODEL.RESNETS.OUT_FEATURES": ["res2", "res5"],
    "MODEL.SEM_SEG_HEAD.NAME": "DeepLabV3PlusHead",
    "MODEL.SEM_SEG_HEAD.IN_FEATURES": ["res2", "res5"],
    "MODEL.SEM_SEG_HEAD.PROJECT_FEATURES": ["res2"],
    "MODEL.SEM_SEG_HEAD.PROJECT_CHANNELS": [48],
}
PANOPTIC_DEEPLAB: Keys = {
    "MODEL.META_ARCHITECTURE": "PanopticDeepLab",
    "MODEL.RESNETS.DEPTH": 50,
    "MODEL.RESNETS.OUT_FEATURES": ["res2", "res3", "res5"],
    "MODEL.SEM_SEG_HEAD.NAME": "PanopticDeepLabSemSegHead",
    "MODEL.SEM_SEG_HEAD.IN_FEATURES": ["res2", "res3", "res5"],
    "MODEL.SEM_SEG_HEAD.PROJECT_FEATURES": ["res2", "res3"],
    "MODEL.SEM_SEG_HEAD.PROJECT_CHANNELS": [32, 64],
    "MODEL.SEM_SEG_HEAD.LOSS_TOP_K": 1.0,
    "MODEL.SEM_SEG_HEAD.USE_DEPTHWISE_SEPARABLE_CONV": True,
    "MODEL.PANOPTIC_DEEPLAB.USE_DEPTHWISE_SEPARABLE_CONV": True,
    "MODEL.PANOPTIC_DEEPLAB.STUFF_AREA": 4096,
    "MODEL.PANOPTIC_DEEPLAB.NMS_KERNEL": 41,
    "INPUT.GAUSSIAN_SIGMA": 8,
}
PANOPTIC: Keys = {
    "MODEL.META_ARCHITECTURE": "PanopticFPN",
    "MODEL.MASK_ON": True,
    "MODEL.SEM_SEG_HEAD.LOSS_WEIGHT": 0.5,
    "DATALOADER.FILTER_EMPTY_ANNOTATIONS": False,
}

# Small heads for small images on a small machine; the structure is Detectron2's. With few boxes to learn from, boxes
# are pulled by their overlap (GIoU), and the rate falls along a cosine: both were better here than the zoo's settings.
SMALL_ANCHORS = [[16], [32], [64], [128], [256]]
FEW_IMAGES: Keys = {
    "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_TYPE": "giou",
    "MODEL.ROI_BOX_HEAD.BBOX_REG_LOSS_WEIGHT": 5.0,
    "SOLVER.LR_SCHEDULER_NAME": "WarmupCosineLR",
}
LITE0_KEYS: Keys = {
    **FEW_IMAGES,
    "MODEL.BACKBONE.NAME": "build_lite0_fpn_backbone",
    "MODEL.BACKBONE.FREEZE_AT": 2,
    "MODEL.PIXEL_MEAN": [127.0, 127.0, 127.0],
    "MODEL.PIXEL_STD": [128.0, 128.0, 128.0],
    "MODEL.FPN.NORM": "GN",
    "MODEL.FPN.OUT_CHANNELS": 96,
    "MODEL.ANCHOR_GENERATOR.SIZES": SMALL_ANCHORS,
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 1000,
    "MODEL.RPN.PRE_NMS_TOPK_TEST": 500,
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": 500,
    "MODEL.RPN.POST_NMS_TOPK_TEST": 300,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 64,
    "MODEL.ROI_BOX_HEAD.FC_DIM": 512,
    "MODEL.ROI_MASK_HEAD.CONV_DIM": 96,
    "INPUT.FORMAT": "RGB",
}
NANO: Keys = {
    **FEW_IMAGES,
    "SOLVER.ADAMW": True,  # from random weights twice as fast as SGD
    "SOLVER.WEIGHT_DECAY": 0.02,
    "SOLVER.WEIGHT_DECAY_NORM": 0.0,
    "SOLVER.WEIGHT_DECAY_BIAS": 0.0,
    "MODEL.BACKBONE.NAME": "build_resnet_fpn_backbone",
    "MODEL.BACKBONE.FREEZE_AT": 0,
    "MODEL.RESNETS.DEPTH": 50,
    "MODEL.RESNETS.STEM_OUT_CHANNELS": 32,
    "MODEL.RESNETS.WIDTH_PER_GROUP": 32,
    "MODEL.RESNETS.RES2_OUT_CHANNELS": 64,
    "MODEL.RESNETS.NORM": "GN",  # frozen normalisation diverges at once from random weights
    "MODEL.RESNETS.STRIDE_IN_1X1": False,
    "MODEL.FPN.NORM": "GN",
    "MODEL.FPN.OUT_CHANNELS": 64,
    "MODEL.PIXEL_STD": [57.375, 57.120, 58.395],
    "MODEL.ANCHOR_GENERATOR.SIZES": SMALL_ANCHORS,
    "MODEL.RPN.BATCH_SIZE_PER_IMAGE": 64,
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 200,
    "MODEL.RPN.PRE_NMS_TOPK_TEST": 200,
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": 100,
    "MODEL.RPN.POST_NMS_TOPK_TEST": 100,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 64,
    "MODEL.ROI_BOX_HEAD.FC_DIM": 256,
    "MODEL.ROI_MASK_HEAD.CONV_DIM": 64,
    "MODEL.ROI_MASK_HEAD.NUM_CONV": 2,
    "MODEL.SEM_SEG_HEAD.CONVS_DIM": 64,
}
SMALL_POINT_REND: Keys = {
    **POINT_REND,
    "MODEL.ROI_MASK_HEAD.FC_DIM": 256,
    "MODEL.POINT_HEAD.FC_DIM": 128,
}
