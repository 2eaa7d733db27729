"""Objects by how bright or how colourful they are, parted by a watershed where they touch."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.segmenting.evidence import compute_evidence, find_threshold
from workbench.segmenting.frame import Frame
from workbench.segmenting.libraries import scikit
from workbench.segmenting.objects import clean, number_parts, part_touching
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.int32]
    Bools = NDArray[np.bool_]

STANDS_OUT = 0.05  # of the evidence, above what is around: less is noise of an even patch


def find_by_threshold(frame: Frame, settings: Settings) -> "Labels":
    """Each connected part above Otsu's threshold; with more levels the parts of each level, apart from the lowest."""
    if settings.levels == 2:
        return number_parts(find_foreground(frame, settings))
    evidence = compute_evidence(frame, settings)
    try:
        steps = scikit("filters").threshold_multiotsu(evidence, classes=settings.levels)
    except ValueError:  # fewer different values than levels
        return number_parts(find_foreground(frame, settings))
    level = np.digitize(evidence, steps)
    labels = np.zeros(level.shape, np.int32)
    for one in range(1, settings.levels):
        parts = number_parts(clean(level == one, frame))
        labels = np.where(parts > 0, parts + labels.max(), labels).astype(np.int32)
    return labels


def find_by_watershed(frame: Frame, settings: Settings) -> "Labels":
    """The same parts, cut where they have a waist."""
    return part_touching(find_foreground(frame, settings), settings.split)


def find_foreground(frame: Frame, settings: Settings) -> "Bools":
    """What is above the threshold of the whole image, or of what is around."""
    evidence = compute_evidence(frame, settings)
    if settings.local:
        block = max(3, round(settings.local * frame.short) // 2 * 2 + 1)
        around = scikit("filters").threshold_local(evidence, block, method="gaussian")
        return clean(evidence > around + STANDS_OUT, frame)
    return clean(evidence > find_threshold(evidence), frame)
