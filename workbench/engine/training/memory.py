"""Memory that runs out, of the machine, of a limit or of a graphics card: what it was, and what to lower."""

import errno
import re
import resource
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from traceback import clear_frames
from types import TracebackType

import torch

from workbench.engine.feed.cache import free_memory
from workbench.engine.training.course import Course
from workbench.errors import OUT_OF_MEMORY, WorkbenchError

# How torch and the C++ library call it where they have no error of its own for it.
_WORDS = ("can't allocate memory", "std::bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory")
# What oneDNN and the system say of this and of other things: it counts where little memory is left.
_PERHAPS = (
    "could not create a",
    "could not execute a",
    "can't start new thread",
    "Resource temporarily unavailable",
)
_LITTLE = 256 << 20


class OutOfMemory(WorkbenchError):
    """A training that needs more memory than there is."""

    exit_code = OUT_OF_MEMORY


class ExplainingMemory(AbstractContextManager["ExplainingMemory"]):
    """Give whatever says that memory ran out one name, and say what to lower."""

    def __init__(self, where: Callable[[], str], course: Course) -> None:
        self._where, self._course = where, course

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not is_out_of_memory(error):
            return
        clear_frames(trace)  # what they hold is needed for what comes now
        missing = _find_size(str(error))
        raise OutOfMemory(
            f"{self._where()}: must fit into memory, but {missing}; {advise(self._course)}"
        ) from None


def advise(course: Course) -> str:
    """What to lower, with what it is now."""
    train, cfg = course.settings.train, course.cfg
    parts = train.accumulate
    others = "" if course.device.startswith("cuda") else ", train.workers or train.cache_mb"
    return (
        f"a batch of {cfg.SOLVER.IMS_PER_BATCH} went through in {parts} part{'s' * (parts > 1)}, at up to "
        f"{max(cfg.INPUT.MIN_SIZE_TRAIN)} x {cfg.INPUT.MAX_SIZE_TRAIN} pixels: raise train.accumulate, or lower "
        f"train.batch, INPUT.MAX_SIZE_TRAIN{others}; a resume wants --allow-changed with their names"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is one of the ways in which memory runs out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if not isinstance(error, RuntimeError) and type(error).__name__ != "PanicException":  # Rust's, of hotcoco
        return False
    text = str(error)
    return any(word in text for word in _WORDS) or (
        any(word in text for word in _PERHAPS) and _count_left() < _LITTLE
    )


def _count_left() -> int:
    """The bytes that this process may still have."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return free_memory()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return min(free_memory(), limit - pages * resource.getpagesize())


def _find_size(text: str) -> str:
    """How much was wanted at last, where the words tell."""
    if found := re.search(r"allocate (\d+) bytes", text):
        return f"{int(found[1]) / 1e6:.1f} MB more could not be had"
    if found := re.search(r"allocate (\d+(?:\.\d+)?)\.? ([KMG]iB)", text):
        return f"{found[1]} {found[2]} more could not be had"
    return "there was no more of it"
