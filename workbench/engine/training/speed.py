"""What makes a training step of genuine Detectron2 faster on a processor, from outside: same model, same numbers."""

import ctypes
import sys
from typing import Any

import torch
from detectron2.layers import ROIAlign
from detectron2.modeling import Backbone

from workbench.engine.training.pooling import QuickROIAlign

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_NEVER = 2**31 - 1


def tune_process() -> bool:
    """Let the C library keep the memory of one step for the next, and say whether it agreed.

    Otherwise each large tensor is fresh pages from the kernel, zeroed and faulted in one by one: 5 % of a step.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # a C library other than glibc
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _NEVER))


def tune_model(model: torch.nn.Module) -> tuple[str, ...]:
    """Exchange layers for faster ones of equal results; names of parameters stay. Returns what was exchanged."""
    if any(parameter.device.type != "cpu" for parameter in model.parameters()):
        return ()
    done = []
    for path, parent in list(model.named_modules()):
        for name, child in list(parent.named_children()):
            if type(child) is ROIAlign:  # a subclass has its reasons
                setattr(parent, name, _quicken(child))
                done.append(f"{path}.{name}".lstrip("."))
            elif isinstance(child, Backbone) and _is_depthwise(child) and not child._forward_pre_hooks:
                child.register_forward_pre_hook(_channels_last)
                child.register_forward_hook(_channels_first)
                done.append(f"{path}.{name}".lstrip("."))
    return tuple(done)


def _is_depthwise(backbone: Backbone) -> bool:
    """Depthwise convolutions are several times faster with a pixel's channels side by side; dense ones are slower."""
    if any(isinstance(child, Backbone) for child in backbone.children()):
        return False  # a pyramid: the network under it is looked at by itself
    return any(
        one.dim() == 4 and one.shape[1] == 1 and one.shape[0] > 1 and one.shape[2] > 1
        for one in backbone.parameters()
    )


def _channels_last(layer: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    images, *rest = given
    return images.contiguous(memory_format=torch.channels_last), *rest


def _channels_first(
    layer: torch.nn.Module, given: tuple[Any, ...], features: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    return {name: value.contiguous() for name, value in features.items()}


def _quicken(layer: ROIAlign) -> QuickROIAlign:
    quick = QuickROIAlign(layer.output_size, layer.spatial_scale, layer.sampling_ratio, layer.aligned)
    return quick.train(layer.training)
