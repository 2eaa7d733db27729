"""One record becomes what a model takes: Detectron2's DatasetMapper, with random numbers of the sample's own."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data import transforms as T  # noqa: N812  # as Detectron2 writes it
from detectron2.structures import Instances
from numpy.typing import NDArray

from workbench.engine.feed.augment import (
    Augmentations,
    build_test_augmentations,
    cuts_objects,
    drawing,
)
from workbench.engine.feed.objects import drop_empty, make_instances
from workbench.engine.feed.pictures import Pixels, read_plane

Sample = dict[str, Any]
ReadPlane = Callable[[Mapping[str, Any], str, str], Pixels]
warnings.filterwarnings(
    "ignore", "The given NumPy array is not writable", UserWarning
)  # a flip only reads it
COPIED = ("file_name", "image_id", "height", "width", "key")


def make_sample(
    record: Mapping[str, Any],
    cfg: CfgNode,
    augmentations: Augmentations,
    *,
    seed: int,
    epoch: int,
    index: int,
    turn: int = 0,
    read: ReadPlane = read_plane,
) -> Sample:
    """Return a training sample; what is random in it depends on the four numbers alone."""
    image = read(record, "image", cfg.INPUT.FORMAT)
    labels = _read_labels(record, cfg, read)
    with drawing(seed, epoch, index, turn):
        given = T.AugInput(image, sem_seg=labels)
        transforms = T.AugmentationList(augmentations)(given)
    sample = _start(record, given.image)
    if wants_centers(cfg):
        return sample | _make_centers(record, cfg, given.sem_seg)
    if given.sem_seg is not None:
        sample["sem_seg"] = torch.from_numpy(given.sem_seg.astype(np.int64))
    if "annotations" in record:
        remeasure = cuts_objects(augmentations)
        sample["instances"] = _make_targets(record, cfg, transforms, given.image.shape[:2], remeasure)
    return sample


def make_test_sample(record: Mapping[str, Any], cfg: CfgNode, read: ReadPlane = read_plane) -> Sample:
    """Return what prediction takes: the resized image and its original size, no targets."""
    given = T.AugInput(read(record, "image", cfg.INPUT.FORMAT))
    T.AugmentationList(build_test_augmentations(cfg))(given)
    files = {key: record[key] for key in ("sem_seg_file_name", "pan_seg_file_name") if key in record}
    return _start(record, given.image) | files


def make_validation_sample(record: Mapping[str, Any], cfg: CfgNode, read: ReadPlane = read_plane) -> Sample:
    """Return a sample for the validation loss: with its targets, resized as for prediction, nothing random."""
    return make_sample(record, cfg, build_test_augmentations(cfg), seed=0, epoch=0, index=0, read=read)


def list_planes(cfg: CfgNode) -> dict[str, str]:
    """Name the pictures that a sample is made of, each with the form it is read in."""
    labels = {"pan_seg": "RGB"} if wants_centers(cfg) else {"sem_seg": "L"}
    return {"image": cfg.INPUT.FORMAT, **labels}


def wants_centers(cfg: CfgNode) -> bool:
    """Does the model learn centres and offsets, as Panoptic-DeepLab does?"""
    return cfg.MODEL.META_ARCHITECTURE == "PanopticDeepLab"


def _start(record: Mapping[str, Any], image: Pixels) -> Sample:
    """Copy always: the pixels may belong to the cache."""
    tensor = torch.from_numpy(np.array(image.transpose(2, 0, 1), order="C"))
    return {key: record[key] for key in COPIED if key in record} | {"image": tensor}


def _read_labels(record: Mapping[str, Any], cfg: CfgNode, read: ReadPlane) -> Pixels | None:
    if wants_centers(cfg):
        return read(record, "pan_seg", "RGB")
    if "sem_seg_file_name" in record:
        return read(record, "sem_seg", "L")[:, :, 0]
    return None


def _make_targets(
    record: Mapping[str, Any],
    cfg: CfgNode,
    transforms: T.TransformList,
    size: tuple[int, int],
    remeasure: bool,
) -> Instances:
    """Make the objects, crowds left out as Detectron2 does; what is not in the picture any more goes."""
    things = [thing for thing in record["annotations"] if not thing["iscrowd"]]
    bitmask, outlined = cfg.INPUT.MASK_FORMAT == "bitmask", cfg.MODEL.MASK_ON or remeasure
    instances = make_instances(things, transforms, size, bitmask=bitmask, outlined=outlined)
    if remeasure and instances.has("gt_masks"):
        instances.gt_boxes = instances.gt_masks.get_bounding_boxes()
    instances = drop_empty(instances)
    if not cfg.MODEL.MASK_ON and instances.has("gt_masks"):
        instances.remove("gt_masks")
    return instances


def _make_centers(record: Mapping[str, Any], cfg: CfgNode, painted: NDArray[np.uint8]) -> Sample:
    """Let Panoptic-DeepLab's own generator make its targets."""
    from detectron2.projects.panoptic_deeplab.target_generator import PanopticDeepLabTargetGenerator

    segments = record["segments_info"]
    generate = PanopticDeepLabTargetGenerator(
        ignore_label=cfg.MODEL.SEM_SEG_HEAD.IGNORE_VALUE,
        thing_ids=[segment["category_id"] for segment in segments if segment["isthing"]],
        sigma=cfg.INPUT.GAUSSIAN_SIGMA,
        ignore_stuff_in_offset=cfg.INPUT.IGNORE_STUFF_IN_OFFSET,
        small_instance_area=cfg.INPUT.SMALL_INSTANCE_AREA,
        small_instance_weight=cfg.INPUT.SMALL_INSTANCE_WEIGHT,
        ignore_crowd_in_semantic=cfg.INPUT.IGNORE_CROWD_IN_SEMANTIC,
    )
    ids = painted.astype(np.int64) @ np.array([1, 256, 65536])
    return generate(ids, segments)
