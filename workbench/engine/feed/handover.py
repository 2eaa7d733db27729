"""A batch in a memory file: written by the process that made it, mapped without a copy by the one that wants it."""

import mmap
import os
import pickle
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

ALIGNED = 64


class _Pickler(pickle.Pickler):
    """Tensors travel as numpy arrays, whose bytes stay outside the pickle."""

    def reducer_override(self, thing: Any) -> Any:
        """Say how a tensor is taken apart; everything else goes its usual way."""
        if isinstance(thing, torch.Tensor):
            return _to_tensor, (thing.contiguous().numpy(),)
        return NotImplemented


def _to_tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(array)


def write_memory(thing: object) -> tuple[int, int]:
    """Return the descriptor of a memory file with this object, and where its table begins."""
    buffers: list[pickle.PickleBuffer] = []
    stream = BytesIO()
    _Pickler(stream, protocol=5, buffer_callback=keep_outside(buffers)).dump(thing)
    parts = [stream.getbuffer(), *(buffer.raw() for buffer in buffers)]
    descriptor = os.memfd_create("batch")
    places, end = [], 0
    with open(descriptor, "wb", closefd=False) as file:  # a descriptor has no path
        for part in parts:
            places.append((end, part.nbytes))
            file.write(part)
            gap = -part.nbytes % ALIGNED
            file.write(bytes(gap))
            end += part.nbytes + gap
        file.write(np.asarray(places, np.int64).tobytes())
    return descriptor, end


def keep_outside(buffers: list[pickle.PickleBuffer]) -> Callable[[pickle.PickleBuffer], None]:
    """Collect the arrays' bytes beside the pickle; small ones too, since copying them costs as much."""
    return buffers.append


def read_memory(descriptor: int, table: int) -> Any:
    """Map a memory file and build the object over it; its pages are given back with the last tensor."""
    memory = memoryview(mmap.mmap(descriptor, 0))
    places = np.frombuffer(memory[table:], np.int64).reshape(-1, 2).tolist()
    parts = [memory[start : start + size] for start, size in places]
    return pickle.loads(parts[0], buffers=parts[1:])
