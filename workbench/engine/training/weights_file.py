"""The weights that a run leaves: class names, config and image format travel with them.

`model_best.pth` holds {"model": the parameters, "about": everything one needs to use them}, in values that torch reads
with weights_only; Detectron2's own checkpointer takes the same file as MODEL.WEIGHTS.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.engine.training.sealed import SpoiledFile, manifest_path, read_sealed, write_sealed
from workbench.errors import InputMissing, nearest
from workbench.files import sweep

ABOUT = ("task", "classes", "model", "config", "image")
"""What every file of weights says: the task, {"things": […], "stuff": […]}, the model's row, the whole config as text,
and {"format": "BGR", "mean": […], "std": […]}; more may be added."""


def write_weights(path: Path, module_state: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write the parameters and what they are for, whole or not at all, with a manifest beside them."""
    for key in ABOUT:
        if key not in about:
            raise KeyError(f"about[{key!r}] must be given{nearest(key, about)}")
    sweep(path.parent)
    seal = {"task": about["task"], "model": about["model"]}
    write_sealed(path, {"model": module_state, "about": about}, seal)


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and what they are for, once the bytes were checked."""
    if not path.exists():
        raise InputMissing(f"{path}: must exist, but does not; workbench train makes it")
    raw = read_sealed(path).content
    if not isinstance(raw, dict) or not all(isinstance(raw.get(key), dict) for key in ("model", "about")):
        raise SpoiledFile(
            f"{path}: must be weights with what they are for, but is another file; is {manifest_path(path)} its own?"
        )
    for key in ABOUT:
        if key not in raw["about"]:
            raise SpoiledFile(f"{path}: about: must say {key!r}, but does not{nearest(key, raw['about'])}")
    return raw["model"], raw["about"]
