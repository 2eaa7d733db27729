"""Regions that grow from seeds as far as the colour stays alike and no edge is in the way."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.segmenting.evidence import compute_evidence, find_threshold
from workbench.segmenting.frame import Frame
from workbench.segmenting.libraries import opencv, scikit
from workbench.segmenting.objects import clean, measure_depth
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.int32]
    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]

Seed = tuple[int, int]  # row, column
MOST_SEEDS = 200
STRONG = 0.88  # of the pixels have a weaker edge than what stops a region
BAND = 4  # pixels that an edge is wide at most: how far from a region its border may be
LIGHT_WEIGHT = 0.6  # a round thing in the sun has many shades of one colour


def find_by_growing(frame: Frame, settings: Settings) -> "Labels":
    """Grow from the seeds that were given, or from the middle of every even patch that is no background."""
    strength = measure_edges(frame)
    edges = strength > max(float(np.quantile(strength, STRONG)), 1.0)
    labels = np.zeros(edges.shape, np.int32)
    planes = _weigh(frame)
    least = settings.min_area * frame.area / 2  # the border comes on top
    given = scale_seeds(frame, settings)
    for number, seed in enumerate(given or _find_seeds(frame, settings, edges), 1):
        if labels[seed] and not given:
            continue
        grown = _grow(planes, edges, seed, settings.tolerance) & (labels == 0)
        if given:
            labels[grown] = number
            labels[seed] = labels[seed] or number
        elif (tidy := clean(grown, frame)).sum() >= least:
            labels[tidy & (labels == 0)] = number
    return _settle_borders(labels, strength)


def measure_edges(frame: Frame) -> "Floats":
    """What Prewitt's filter says of lightness and of colour, whichever is more."""
    prewitt = scikit("filters").prewitt
    strength: Floats = np.max([prewitt(frame.lab[:, :, plane]) for plane in range(3)], axis=0)
    return strength


def _settle_borders(labels: "Labels", strength: "Floats") -> "Labels":
    """Regions stop where an edge begins; their border is where it is strongest: a watershed of the edges."""
    cv2 = opencv()
    near = cv2.dilate((labels > 0).astype(np.uint8), np.ones((2 * BAND + 1,) * 2, np.uint8)) > 0
    ground = int(labels.max()) + 1
    markers = np.where(near, labels, ground)
    settled: Labels = scikit("segmentation").watershed(strength, markers)
    return np.where(settled == ground, 0, settled).astype(np.int32)


def scale_seeds(frame: Frame, settings: Settings) -> Sequence[Seed]:
    """Take points of the whole image to the reduced one."""
    across, down = frame.scale
    high, wide = frame.rgb.shape[:2]
    return [
        (min(max(0, int(y / down)), high - 1), min(max(0, int(x / across)), wide - 1))
        for x, y in settings.seeds
    ]


def _weigh(frame: Frame) -> "NDArray[Any]":
    """Colours as flood fill wants them: whole numbers, lightness counting less."""
    weighed: NDArray[Any] = (frame.lab * np.array([LIGHT_WEIGHT, 1, 1], np.float32)).astype(np.float32)
    return np.ascontiguousarray(weighed)


def _grow(planes: "NDArray[Any]", edges: "Bools", seed: Seed, tolerance: float) -> "Bools":
    """What is connected to the seed, no edge, and in each plane at most so far from the seed's colour."""
    cv2 = opencv()
    barrier = np.pad(edges, 1, constant_values=True).astype(np.uint8)
    barrier[seed[0] + 1, seed[1] + 1] = 0
    around = planes[max(0, seed[0] - 2) : seed[0] + 3, max(0, seed[1] - 2) : seed[1] + 3]
    start = planes.copy()
    start[seed] = np.median(around.reshape(-1, 3), axis=0)
    how = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (2 << 8)
    far = (tolerance,) * 3
    cv2.floodFill(start, barrier, (seed[1], seed[0]), 0, far, far, how)
    grown: Bools = barrier[1:-1, 1:-1] == 2
    return grown


def _find_seeds(frame: Frame, settings: Settings, edges: "Bools") -> Iterator[Seed]:
    """The middles of even patches that are no background, the widest first; what has grown meanwhile is skipped."""
    evidence = compute_evidence(frame, settings)
    patches = ~edges & (evidence > find_threshold(evidence))
    depth = measure_depth(patches)
    least = max(2.0, 0.2 * np.sqrt(settings.min_area * frame.area / np.pi))
    feature = scikit("feature")
    tops = feature.peak_local_max(
        depth, min_distance=3, threshold_abs=least, exclude_border=False, num_peaks=MOST_SEEDS
    )
    yield from ((int(row), int(column)) for row, column in tops)
