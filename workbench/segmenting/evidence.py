"""How much each pixel speaks for an object: the higher, the less it looks like the background."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.segmenting.frame import Frame
from workbench.segmenting.libraries import opencv, scikit
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]

RIM = 0.04  # of the shorter side: what lies along the edge of the image is taken for background
GROUNDS, RARE = (
    4,
    0.1,
)  # colours that a background may have; what makes up less of the rim is an object that is cut off
LEAST_SPREAD = 4.0  # ΔE; no background is more even than a camera's noise
LEAST_DISTANCE = float(np.log1p(8.0))  # in spreads of the background; below, an image has only background
LEAST_CONTRAST = 40.0  # of the 100 of lightness, or the 255 of a channel
LEAST_THRESHOLD = 0.25  # of the evidence
LIGHT_WEIGHT = 0.5  # shadows change lightness, not colour
SAMPLE = 4000  # pixels of the rim that are looked at


def compute_evidence(frame: Frame, settings: Settings) -> "Floats":
    """From 0, what looks most like background, to 1."""
    if settings.channel == "color":
        raw, least = _measure_distance(frame), LEAST_DISTANCE
    else:
        raw, least = _orient(_pick(frame, settings.channel), settings.polarity), LEAST_CONTRAST
    low, high = np.percentile(raw, (0.5, 99.5))
    scaled: Floats = ((raw - low) / max(high - low, least)).clip(0, 1).astype(np.float32)
    return scaled


def find_threshold(evidence: "Floats") -> float:
    """Otsu's; an image that is all the same, but for the camera's noise, has no objects."""
    if float(evidence.max()) - float(evidence.min()) < 1e-6:
        return 1.0
    value: float = scikit("filters").threshold_otsu(evidence)
    return max(value, LEAST_THRESHOLD)


def find_rim(frame: Frame) -> "Bools":
    """The pixels along the edge of the image."""
    wide = max(1, round(RIM * frame.short))
    rim = np.ones(frame.rgb.shape[:2], bool)
    rim[wide:-wide, wide:-wide] = False
    return rim


def _pick(frame: Frame, channel: str) -> "Floats":
    if channel == "saturation":
        return np.hypot(frame.lab[:, :, 1], frame.lab[:, :, 2])
    if channel == "light":
        return frame.lab[:, :, 0]
    plane: Floats = frame.rgb[:, :, ("red", "green", "blue").index(channel)].astype(np.float32)
    return plane


def _orient(plane: "Floats", polarity: str) -> "Floats":
    """Auto: objects are on that side of Otsu's threshold on which the edge of the image mostly is not."""
    if polarity == "auto":
        rim = np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])
        polarity = "dark" if (rim > find_threshold(plane)).mean() > 0.5 else "light"
    return plane if polarity == "light" else -plane


def _measure_distance(frame: Frame) -> "Floats":
    """How far each pixel's colour is from the nearest of the background's, measured in that one's own spread."""
    lab = frame.lab * np.array([LIGHT_WEIGHT, 1, 1], np.float32)
    rim = lab[find_rim(frame)]
    rim = rim[:: max(1, len(rim) // SAMPLE)]
    cv2 = opencv()
    cv2.setRNGSeed(0)
    many = min(GROUNDS, len(rim))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, which, centers = cv2.kmeans(rim, many, None, stop, 2, cv2.KMEANS_PP_CENTERS)
    nearest = np.full(lab.shape[:2], np.inf, np.float32)
    for place, center in enumerate(centers):
        own = rim[which[:, 0] == place]
        if len(own) < RARE * len(rim):
            continue
        spread = np.maximum(own.std(axis=0), LEAST_SPREAD)
        distance = np.sqrt((((lab - center) / spread) ** 2).sum(axis=2))
        np.minimum(nearest, distance, out=nearest)
    far: Floats = np.log1p(nearest)  # a few glaring pixels must not hide the rest
    return far
