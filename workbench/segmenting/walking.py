"""Random walker: each pixel goes to the seed that a walk over alike colours most likely reaches first."""

from typing import TYPE_CHECKING
from warnings import catch_warnings

import numpy as np

from workbench.segmenting.evidence import compute_evidence, find_threshold
from workbench.segmenting.frame import Frame
from workbench.segmenting.growing import scale_seeds
from workbench.segmenting.libraries import scikit
from workbench.segmenting.objects import clean, measure_depth, number_parts, part_touching
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.int32]
    Bools = NDArray[np.bool_]

BETA = 4000.0  # how much a change of colour slows the walk
SURE = 0.5  # of the threshold: what is below is background for sure
CORE = 0.4  # of the depth of its part: the middle of an object for sure
UNKNOWN, GROUND = 0, 1


def find_by_walking(frame: Frame, settings: Settings) -> "Labels":
    """From sure background and sure middles of objects, or the seeds that were given."""
    markers = _mark(frame, settings)
    if markers.max() <= GROUND or (markers != UNKNOWN).all():
        return np.zeros(markers.shape, np.int32)
    planes = frame.lab / np.float32(100)
    with catch_warnings(action="ignore"):  # chances a hair above 1 are no news to a person
        walked = scikit("segmentation").random_walker(
            planes, markers, beta=BETA, mode="cg_j", tol=1e-3, channel_axis=-1, copy=True
        )
    objects = np.where(walked > GROUND, walked - GROUND, 0)
    if settings.seeds:
        found: Labels = objects.astype(np.int32)
        return found
    return part_touching(clean(objects > 0, frame), settings.split)


def _mark(frame: Frame, settings: Settings) -> "Labels":
    evidence = compute_evidence(frame, settings)
    level = find_threshold(evidence)
    markers = np.full(evidence.shape, UNKNOWN, np.int32)
    markers[evidence < SURE * level] = GROUND
    likely = clean(evidence > level, frame)
    if settings.seeds:
        seeds = scale_seeds(frame, settings)
        parts = number_parts(likely)
        markers[(parts > 0) & ~np.isin(parts, [parts[seed] for seed in seeds])] = (
            GROUND  # nobody pointed at it
        )
        for number, (row, column) in enumerate(seeds, GROUND + 1):
            markers[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = number
        return markers
    depth = measure_depth(likely)
    markers[likely & (depth > CORE * _deepest(likely, depth))] = GROUND + 1
    return markers


def _deepest(likely: "Bools", depth: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Of each pixel's part the depth of its deepest pixel."""
    labels = number_parts(likely)
    deepest = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    found: NDArray[np.float32] = deepest[labels]
    return found
