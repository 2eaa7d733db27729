"""The two libraries that segment, imported where they are needed and named when they are missing."""

from types import ModuleType

from workbench.extras import require

EXTRA = "label"


def opencv() -> ModuleType:
    """OpenCV: colours, resizing, flood fills, GrabCut."""
    return require("cv2", extra=EXTRA)


def scikit(part: str) -> ModuleType:
    """A part of scikit-image: filters, morphology, segmentation, feature."""
    return require(f"skimage.{part}", extra=EXTRA)
