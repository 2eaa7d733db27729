"""Decoded pixels kept in memory that all workers share; a sample is the same byte for byte with and without."""

import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.feed.pictures import PLANES, Pixels, read_plane

MB = 1 << 20
MOST_MB, SHARE = 2048, 4  # without a wish: a quarter of what is free, and no more than this


def derive_budget(cache_mb: int, world: int = 1) -> int:
    """Return the budget in bytes; -1 looks at what is free, and shares it with the other ranks of this machine."""
    if cache_mb >= 0:
        return cache_mb * MB
    return min(free_memory() // SHARE, MOST_MB * MB) // max(1, world)


def free_memory() -> int:
    """Return what may still be taken, of the machine and of the container; 0 where nobody says."""
    limit, used = (_read_number(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    free = [_read_available()]
    if limit is not None and used is not None:
        free.append(limit - used)
    return max(0, min(free))


def _read_number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None


def _read_available() -> int:
    try:
        rows = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) << 10 for row in rows if row.startswith("MemAvailable:")), 0)


class PixelCache:
    """A shelf with a place for each picture that fits the budget, filled by whoever decodes it first.

    It is made before the workers start. Two may fill a place at once: they write the same bytes.
    """

    def __init__(self, records: Sequence[Mapping[str, Any]], planes: Mapping[str, str], budget: int) -> None:
        self._planes = planes  # plane -> the form it is decoded to
        self._places: dict[tuple[str, str], tuple[int, int, tuple[int, int, int]]] = {}
        end = 0
        for record in records:
            shapes = {
                plane: _shape(record, form) for plane, form in planes.items() if PLANES[plane] in record
            }
            size = sum(height * width * channels for height, width, channels in shapes.values())
            if end + size + len(self._places) > budget:
                continue
            for plane, shape in shapes.items():
                self._places[(plane, record[PLANES[plane]])] = (len(self._places), end, shape)
                end += shape[0] * shape[1] * shape[2]
        self._flags = mmap.mmap(-1, max(1, len(self._places)))
        self._shelf = mmap.mmap(-1, max(1, end))

    def __len__(self) -> int:
        return len(self._places)

    def read(self, record: Mapping[str, Any], plane: str, form: str) -> Pixels:
        """Return the pixels from the shelf, or decode them and put them there; nobody may write into them."""
        place = self._places.get((plane, record[PLANES[plane]]))
        if place is None or self._planes[plane] != form:
            return read_plane(record, plane, form)
        number, start, shape = place
        size = shape[0] * shape[1] * shape[2]
        if not self._flags[number]:
            pixels = read_plane(record, plane, form)
            if pixels.dtype != np.uint8 or pixels.shape != shape:
                return pixels
            self._shelf[start : start + size] = pixels.tobytes()
            self._flags[number] = 1
        kept = np.frombuffer(self._shelf, np.uint8, size, start).reshape(shape)
        kept.flags.writeable = False
        return kept


def _shape(record: Mapping[str, Any], form: str) -> tuple[int, int, int]:
    return record["height"], record["width"], 1 if form == "L" else 3
