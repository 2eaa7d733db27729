"""A drawn image with two objects, as Detectron2's networks want it."""

from typing import Any

import torch
from detectron2.config import CfgNode
from detectron2.structures import BitMasks, Boxes, Instances, PolygonMasks

from workbench.engine.models.build import build_model, row_config
from workbench.engine.models.row import Model

THINGS, STUFF = 3, 2
COUNTS = {"things": THINGS, "stuff": STUFF + 1, "all": THINGS + STUFF}


def make_sample(model: Model, side: int = 64) -> dict[str, Any]:
    """Two boxes over two kinds of ground; with everything that a head may ask for."""
    corners = torch.tensor([[4.0, 4.0, 30.0, 30.0], [24.0, 20.0, 60.0, 56.0]])
    instances = Instances((side, side))
    instances.gt_boxes, instances.gt_classes = Boxes(corners), torch.tensor([0, THINGS - 1])
    if model.bitmask:
        masks = torch.zeros(2, side, side, dtype=torch.bool)
        masks[0, 4:30, 4:30], masks[1, 20:56, 24:60] = True, True
        instances.gt_masks = BitMasks(masks)
    else:
        instances.gt_masks = PolygonMasks(
            [[torch.tensor([a, b, c, b, c, d, a, d]).numpy()] for a, b, c, d in corners.tolist()]
        )
    ground = torch.zeros(side, side, dtype=torch.long)
    ground[side // 2 :] = 1
    generator = torch.Generator().manual_seed(0)
    sample = {
        "image": torch.randint(0, 255, (3, side, side), generator=generator).float(),
        "height": side,
        "width": side,
        "sem_seg": ground,
    }
    if model.task != "semantic":
        sample["instances"] = instances
    if model.name.startswith("panoptic_deeplab"):
        one = torch.ones(side, side)
        sample |= {"center": one, "center_weights": one, "offset_weights": one, "sem_seg_weights": one}
        sample["offset"] = torch.ones(2, side, side)
    return sample


def small_config(model: Model) -> CfgNode:
    """The row, with our counts of classes and few proposals; its structure is as it is."""
    cfg = row_config(model)
    for key, kind in model.class_keys.items():
        cfg.merge_from_list([key, COUNTS[kind]])
    cfg.MODEL.RPN.POST_NMS_TOPK_TRAIN = cfg.MODEL.RPN.POST_NMS_TOPK_TEST = 20
    cfg.MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE = 8
    cfg.TEST.DETECTIONS_PER_IMAGE = 3
    return cfg


def build_calm(cfg: CfgNode) -> torch.nn.Module:
    """Build with random weights; frozen normalisation would let them explode, so each residual adds little."""
    torch.manual_seed(0)
    network = build_model(cfg)
    for name, buffer in network.named_buffers():
        if name.endswith("conv3.norm.weight"):
            buffer.mul_(0.1)
    return network
