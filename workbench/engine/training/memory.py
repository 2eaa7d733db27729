"""Memory that runs out, of the machine, of a limit or of a graphics card: what it was, and what to lower."""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import clear_frames

import torch

from workbench.engine.training.course import Course
from workbench.errors import OUT_OF_MEMORY, WorkbenchError

# How torch and the C++ library call it where they have no error of its own for it.
_WORDS = ("can't allocate memory", "std::bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory")


class OutOfMemory(WorkbenchError):
    """A training that needs more memory than there is."""

    exit_code = OUT_OF_MEMORY


@contextmanager
def explaining_memory(where: Callable[[], str], advice: str) -> Iterator[None]:
    """Give whatever says that memory ran out one name, and say what to lower."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        clear_frames(error.__traceback__)  # what they hold is needed for what comes now
        wanted = _find_size(str(error))
    else:
        return
    raise OutOfMemory(f"{where()}: must fit into memory, but {wanted} could not be had; {advice}")


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
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _WORDS)


def _find_size(text: str) -> str:
    """How much was wanted at last, where the words tell."""
    found = re.search(r"allocate (\d+) bytes|allocate ([\d.]+ [KMG]iB)", text)
    if found is None:
        return "more of it"
    return found[2] or f"{int(found[1]) / 1e6:.0f} MB more"
