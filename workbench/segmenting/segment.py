"""One door to all methods: an image goes in, masks of objects come out, in pixels of the whole image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.segmenting.cutting import find_by_grabcut
from workbench.segmenting.frame import Frame, make_frame
from workbench.segmenting.growing import find_by_growing
from workbench.segmenting.libraries import opencv
from workbench.segmenting.objects import choose
from workbench.segmenting.settings import Settings, make_settings, require_method
from workbench.segmenting.thresholding import find_by_threshold, find_by_watershed
from workbench.segmenting.walking import find_by_walking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Bools = NDArray[np.bool_]
    Labels = NDArray[np.int32]

FINDERS: Mapping[str, Callable[[Frame, Settings], "Labels"]] = {
    "threshold": find_by_threshold,
    "watershed": find_by_watershed,
    "region-growing": find_by_growing,
    "grabcut": find_by_grabcut,
    "random-walker": find_by_walking,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One object: a picture of 0 and 1, where its corner lies in the image, and which seed or box it came from."""

    number: int  # from 1, in the order of the seeds or boxes
    left: int
    top: int
    pixels: "Pixels"

    @property
    def area(self) -> int:
        """How many pixels it covers."""
        return int(self.pixels.sum())

    def place(self, width: int, height: int) -> "Pixels":
        """Lay it on an empty image."""
        canvas = np.zeros((height, width), np.uint8)
        high, wide = self.pixels.shape
        canvas[self.top : self.top + high, self.left : self.left + wide] = self.pixels
        return canvas


def segment(image: "NDArray[Any]", method: str, **chosen: Any) -> list[Region]:
    """Find the objects of an image (height x width, or x channels; 8 bits), the largest first."""
    settings = make_settings(chosen)
    return segment_frame(make_frame(image, settings), method, settings)


def segment_frame(frame: Frame, method: str, settings: Settings) -> list[Region]:
    """Do the same with an image that was reduced already, as files are when they are read."""
    labels = FINDERS[require_method(method)](frame, settings)
    return [_enlarge(number, mask, frame) for number, mask in choose(labels, frame, settings)]


def _enlarge(number: int, mask: "Bools", frame: Frame) -> Region:
    """Only the part of the image that the object is in; its edge becomes as smooth as the image is fine."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    across, down = frame.scale
    spans = []
    for found, limit in ((columns, mask.shape[1]), (rows, mask.shape[0])):
        spans.append((max(0, int(found[0]) - 1), min(limit, int(found[-1]) + 2)))
    (left, right), (top, bottom) = spans
    part = mask[top:bottom, left:right].astype(np.float32)
    x, y = round(left * across), round(top * down)
    size = (max(1, round(right * across) - x), max(1, round(bottom * down) - y))
    if size != (part.shape[1], part.shape[0]):
        part = opencv().resize(part, size, interpolation=opencv().INTER_LINEAR)
    return Region(number=number, left=x, top=y, pixels=(part >= 0.5).astype(np.uint8))
