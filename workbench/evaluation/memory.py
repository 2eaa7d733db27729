"""How Python and its allocator treat memory, where numbers by the million come and go."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_KEPT = 31 << 20  # bytes: glibc raises its thresholds up to 32 MB


@contextmanager
def sparing() -> Iterator[None]:
    """Look for no garbage among rows by the ten thousand, and keep what is freed.

    Each search would walk over all that torch has made, too. What glibc gives back to the system must be cleared before
    it can be had again: after it has seen one large block come and go, it keeps smaller ones.
    """
    on = gc.isenabled()
    gc.disable()
    np.empty(_KEPT, np.uint8)
    try:
        yield
    finally:
        if on:
            gc.enable()
