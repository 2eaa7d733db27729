"""A network of timm as a backbone: its own features at strides 4 to 32, its normalisation frozen."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import torch
from detectron2.layers import FrozenBatchNorm2d, ShapeSpec
from detectron2.modeling.backbone import Backbone

from workbench.engine.models.row import ModelError
from workbench.errors import MissingExtra, nearest

STRIDES = {4: "res2", 8: "res3", 16: "res4", 32: "res5"}


class Timm(Backbone):
    """What timm calls features_only, with Detectron2's names."""

    def __init__(self, name: str, *, pretrained: bool = False) -> None:
        super().__init__()
        timm = require_timm()
        if name not in timm.list_models():
            raise ModelError(
                f"backbone {name!r}: must be a network of timm, but is not{nearest(name, timm.list_models())}"
            )
        body = timm.create_model(name, pretrained=pretrained, features_only=True)
        self._places = dict(_find_places(name, body.feature_info))
        self._info = body.feature_info
        self.body = FrozenBatchNorm2d.convert_frozen_batchnorm(body) if pretrained else body

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
            name: ShapeSpec(channels=self._info.channels()[place], stride=strides[name])
            for name, place in self._places.items()
        }


def require_timm() -> Any:
    """Import timm, or say how to get it."""
    try:
        return import_module("timm")
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "timm must be installed for a backbone of its own, but is not; run: pip install timm"
        ) from error


def _find_places(name: str, info: Any) -> Iterator[tuple[str, int]]:
    reductions = list(info.reduction())
    for stride, feature in STRIDES.items():
        if stride not in reductions:
            raise ModelError(
                f"backbone {name!r}: must have features at strides 4, 8, 16 and 32, but has {reductions}; take another"
            )
        yield feature, reductions.index(stride)
