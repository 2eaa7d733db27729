"""Which arithmetic a training uses: what was said, or what a short measurement finds fastest on this machine."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter

import torch

from workbench.errors import ProjectError, nearest

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": None}
_WORTH = 1.15  # bf16 must be this much faster: it gives up digits, and casting costs time elsewhere
_PATIENCE = 0.15  # seconds after which a side is not measured again


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The arithmetic of a training, and why it was chosen."""

    name: str  # bf16, fp16 or fp32
    dtype: torch.dtype | None  # what autocast computes in; None: everything in fp32
    scaler: bool  # fp16 has so few small numbers that gradients must be scaled
    reason: str
    device: str = "cpu"

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which losses are computed."""
        kind = self.device.partition(":")[0]
        return torch.autocast(kind, dtype=self.dtype or torch.bfloat16, enabled=self.dtype is not None)


def choose_precision(setting: str, device: str | torch.device) -> Precision:
    """Take what was said; for "auto" bf16 or fp16 on a GPU, and on a processor what a probe measures as faster."""
    device = str(device)
    on_gpu = device.startswith("cuda")
    if setting == "auto":
        return _choose_for_gpu(device) if on_gpu else _choose_for_processor(device)
    if setting not in _DTYPES:
        names = ("auto", *_DTYPES)
        hint = nearest(setting, names)
        raise ProjectError(f"train.precision: must be a known precision, but got {setting!r}{hint}")
    if setting == "fp16" and not on_gpu:
        raise ProjectError(
            "train.precision: must be fp32, bf16 or auto on a processor, but got 'fp16'; fp16 is for GPUs"
        )
    return _precision(setting, device, "as set in train.precision")


def _precision(name: str, device: str, reason: str) -> Precision:
    return Precision(name=name, dtype=_DTYPES[name], scaler=name == "fp16", reason=reason, device=device)


def _choose_for_gpu(device: str) -> Precision:
    if torch.cuda.get_device_capability(device) >= (8, 0):  # older ones only pretend to compute in bf16
        return _precision("bf16", device, "this GPU computes in bf16")
    return _precision("fp16", device, "this GPU is faster in fp16 and has no bf16 units")


def _choose_for_processor(device: str) -> Precision:
    if device != "cpu":
        return _precision("fp32", device, f"nothing else was tried on {device}")
    ratio = measure_bf16_gain()
    name = "bf16" if ratio >= _WORTH else "fp32"
    return _precision(name, device, f"measured: bf16 is {ratio:.2f} times as fast as fp32 on this processor")


def measure_bf16_gain() -> float:
    """Time a convolution and a matrix product, forward and backward, both ways; above 1, bf16 is faster."""
    with torch.random.fork_rng(devices=[]):
        image, layer = torch.rand(1, 64, 40, 40), torch.nn.Conv2d(64, 64, 3, padding=1)
        rows, linear = torch.rand(128, 1024), torch.nn.Linear(1024, 256)
    runs = [partial(_run, layer, image), partial(_run, linear, rows)]
    times = {half: sum(_measure(partial(run, half)) for run in runs) for half in (True, False)}
    return times[False] / times[True]


def _run(layer: torch.nn.Module, given: torch.Tensor, half: bool) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half), torch.enable_grad():
        total = layer(given).float().sum()
    inputs = list(layer.parameters())
    torch.autograd.grad(total, inputs)


def _measure(run: Callable[[], None]) -> float:
    """Return the median of up to five runs behind a first one, which sets up what later ones reuse."""
    start = perf_counter()
    run()
    times = [first := perf_counter() - start]
    if first > _PATIENCE:
        return first
    times.clear()
    while len(times) < 5 and (not times or perf_counter() - start < _PATIENCE):
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return median(times)
