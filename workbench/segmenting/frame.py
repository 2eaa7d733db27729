"""The image as methods see it: reduced, a little blurred, in colours whose distances are those that the eye sees."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.segmenting.libraries import opencv
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A reduced image; `scale` takes its pixels to those of the whole one."""

    rgb: "Pixels"
    lab: "Floats"  # CIE L*a*b*: L from 0 to 100
    width: int  # of the whole image
    height: int

    @property
    def scale(self) -> tuple[float, float]:
        """How many pixels of the whole image one of these is, in x and y."""
        return self.width / self.rgb.shape[1], self.height / self.rgb.shape[0]

    @property
    def short(self) -> int:
        """The shorter side."""
        return int(min(self.rgb.shape[:2]))

    @property
    def area(self) -> int:
        """How many pixels there are."""
        return int(self.rgb.shape[0] * self.rgb.shape[1])


def make_frame(image: "NDArray[Any]", settings: Settings, *, whole: tuple[int, int] | None = None) -> Frame:
    """Reduce an image (grey, RGB, with alpha; 8 bits) to what is looked at; `whole`: its size where it was reduced."""
    cv2 = opencv()
    width, height = whole or (image.shape[1], image.shape[0])
    small = _reduce(_to_rgb(image), settings.size)
    blurred = small.astype(np.float32) / 255
    if settings.smooth:
        blurred = cv2.GaussianBlur(blurred, (0, 0), settings.smooth)
    lab = cv2.cvtColor(blurred, cv2.COLOR_RGB2LAB)
    return Frame(rgb=small, lab=lab, width=width, height=height)


def _to_rgb(image: "NDArray[Any]") -> "Pixels":
    if image.ndim == 2:
        image = image[:, :, None]
    if image.shape[2] < 3:
        image = np.repeat(image[:, :, :1], 3, axis=2)
    return np.ascontiguousarray(image[:, :, :3], np.uint8)


def _reduce(image: "Pixels", longest: int) -> "Pixels":
    cv2 = opencv()
    height, width = image.shape[:2]
    share = longest / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    reduced: Pixels = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return reduced
