"""The machine: Python, processor, memory, disk, graphics cards, and where downloaded weights are kept."""

import os
import shutil
import sys
from pathlib import Path

from workbench.doctor.fact import Fact, State
from workbench.doctor.probes import ask

OLDEST, NEWEST = (3, 11), (3, 13)
SCARCE_DISK = 5  # GB: a run keeps checkpoints of some 500 MB each
SCARCE_SHARED = 1  # GB: what the loaders of a run pass images through
GB = 1 << 30


def find_machine() -> list[Fact]:
    """Everything about the machine that costs nothing to find out."""
    return [_python(), _processor(), _memory(), _disk(), _weights()]


def _fact(name: str, value: str, mend: str = "", state: State = "fine") -> Fact:
    return Fact(group="machine", name=name, state=state, value=value, mend=mend)


def _python() -> Fact:
    version = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return _fact("python", f"{version} in {sys.prefix}")
    tried = f"{'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
    mend = "rm -rf .venv && make demo PYTHON=python3.12"
    return _fact("python", f"{version} in {sys.prefix}; tried are {tried}", mend, "untried")


def _processor() -> Fact:
    cores = len(os.sched_getaffinity(0))
    return _fact("processor", f"{cores} core{'s' if cores > 1 else ''}")


def _memory() -> Fact:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    total = min([total, *_read_limits()])
    shared = shutil.disk_usage("/dev/shm").total if Path("/dev/shm").is_dir() else 0
    if shared < SCARCE_SHARED * GB:
        mend = "start the container with --shm-size=4g, or train with DATALOADER.NUM_WORKERS 0"
        value = f"{total / GB:.0f} GB, but only {shared / GB:.1f} GB that processes can share (/dev/shm)"
        return _fact("memory", value, mend, "untried")
    return _fact("memory", f"{total / GB:.0f} GB")


def _read_limits() -> list[int]:
    """What a container allows, where it says so."""
    limit = Path("/sys/fs/cgroup/memory.max")
    try:
        return [int(limit.read_text())]
    except (OSError, ValueError):
        return []


def _disk() -> Fact:
    free = shutil.disk_usage(Path.cwd()).free / GB
    if free < SCARCE_DISK:
        mend = "workbench runs PROJECT remove (old runs), pip cache purge"
        return _fact("disk", f"{free:.1f} GB free here; a few runs fill that", mend, "untried")
    return _fact("disk", f"{free:.0f} GB free here")


def _weights() -> Fact:
    """Detectron2 (through iopath) keeps what it downloads in one folder."""
    folder = Path(os.environ.get("FVCORE_CACHE", "~/.torch/iopath_cache")).expanduser()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        mend = "export FVCORE_CACHE=/a/folder/of/yours"
        return _fact("weights", f"{folder} cannot be written", mend, "wrong")
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in files) / GB
    return _fact(
        "weights", f"{len(files)} files, {size:.1f} GB in {folder}" if files else f"none yet in {folder}"
    )


def find_driver() -> tuple[str, list[str]]:
    """The version of the graphics driver and the names of the cards, as the driver has them."""
    answer = ask("nvidia-smi", "--query-gpu=driver_version,name,memory.total", "--format=csv,noheader")
    rows = [row.split(", ") for row in (answer or "").splitlines() if row.count(", ") >= 2]
    return (rows[0][0] if rows else ""), [f"{row[1]} ({row[2]})" for row in rows]


def judge_gpu(driver: tuple[str, list[str]], torch: object) -> Fact:
    """Do the driver and torch agree on what there is?"""
    version, cards = driver
    seen = torch if isinstance(torch, dict) else {}
    if not cards:
        return _fact("gpu", "none; training runs on the processor")
    value = f"{', '.join(cards)}, driver {version}"
    if not seen:
        return _fact("gpu", value)
    if seen.get("usable"):
        return _fact("gpu", f"{value}, CUDA {seen['cuda']}")
    if seen.get("cuda") is None:
        mend = "pip install --force-reinstall torch torchvision (a build for CUDA)"
        return _fact("gpu", f"{value}, but this torch is built without CUDA", mend, "wrong")
    mend = f"a driver for CUDA {seen['cuda']} or later (nvidia-smi shows what yours has), or a torch for an older CUDA"
    return _fact("gpu", f"{value}, but torch (CUDA {seen['cuda']}) cannot use it", mend, "wrong")
