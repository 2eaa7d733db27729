"""The machine that trains: which device, how much memory is free, how many cores."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from workbench.errors import ProjectError

GB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`memory_gb` is what is free for training: the card's, or this machine's."""

    device: str
    memory_gb: float
    cores: int


def find_machine(device: str) -> Machine:
    """Look at the device that was asked for; `auto` takes a graphics card where there is one."""
    kind = device
    if device == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    name = kind.partition(":")[0]
    if name not in ("cpu", "cuda"):
        raise ProjectError(f"--device: must be cpu, cuda or auto, but got {device!r}; change it")
    if name == "cuda" and not torch.cuda.is_available():
        raise ProjectError(
            "--device: must be a device of this machine, but torch finds no cuda; "
            "train with --device cpu, or see what workbench doctor says of the gpu"
        )
    free = torch.cuda.mem_get_info()[0] if name == "cuda" else find_free_memory()
    return Machine(device=kind, memory_gb=free / GB, cores=len(os.sched_getaffinity(0)))


def find_free_memory() -> int:
    """Bytes that may still be taken: of the machine, or of the container where that allows less."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        group = Path("/sys/fs/cgroup")
        left = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or no limit
        return free
    return max(min(free, left), 0)
