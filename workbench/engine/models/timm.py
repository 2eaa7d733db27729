"""A network of timm as a backbone: its features at strides 4 to 32, its weights under the names that they have here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone import Backbone

from workbench.engine.models.row import ModelError
from workbench.engine.models.zoo_cache import ZooUnreachable, cache_folder
from workbench.errors import nearest
from workbench.extras import require
from workbench.files import atomic_file

TIMM = "timm:"  # of MODEL.WEIGHTS
STRIDES = {4: "res2", 8: "res3", 16: "res4", 32: "res5"}
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PROBE = 128  # pixels of a side
_WITHOUT = "start without: model.weights ''"
# What timm's many networks raise when they are not made for this; it has no error of its own.
_REFUSALS = (RuntimeError, AssertionError, AttributeError, KeyError, IndexError, TypeError, ValueError)


class Timm(Backbone):
    """What timm calls features_only, with Detectron2's names."""

    def __init__(self, name: str, *, frozen: bool) -> None:
        super().__init__()
        body = _create(name)
        self._places = dict(_find_places(name, body.feature_info))
        self._channels = body.feature_info.channels()
        _require_strides(name, body, self._places)
        self.body = require("timm.layers", extra="timm").freeze_batch_norm_2d(body) if frozen else body

    @property
    def size_divisibility(self) -> int:
        """Sides that halve evenly five times."""
        return 32

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the features by Detectron2's names."""
        found = self.body(x)
        return {name: found[place] for name, place in self._places.items()}

    def output_shape(self) -> dict[str, ShapeSpec]:
        """What a feature pyramid needs to know."""
        strides = {name: stride for stride, name in STRIDES.items()}
        return {
            name: ShapeSpec(channels=self._channels[place], stride=strides[name])
            for name, place in self._places.items()
        }


def find_colors(name: str) -> tuple[list[float], list[float]]:
    """Mean and deviation of the images that its weights were made for, in Detectron2's 0 to 255."""
    about = _find_pretrained(name)
    mean, deviation = (about.mean, about.std) if about else _IMAGENET
    return [round(255 * value, 3) for value in mean], [round(255 * value, 3) for value in deviation]


def fetch_timm(name: str) -> Path:
    """Let timm fetch its weights, once, and keep them in our names."""
    about = _find_pretrained(name)
    full = f"{name.partition('.')[0]}.{about.tag}" if about and about.tag else name
    folder = cache_folder() / "timm"
    place, given = folder / f"{full}.pth", folder / f"{full}.safetensors"
    if place.is_file():
        return place
    if not given.is_file() and not (about and about.has_weights):
        raise ModelError(f"{TIMM}{full}: timm must have weights for it, but has none; {_WITHOUT}")
    more = {"pretrained_cfg_overlay": {"file": str(given)}} if given.is_file() else {}
    try:
        body = _create(full, pretrained=True, **more)
    except OSError as error:  # of huggingface_hub: nothing comes from elsewhere
        raise ZooUnreachable(
            f"{TIMM}{full}: the weights must be reachable, but are not ({_line(error)}); put its model.safetensors "
            f"as {given.name} into {folder}, or {_WITHOUT}"
        ) from error
    state = {
        f"backbone.bottom_up.body.{key}": tensor
        for key, tensor in body.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    with atomic_file(place) as stream:
        torch.save({"model": state}, stream)
    return place


def _create(name: str, *, pretrained: bool = False, **more: Any) -> Any:
    """Build the network as far as its features; its own weights only where they are wanted."""
    try:
        return require("timm", extra="timm").create_model(
            name, pretrained=pretrained, features_only=True, **more
        )
    except _REFUSALS as error:
        raise ModelError(
            f"backbone {name!r}: must be a network that timm can take features of, but: {_line(error)}; take another"
        ) from error


def _find_pretrained(name: str) -> Any:
    """What timm says of its weights; nothing where it has none."""
    timm = require("timm", extra="timm")
    models = require("timm.models", extra="timm")
    if not models.is_model(name):
        raise ModelError(
            f"backbone {name!r}: must be a network of timm, but is not{nearest(name, timm.list_models())}"
        )
    return models.get_pretrained_cfg(name)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _find_places(name: str, info: Any) -> Iterator[tuple[str, int]]:
    reductions = list(info.reduction())
    for stride, feature in STRIDES.items():
        if stride not in reductions:
            raise ModelError(
                f"backbone {name!r}: must have features at strides 4, 8, 16 and 32, but has {reductions}; take another"
            )
        yield feature, reductions.index(stride)


def _require_strides(name: str, body: Any, places: dict[str, int]) -> None:
    """Try it: some networks take one size of image only, lose a border, or put channels last."""
    wanted = [_PROBE // stride for stride in STRIDES]
    training = body.training
    try:
        with torch.no_grad():
            found = body.eval()(torch.zeros(1, 3, _PROBE, _PROBE))
        got = [tuple(found[place].shape[2:]) for place in places.values()]
    except _REFUSALS as error:
        raise ModelError(
            f"backbone {name!r}: must take images of any size, but: {_line(error)}; take another"
        ) from error
    finally:
        body.train(training)
    if got != [(side, side) for side in wanted]:
        raise ModelError(
            f"backbone {name!r}: must halve the sides evenly, to {wanted} of {_PROBE} px, but gives {got}; take another"
        )
