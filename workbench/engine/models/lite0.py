"""EfficientNet-Lite0 as a backbone: small, trained on ImageNet, and its weights come inside a package.

The network is that of Tan and Le, "EfficientNet" (2019), in the Lite form of TensorFlow's TPU models: no squeeze and
excitation, ReLU6 in place of swish, stem and head of fixed width. Its normalisation is frozen, as Detectron2 has it in
small batches; scale and shift are folded into the weights at every step, which computes the same and saves a
pass over the activations.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone import Backbone
from torch import nn

STEM = 32
NORM_EPSILON = 1e-3


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
# feature -> (the block whose output it is, stride, channels)
TAPS = {"res2": (2, 4, 24), "res3": (4, 8, 40), "res4": (10, 16, 112), "res5": (15, 32, 320)}
FROZEN_BLOCKS = (
    0,
    0,
    3,
    5,
    11,
    16,
)  # MODEL.BACKBONE.FREEZE_AT -> how many blocks with it; from 1 on also the stem


class FrozenConv(nn.Module):
    """A convolution with its frozen normalisation folded in, padded as TensorFlow pads (more on the far side)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.stride, self.groups, self.kernel = stride, groups, kernel
        self.weight = nn.Parameter(torch.empty(outputs, inputs // groups, kernel, kernel))
        self.register_buffer("scale", torch.ones(outputs))
        self.register_buffer("shift", torch.zeros(outputs))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalising after a convolution is convolving with scaled weights."""
        padding = self.kernel // 2
        if self.stride > 1:  # of an even side: the backbone asks for those
            x, padding = F.pad(x, (padding - 1, padding) * 2), 0
        weight = self.weight * self.scale.view(-1, 1, 1, 1)
        return F.conv2d(x, weight, self.shift, self.stride, padding, 1, self.groups)


class InvertedBlock(nn.Module):
    """Widen, filter each channel, narrow; add the input where it has the same shape."""

    def __init__(self, inputs: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expand
        self.expand = FrozenConv(inputs, wide, 1) if stage.expand > 1 else None
        self.depthwise = FrozenConv(wide, wide, stage.kernel, stride=stride, groups=wide)
        self.project = FrozenConv(wide, stage.channels, 1)
        self.adds = stride == 1 and inputs == stage.channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the next activations."""
        wide = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        narrow = self.project(F.relu6(self.depthwise(wide), inplace=True))
        return narrow + x if self.adds else narrow


class Lite0(Backbone):
    """The sixteen blocks, with outputs at strides 4 to 32."""

    def __init__(self, out_features: list[str]) -> None:
        super().__init__()
        self.stem = FrozenConv(3, STEM, 3, stride=2)
        self.blocks = nn.ModuleList(_make_blocks())
        self._out_features = list(out_features)
        self._tapped = {TAPS[name][0]: name for name in out_features}

    def freeze(self, freeze_at: int) -> "Lite0":
        """Train nothing of the first layers: 1 the stem, 2 also what makes res2, and so on."""
        frozen: list[nn.Module] = [self.stem] if freeze_at else []
        for part in (*frozen, *self.blocks[: FROZEN_BLOCKS[freeze_at]]):
            for parameter in part.parameters():
                parameter.requires_grad = False
        return self

    @property
    def size_divisibility(self) -> int:
        """Sides that halve evenly five times: only then is the padding that of the published network."""
        return 32

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the tapped activations."""
        outputs = {}
        x = F.relu6(self.stem(x), inplace=True)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self._tapped:
                outputs[self._tapped[number]] = x
        return outputs

    def output_shape(self) -> dict[str, ShapeSpec]:
        """What a feature pyramid needs to know."""
        return {name: ShapeSpec(channels=TAPS[name][2], stride=TAPS[name][1]) for name in self._out_features}


def _make_blocks() -> list[InvertedBlock]:
    blocks, inputs = [], STEM
    for stage in STAGES:
        for repeat in range(stage.repeats):
            blocks.append(InvertedBlock(inputs, stage, stage.stride if repeat == 0 else 1))
            inputs = stage.channels
    return blocks


def convert_published(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the published tensors, and turn each normalisation into a scale and a shift."""
    layers = {"stem": ("_conv_stem", "_bn0")}
    for block in range(sum(stage.repeats for stage in STAGES)):
        for norm, part in enumerate(("expand", "depthwise", "project")):
            if f"_blocks.{block}._{part}_conv.weight" in state:
                layers[f"blocks.{block}.{part}"] = (
                    f"_blocks.{block}._{part}_conv",
                    f"_blocks.{block}._bn{norm}",
                )
    converted = {}
    for name, (conv, normed) in layers.items():
        scale = state[f"{normed}.weight"] / (state[f"{normed}.running_var"] + NORM_EPSILON).sqrt()
        ours = f"backbone.bottom_up.{name}"
        converted[f"{ours}.weight"] = state[f"{conv}.weight"]
        converted[f"{ours}.scale"] = scale
        converted[f"{ours}.shift"] = state[f"{normed}.bias"] - state[f"{normed}.running_mean"] * scale
    return converted
