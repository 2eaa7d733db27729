"""Masks that reach beyond their object on all sides, or stay inside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.mistakes.mask_reading import get_sizes, read_strips, take_some
from workbench.evaluation.mistakes.mask_rims import count_backed, trace_outlines
from workbench.evaluation.mistakes.mask_shares import Shares, to_rles
from workbench.evaluation.overlap.objects import Objects, Scene
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

WIDTH = 1.5  # px: a rim that is thinner, on average, is how anybody draws
RELATIVE = 0.04  # of the square root of the truth's area: the same for large objects
ONE_SIDED = 0.25  # of the rim: so much may stand out on the other side
AROUND = 0.7  # of the outline, along which the rim is at least half as wide as on average


def find_rims(scene: Scene, pairs: Shares) -> Iterator[MaskError]:
    """Compare each pair; whichever mask lies inside the other is the one whose outline is followed."""
    over, short = pairs.size - pairs.common, pairs.wanted - pairs.common
    least = np.maximum(WIDTH, RELATIVE * np.sqrt(pairs.wanted))
    for loose, rim, rest in ((True, over, short), (False, short, over)):
        likely = np.flatnonzero((rest <= ONE_SIDED * rim) & (rim >= least))
        inner = (scene.truths, pairs.truth) if loose else (scene.found, pairs.found)
        edges = _measure_frames(inner[0], inner[1][likely])
        wide = rim[likely] >= least[likely] * edges
        for some in take_some(likely[wide]):
            mine, around = pairs.take(some), edges[np.searchsorted(likely, some)]
            width, share = _measure_rims(scene, mine, loose, rim[some], around)
            for place in np.flatnonzero((width >= least[some]) & (share >= AROUND)).tolist():
                kind = "outline-loose" if loose else "outline-tight"
                yield MaskError(kind, int(mine.found[place]), int(mine.truth[place]), (), float(width[place]))


def _measure_frames(objects: Objects, places: "Ints") -> "Floats":
    """Return how many edges of pixels the frames of masks have inside the image: no mask of one piece has fewer."""
    if not len(places):
        return np.zeros(0)
    boxes: Floats = require("hotcoco.mask", extra="train").to_bbox(to_rles(objects, places))
    x, y, width, height = boxes.T
    high, wide = get_sizes(objects, places).T
    upright = 2.0 - (x == 0) - (x + width == wide)
    level = 2.0 - (y == 0) - (y + height == high)
    edges: Floats = np.maximum(1, upright * height + level * width)
    return edges


def _measure_rims(
    scene: Scene, pairs: Shares, loose: bool, rim: "Floats", around: "Floats"
) -> "tuple[Floats, Floats]":
    """Return how wide rims are on average, and along which share of the outline they are half of that."""
    own, other = read_strips(scene.found, pairs.found), read_strips(scene.truths, pairs.truth)
    inner, outer = (other, own) if loose else (own, other)
    sizes = get_sizes(scene.truths, pairs.truth)
    outlines = trace_outlines(*inner, sizes)
    width = rim / np.maximum(outlines.length, around)
    far = np.maximum(1, np.round(width / 2)).astype(np.int64)
    return width, count_backed(outlines, outer[0], sizes, far) / outlines.length.clip(1)
