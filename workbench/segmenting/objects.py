"""From rough pixels to objects: smooth edges, no crumbs, no pinholes, parts that only touch taken apart."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.segmenting.frame import Frame
from workbench.segmenting.libraries import opencv, scikit
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Labels = NDArray[np.int32]
    Floats = NDArray[np.float32]

BRUSH = 0.006  # of the shorter side: the radius of what is brushed away and closed
WITHIN = 0.8  # of an object inside larger ones: a highlight, or what is printed on it
WITHIN = 0.8  # of an object inside larger ones: a highlight, or what is printed on it
AROUND = 0.35  # of the image's edge; what touches more of it is the background


def clean(mask: "Bools", frame: Frame) -> "Bools":
    """Brush away threads and crumbs, close cracks."""
    cv2 = opencv()
    radius = max(1, round(BRUSH * frame.short))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    rough = mask.astype(np.uint8)
    opened = cv2.morphologyEx(rough, cv2.MORPH_OPEN, brush)
    closed: Bools = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, brush) > 0
    return closed


def number_parts(mask: "Bools") -> "Labels":
    """Give each connected part a number from 1."""
    _, labels = opencv().connectedComponents(mask.astype(np.uint8), connectivity=4)
    numbered: Labels = labels
    return numbered


def measure_depth(mask: "Bools") -> "Floats":
    """How far each pixel is from the nearest outside its part; the edge of the image is none."""
    cv2 = opencv()
    framed = np.pad(mask.astype(np.uint8), 1, mode="edge")
    depth: Floats = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return depth


def part_touching(mask: "Bools", split: float) -> "Labels":
    """Number objects; where a part has a waist it is cut there, by a watershed of the depth."""
    labels = number_parts(mask)
    if not split or not mask.any():
        return labels
    markers = find_cores(labels, measure_depth(mask), split)
    cut: Labels = scikit("segmentation").watershed(-_relate(labels, measure_depth(mask)), markers, mask=mask)
    return cut.astype(np.int32)


def find_cores(labels: "Labels", depth: "Floats", split: float) -> "Labels":
    """Number the tops of the depth that stand out by the share `split` of their part's deepest."""
    relative = opencv().GaussianBlur(_relate(labels, depth), (0, 0), 1.0) * (labels > 0)
    morphology = scikit("morphology")
    lowered = morphology.reconstruction((relative - split).clip(0), relative)
    tops = (relative - lowered) >= min(split, 1) * 0.999
    cores: Labels = number_parts(tops & (labels > 0))
    bare = np.setdiff1d(np.unique(labels[labels > 0]), np.unique(labels[cores > 0]))
    if len(bare):
        more = number_parts(np.isin(labels, bare))
        cores = np.where(more > 0, more + cores.max(), cores).astype(np.int32)
    return cores


def _relate(labels: "Labels", depth: "Floats") -> "Floats":
    """Depth as a share of the deepest of the same part."""
    deepest = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    shares: Floats = depth / deepest.clip(1e-6)[labels]
    return shares * (labels > 0)


def choose(labels: "Labels", frame: Frame, settings: Settings) -> "list[tuple[int, Bools]]":
    """Numbers and masks of what has a sensible size and is not the background, the largest first, small holes filled.

    What a person pointed at is kept whatever its size.
    """
    counts = np.bincount(labels.ravel())
    least, most = settings.min_area * frame.area, settings.max_area * frame.area
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    along = np.bincount(edge, minlength=len(counts)) / len(edge)
    if settings.seeds or settings.boxes:
        chosen = [number for number in range(1, len(counts)) if counts[number]]
    else:
        sizes = (counts >= least) & (counts <= most) & (along <= AROUND)
        chosen = [number for number in range(1, len(counts)) if sizes[number]]
    kept: list[tuple[int, Bools]] = []
    covered = np.zeros(labels.shape, bool)
    for number in sorted(chosen, key=lambda one: -counts[one]):
        mask = _fill(labels == number, settings.holes)
        if (mask & covered).sum() < WITHIN * mask.sum():
            kept.append((number, mask))
            covered |= mask
    return kept


def _fill(mask: "Bools", share: float) -> "Bools":
    """Fill holes up to a share of the object."""
    framed = number_parts(np.pad(~mask, 1, constant_values=True))
    outside, ground = framed[1:-1, 1:-1], framed[0, 0]
    counts = np.bincount(outside.ravel())
    small = np.flatnonzero(counts <= share * mask.sum())
    filled: Bools = mask | np.isin(outside, small[(small != ground) & (small > 0)])
    return filled
