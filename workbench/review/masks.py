"""Masks as FiftyOne keeps them: a small picture of the object's frame, exact to the pixel.

Run lengths of many masks are read at once, and only the columns of a mask's own frame are painted. What is large goes
to a file of its own: a database row holds 16 MB, and a browser should not get a whole 24-megapixel picture with it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.coco.run_lengths import read_runs
from workbench.evaluation.overlap.strips import cut_into_strips
from workbench.files import write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.bool_]

LARGE = 1 << 20  # pixels of the frame from which on a mask lies in a file
_FAST = 1  # of zlib: half the time of its usual level, and masks hardly grow


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """What a mask covers within its frame, which is left, top, width, height; none where nothing is covered."""

    frame: tuple[int, int, int, int]
    picture: "Picture | None"


def crop_masks(counts: Sequence[bytes], heights: Sequence[int]) -> list[Crop]:
    """Cut checked masks, in COCO's packed text, out of images of these heights."""
    if not counts:
        return []
    runs = read_runs(counts)
    frames = cut_into_strips(runs, np.asarray(heights, np.int64))[1]
    edges = np.stack([frames.left, frames.top, frames.right, frames.bottom], 1).tolist()
    starts = runs.first.tolist()
    return [
        _crop(runs.ends[start:stop], height, frame)
        for start, stop, height, frame in zip(starts, starts[1:], heights, edges, strict=False)
    ]


def _crop(ends: "NDArray[np.int32]", height: int, edges: Sequence[int]) -> Crop:
    left, top, right, bottom = edges
    frame = (left, top, right - left, bottom - top)
    if right <= left or bottom <= top:
        return Crop(frame=frame, picture=None)
    first, last = left * height, right * height
    begin, end = np.searchsorted(ends, (first, last))
    cuts = np.minimum(ends[begin : end + 1], last)
    lengths = np.diff(cuts, prepend=first)
    values = (np.arange(begin, begin + len(cuts)) & 1).astype(bool)
    columns = np.repeat(values, lengths).reshape(right - left, height)
    return Crop(frame=frame, picture=np.ascontiguousarray(columns[:, top:bottom].T))


def to_fields(crop: Crop, place: Path) -> dict[str, Any]:
    """The attributes of a label that hold the mask; `place` is the file that a large one goes to."""
    if crop.picture is None:
        return {}
    if crop.picture.size < LARGE:
        return {"mask": pack(crop.picture)}
    write_picture(place, crop.picture)
    return {"mask_path": str(place)}


def pack(picture: "Picture") -> bytes:
    """As FiftyOne packs an array: a .npy file, squeezed."""
    return zlib.compress(_head(picture.shape) + picture.tobytes(), _FAST)


@lru_cache(maxsize=4096)
def _head(shape: tuple[int, ...]) -> bytes:
    stream = BytesIO()
    about = {"descr": "|b1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, about)
    return stream.getvalue()


def write_picture(place: Path, picture: "Picture") -> None:
    """White on black, as FiftyOne reads it."""
    write_values(place, picture.astype(np.uint8) * 255)


def write_values(place: Path, values: "NDArray[Any]") -> None:
    """A PNG of grey values."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(values).save(stream, "PNG", compress_level=_FAST)
    write_atomically(place, stream.getvalue())
