"""How fast a training goes: seconds a step, share of waiting for data, images a second, memory, time left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch

KEEP = 0.9  # how much of the smoothed pace each step keeps: about the last ten steps count
MEGA = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a person wants to know of the speed, at one step."""

    seconds: float  # a step, smoothed
    images_per_second: float
    wait_share: float  # of the time: from 0 (the data is always there) to 1
    memory_mb: float
    seconds_left: float

    def to_values(self) -> Mapping[str, float]:
        """What a line of speed.jsonl holds."""
        return {
            "images_per_second": round(self.images_per_second, 3),
            "memory_mb": round(self.memory_mb, 1),
            "seconds_per_step": round(self.seconds, 5),
            "wait_share": round(self.wait_share, 5),
        }


class Speed:
    """Measures from step to step; what lies between two steps and is no training (an evaluation) is left out."""

    def __init__(self, total: int, device: str = "cpu", clock: Callable[[], float] = monotonic) -> None:
        self._total, self._device, self._clock = total, device, clock
        self._last = clock()
        self._weight = self._seconds = self._images = self._wait = 0.0

    def pause(self) -> None:
        """Count what was spent since the last step as no training."""
        self._last = self._clock()

    def tick(self, step: int, images: int, wait: float = 0.0) -> Reading:
        """Count a step that is done: its images, and the seconds it waited for them."""
        now = self._clock()
        self._weight = KEEP * self._weight + 1
        self._seconds = KEEP * self._seconds + max(now - self._last, 0.0)
        self._images = KEEP * self._images + images
        self._wait = KEEP * self._wait + max(wait, 0.0)
        self._last = now
        spent, seconds = max(self._seconds, 1e-9), self._seconds / self._weight
        return Reading(
            seconds=seconds,
            images_per_second=self._images / spent,
            wait_share=min(self._wait / spent, 1.0),
            memory_mb=read_memory(self._device),
            seconds_left=max(self._total - step, 0) * seconds,
        )


def read_memory(device: str) -> float:
    """The most memory that the tensors on a GPU took so far, or what this process holds now, in MiB."""
    if device.startswith("cuda") and torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated(device)) / MEGA
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # no Linux
        return 0.0
    return pages * 4096 / MEGA
