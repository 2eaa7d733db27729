"""What is wrong with masks whose objects were found, or nearly: five kinds, each with its rule in docs/mistakes.md."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.evaluation.mask_groups import Group, find_merged, find_split
from workbench.evaluation.mask_holes import Holes, find_holes
from workbench.evaluation.mask_rims import count_backed, trace_outlines
from workbench.evaluation.mask_shares import Shares, compute_shares, to_rles
from workbench.evaluation.matching import Matches
from workbench.evaluation.objects import Objects, Scene
from workbench.evaluation.run_lengths import read_runs
from workbench.evaluation.strip_sums import add_up, count_between, number
from workbench.evaluation.strips import Frames, Strips, cut_into_strips
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MASK_KINDS = ("outline-loose", "outline-tight", "hole-missed", "merged", "split")
NEAR = 0.25  # IoU from which a prediction that found nothing is compared with the truth that it is nearest to
WIDTH = 1.5  # px: a rim that is thinner, on average, is how anybody draws
RELATIVE = 0.04  # of the square root of the truth's area: the same for large objects
ONE_SIDED = 0.25  # of the rim: so much may stand out on the other side
AROUND = 0.7  # of the outline, along which the rim is at least half as wide as on average
HOLE = 25  # px: a hole that is smaller is not looked at
HOLE_SHARE = 0.01  # of the truth's area: the same for large objects
FILLED = 0.75  # of a hole that the prediction covers
_AT_ONCE = 1000  # pairs whose masks are held at once


class MaskError(NamedTuple):
    """One mask that is wrong."""

    kind: str
    found: int
    truth: int
    others: tuple[int, ...]  # merged: further truths; split: further predictions
    amount: float  # width of the rim, pixels of the holes, or how many there are


def find_mask_errors(scene: Scene, matches: Matches, sure: "Bools") -> list[MaskError]:
    """Look at the masks of the predictions that are `sure`; matches are those of masks."""
    shares = compute_shares(scene, matches, sure)
    merged, split = find_merged(scene, shares), find_split(scene, shares)
    pairs = _pair_off(shares, matches, merged, split)
    errors = [*_find_rims(scene, pairs), *_find_filled(scene, pairs)]
    errors += [MaskError("merged", *group, len(group.others) + 1) for group in merged]
    errors += [MaskError("split", *group, len(group.others) + 1) for group in split]
    return sorted(errors)


def _pair_off(shares: Shares, matches: Matches, merged: Sequence[Group], split: Sequence[Group]) -> Shares:
    """Each prediction with the truth that it found, or nearly found where nothing else did; groups are left out."""
    alone = np.ones(len(matches.considered), bool)
    alone[[group.found for group in merged]] = False
    alone[[place for group in split for place in (group.found, *group.others)]] = False
    hit = matches.truth[shares.found, 0] == shares.truth
    near = (matches.truth[shares.found, 0] < 0) & (shares.owner[shares.truth] < 0) & (shares.iou >= NEAR)
    chosen = np.flatnonzero(alone[shares.found] & (hit | near))
    order = chosen[np.lexsort((shares.truth[chosen], -shares.iou[chosen], shares.found[chosen]))]
    return shares.take(order[np.flatnonzero(np.diff(shares.found[order], prepend=-1))])


def _find_rims(scene: Scene, pairs: Shares) -> Iterator[MaskError]:
    over, short = pairs.size - pairs.common, pairs.wanted - pairs.common
    least = np.maximum(WIDTH, RELATIVE * np.sqrt(pairs.wanted))
    for loose, rim, rest in ((True, over, short), (False, short, over)):
        likely = np.flatnonzero((rest <= ONE_SIDED * rim) & (rim >= least))
        inner = (scene.truths, pairs.truth) if loose else (scene.found, pairs.found)
        edges = _measure_frames(inner[0], inner[1][likely])
        wide = rim[likely] >= least[likely] * edges
        for some in _take(likely[wide]):
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
    high, wide = _sizes(objects, places).T
    upright = 2.0 - (x == 0) - (x + width == wide)
    level = 2.0 - (y == 0) - (y + height == high)
    edges: Floats = np.maximum(1, upright * height + level * width)
    return edges


def _measure_rims(
    scene: Scene, pairs: Shares, loose: bool, rim: "Floats", around: "Floats"
) -> "tuple[Floats, Floats]":
    """Return how wide rims are on average, and along which share of the outline they are half of that."""
    own, other = _read(scene.found, pairs.found), _read(scene.truths, pairs.truth)
    inner, outer = (other, own) if loose else (own, other)
    sizes = _sizes(scene.truths, pairs.truth)
    outlines = trace_outlines(*inner, sizes)
    width = rim / np.maximum(outlines.length, around)
    far = np.maximum(1, np.round(width / 2)).astype(np.int64)
    return width, count_backed(outlines, outer[0], sizes, far) / outlines.length.clip(1)


def _find_filled(scene: Scene, pairs: Shares) -> Iterator[MaskError]:
    least = np.maximum(HOLE, HOLE_SHARE * pairs.wanted)
    for some in _take(np.flatnonzero(pairs.size - pairs.common >= FILLED * least)):
        mine = pairs.take(some)
        holes = find_holes(add_up(_read(scene.truths, mine.truth)[0]))
        large = holes.area >= least[some][holes.mask]
        if large.any():
            filled = _count_filled(scene, mine, holes)
            missed = np.flatnonzero(large & (filled >= FILLED * holes.area))
            pixels = np.bincount(holes.mask[missed], holes.area[missed], len(mine))
            for place in np.flatnonzero(pixels).tolist():
                yield MaskError(
                    "hole-missed", int(mine.found[place]), int(mine.truth[place]), (), float(pixels[place])
                )


def _count_filled(scene: Scene, pairs: Shares, holes: Holes) -> "Floats":
    """Count the pixels of each hole that the prediction covers."""
    holed, place = np.unique(holes.mask, return_inverse=True)
    sums = add_up(_read(scene.found, pairs.found[holed])[0])
    shift = number(place - holed[place], np.zeros_like(place), np.zeros_like(place))[holes.hole]
    counts = count_between(sums, holes.start + shift, holes.stop + shift)
    return np.bincount(holes.hole, counts, len(holes.area)).astype(float)


def _take(places: "Ints") -> "Iterator[Ints]":
    for start in range(0, len(places), _AT_ONCE):
        yield places[start : start + _AT_ONCE]


def _read(objects: Objects, places: "Ints") -> tuple[Strips, Frames]:
    masks = objects.masks or ()
    return cut_into_strips(
        read_runs([masks[place] for place in places.tolist()]), _sizes(objects, places)[:, 0]
    )


def _sizes(objects: Objects, places: "Ints") -> "Ints":
    return np.zeros((0, 2), np.int64) if objects.sizes is None else objects.sizes[places]
