"""Tiny converted datasets of each task, and configs to feed from them."""

from pathlib import Path

from detectron2.config import CfgNode, get_cfg

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.conversion.dataset import convert_project
from workbench.project import read_project

SPLIT = "\n[split]\nval = 0.0\nseconds = -1\nhash_distance = -1\n"


def make_dataset(home: Path, task: str = "instance", images: int = 6) -> Path:
    """Convert drawn images: the number of objects is the image's number; one is a crowd, one image is tall."""
    stuff = ["sky", "sea"] if task != "instance" else []
    more = ('unlabelled = "sea"\n' if task == "panoptic" else "") + SPLIT
    project = put_project(home, ["cat", "dog"], task=task, stuff=stuff, more=more)
    folder = home / "annotations" / "p"
    for number in range(images):
        shapes = [
            square("cat" if place % 2 else "dog", 5 + 12 * place, 10 + 3 * number, 10)
            for place in range(number)
        ]
        if number == 2:
            shapes.append(square("dog", 60, 40, 20, flags={"crowd": True}))
        if stuff:
            shapes.append(square("sky", 0, 0, 30))
        put(folder, f"image{number}", *shapes, size=(60, 90) if number == 4 else (100, 80))
    result = convert_project(read_project(project), None, as_rle=False, strict=False)
    return Path(result.out)


def make_cfg(short_edge: int = 64, mask: str = "polygon") -> CfgNode:
    """Return a config that resizes to something small."""
    cfg = get_cfg()
    cfg.INPUT.MIN_SIZE_TRAIN = (short_edge,)
    cfg.INPUT.MIN_SIZE_TEST = short_edge
    cfg.INPUT.MAX_SIZE_TRAIN = cfg.INPUT.MAX_SIZE_TEST = 200
    cfg.INPUT.MASK_FORMAT = mask
    cfg.MODEL.MASK_ON = True
    return cfg
