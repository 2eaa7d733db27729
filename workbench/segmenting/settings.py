"""What a person may choose about finding objects without a model; lengths and areas are shares of the image."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from workbench.errors import WorkbenchError, nearest

METHODS = ("threshold", "watershed", "region-growing", "grabcut", "random-walker")
CHANNELS = ("color", "light", "saturation", "red", "green", "blue")
POLARITIES = ("auto", "light", "dark")


class SegmentingError(WorkbenchError):
    """A setting that makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every method reads those that it needs; docs/drafts.md says what each is for."""

    channel: str = "color"  # what tells an object from the background
    polarity: str = "auto"  # whether objects are lighter or darker than what is around them
    levels: int = 2  # classes of brightness; 2 is Otsu's threshold, more are multi-Otsu's
    local: float = 0.0  # share of the short side around a pixel that it is compared with; 0: the whole image
    min_area: float = 0.001  # of the image
    max_area: float = 0.6
    smooth: float = 1.0  # sigma of the blur, in pixels of the reduced image; nothing finer is seen
    split: float = (
        0.25  # how deep a waist must be, as a share of the radius, for two to be parted; 0: none is
    )
    tolerance: float = 14.0  # colour (ΔE) up to which a region grows
    holes: float = 0.05  # holes larger than this share of their object stay holes
    size: int = 640  # pixels of the longer side of the image that is looked at
    seeds: tuple[tuple[float, float], ...] = ()  # x, y of points in objects, one each
    boxes: tuple[
        tuple[float, float, float, float], ...
    ] = ()  # left, top, right, bottom around objects, one each


_RANGES = {
    "levels": (2, 5),
    "local": (0.0, 1.0),
    "min_area": (0.0, 1.0),
    "max_area": (0.0, 1.0),
    "smooth": (0.0, 20.0),
    "split": (0.0, 1.0),
    "tolerance": (0.1, 200.0),
    "holes": (0.0, 1.0),
    "size": (64, 4096),
}
_WORDS = {"channel": CHANNELS, "polarity": POLARITIES}


def require_method(method: str) -> str:
    """Refuse a method that is not known."""
    if method not in METHODS:
        raise SegmentingError(
            f"method: must be one of {', '.join(METHODS)}, but got {method!r}{nearest(method, METHODS)}"
        )
    return method


def make_settings(given: Mapping[str, Any]) -> Settings:
    """Check what was chosen."""
    known = [one.name for one in fields(Settings)]
    for key in given:
        if key not in known:
            raise SegmentingError(f"{key}: must be a known setting, but is not{nearest(key, known)}")
    settings = Settings(**given)
    for key, (least, most) in _RANGES.items():
        value = getattr(settings, key)
        if not least <= value <= most:
            raise SegmentingError(f"{key}: must be from {least:g} to {most:g}, but got {value:g}; change it")
    for key, words in _WORDS.items():
        value = getattr(settings, key)
        if value not in words:
            raise SegmentingError(
                f"{key}: must be one of {', '.join(words)}, but got {value!r}{nearest(value, words)}"
            )
    if settings.min_area >= settings.max_area:
        raise SegmentingError(
            f"min_area: must be below max_area, but got {settings.min_area:g} and {settings.max_area:g}; change one"
        )
    return settings
