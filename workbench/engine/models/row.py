"""A model is a row of data: what Detectron2 builds, where its weights come from, and what it was made for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.errors import BAD_CONFIG, WorkbenchError
from workbench.project import Task

Extension = Literal["point_rend", "deeplab", "panoptic_deeplab", "workbench"]
Count = Literal["things", "stuff", "all"]  # stuff: 1 + the stuff, 0 being every thing; all: things + stuff


class ModelError(WorkbenchError):
    """A model, or a file of weights, that cannot be used."""

    exit_code = BAD_CONFIG


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row of the table; class counts, learning rate and length of a run are derived from the data later."""

    name: str
    task: Task
    about: str  # one line
    keys: Mapping[str, object]  # Detectron2's keys, set on top of the zoo's file
    class_keys: Mapping[str, Count]  # key -> what it counts
    batch: int  # the learning rate is right for this many images a step
    lr: float
    short_edge: int  # the natural image size
    long_edge: int
    test_scale: float = (
        1.0  # so many times larger in prediction: training is what costs, and small things are found
    )
    zoo: str = ""  # a YAML of Detectron2's zoo to start from
    extend: tuple[Extension, ...] = ()  # the functions that add keys to Detectron2's own
    weights: str = ""  # detectron2://…, https://…, package:efficientnet-lite0, or none: from scratch
    licence: str = ""  # of the weights
    download_mb: float = 0
    memory_gb: float = 0  # peak of a training step of two images at the natural size, on a CPU
    bitmask: bool = False  # masks as bitmaps, because the head samples points in them

    @property
    def origin(self) -> str:
        """What the weights were trained on, in one word."""
        if not self.weights:
            return "from scratch"
        if self.weights.startswith("package:") or "ImageNet" in self.weights:
            return "ImageNet"
        return "Cityscapes" if "cityscapes" in self.weights.lower() else "COCO"
