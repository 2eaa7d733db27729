"""A drawn project and models of some 100,000 parameters: a whole training with everything on takes about a second."""

from pathlib import Path

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.conversion.dataset import convert_project
from workbench.project import Project, read_project

KINDS = {"mask_rcnn_nano": "instance", "pointrend_nano": "instance", "panoptic_nano": "panoptic"}
EXACT = "semantic_fpn_r50"  # nothing in it is drawn at random, and every pixel counts as much as any other
TASKS = {**KINDS, EXACT: "semantic"}

SMALL = {
    "MODEL.RESNETS.DEPTH": "50",  # narrow ones are of the deep kind only
    "MODEL.RESNETS.WIDTH_PER_GROUP": "4",
    "MODEL.RESNETS.STEM_OUT_CHANNELS": "8",
    "MODEL.RESNETS.RES2_OUT_CHANNELS": "8",
    "MODEL.FPN.OUT_CHANNELS": "16",
    "MODEL.RESNETS.NORM": "BN",  # GroupNorm wants 32 channels; and running means are one more state
    "MODEL.FPN.NORM": "",
    "MODEL.ROI_BOX_HEAD.FC_DIM": "32",
    "MODEL.ROI_BOX_HEAD.NUM_FC": "1",
    "MODEL.ROI_BOX_HEAD.NUM_CONV": "0",
    "MODEL.ROI_MASK_HEAD.CONV_DIM": "16",
    "MODEL.ROI_MASK_HEAD.NUM_CONV": "1",
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": "16",
    "MODEL.RPN.BATCH_SIZE_PER_IMAGE": "16",
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": "50",
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": "20",
    "MODEL.RPN.PRE_NMS_TOPK_TEST": "50",
    "MODEL.RPN.POST_NMS_TOPK_TEST": "10",
    "TEST.DETECTIONS_PER_IMAGE": "5",
    "INPUT.MIN_SIZE_TEST": "64",
    "INPUT.MAX_SIZE_TEST": "96",
    "INPUT.MIN_SIZE_TRAIN": "(56, 64)",
    "INPUT.MAX_SIZE_TRAIN": "96",
}
POINTS = {
    "MODEL.ROI_MASK_HEAD.FC_DIM": "32",
    "MODEL.ROI_MASK_HEAD.NUM_FC": "1",
    "MODEL.POINT_HEAD.FC_DIM": "16",
    "MODEL.POINT_HEAD.NUM_FC": "1",
    "MODEL.POINT_HEAD.TRAIN_NUM_POINTS": "20",
    "MODEL.POINT_HEAD.SUBDIVISION_STEPS": "2",
    "MODEL.POINT_HEAD.SUBDIVISION_NUM_POINTS": "50",
}
STUFF = {"MODEL.SEM_SEG_HEAD.CONVS_DIM": "16", "MODEL.SEM_SEG_HEAD.NORM": ""}
ALONE = {  # each image is normalised by itself, and all are of one size
    "MODEL.WEIGHTS": "",
    "MODEL.RESNETS.NORM": "LN",
    "MODEL.FPN.NORM": "LN",
    "MODEL.SEM_SEG_HEAD.NORM": "LN",
    "INPUT.MIN_SIZE_TRAIN": "(64,)",
}

# Everything on that has a state of its own: averaged weights, accumulation, schedule, scores, early stop, augmentation.
TRAIN = {
    "train.steps": "8",
    "train.batch": "2",
    "train.accumulate": "2",
    "train.ema": "0.9",
    "train.evaluate_every": "4",
    "train.checkpoint_every": "3",
    "train.patience": "9",
    "train.warmup": "3",
    "train.keep": "2",
    "train.watch": "()",
    "train.precision": "fp32",
    "train.device": "cpu",
    "train.validation_images": "2",
    "train.cache_mb": "0",
    "train.augment.color": "0.2",
}


def make_project(home: Path, task: str) -> Project:
    """Six drawn images to train on and two to validate on, two classes, and a sky where there is stuff."""
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val"))
    stuff = [] if task == "instance" else ["sky"]
    rest = 'unlabelled = "sky"\n' if task == "semantic" else ""
    folder = put_project(home, ["cat", "dog"], task=task, stuff=stuff, more=f"{rest}[split.lists]\n{lists}")
    for number in range(8):
        shapes = [
            square("cat", 5 + 6 * number, 8, 26),
            square("dog", 60 - 4 * number, 40 - number, 30),
        ]
        sky = [square("sky", 0, 50, 29)] if stuff else []
        put(home / "annotations" / "p", f"{number}", *sky, *shapes)
    for name, numbers in (("train", range(6)), ("val", range(6, 8))):
        (home / f"{name}.txt").write_text("".join(f"{number}.png\n" for number in numbers))
    project = read_project(folder)
    convert_project(project, None, as_rle=False, strict=False)
    return project


def typed(kind: str, **more: object) -> dict[str, str]:
    """The keys of one tiny training; names of settings may be given without `train.`."""
    keys = SMALL | (POINTS if "pointrend" in kind else {}) | (STUFF if "panoptic" in kind else {}) | TRAIN
    if kind == EXACT:
        keys = {key: value for key, value in keys.items() if "RPN" not in key and "ROI" not in key}
        keys |= STUFF | ALONE
    return {"model.name": kind, **keys, **{f"train.{name}": str(value) for name, value in more.items()}}
