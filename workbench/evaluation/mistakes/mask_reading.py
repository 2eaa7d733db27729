"""Some masks as strips, read when they are needed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.coco.run_lengths import read_runs
from workbench.evaluation.overlap.objects import Objects
from workbench.evaluation.overlap.strips import Frames, Strips, cut_into_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_AT_ONCE = 1000  # pairs whose masks are held at once


def take_some(places: "Ints") -> "Iterator[Ints]":
    """Yield as many as the memory should hold."""
    for start in range(0, len(places), _AT_ONCE):
        yield places[start : start + _AT_ONCE]


def read_strips(objects: Objects, places: "Ints") -> tuple[Strips, Frames]:
    """Read the masks at these places."""
    masks = objects.masks or ()
    return cut_into_strips(
        read_runs([masks[place] for place in places.tolist()]), get_sizes(objects, places)[:, 0]
    )


def get_sizes(objects: Objects, places: "Ints") -> "Ints":
    """Return the heights and widths of the masks at these places."""
    return np.zeros((0, 2), np.int64) if objects.sizes is None else objects.sizes[places]
