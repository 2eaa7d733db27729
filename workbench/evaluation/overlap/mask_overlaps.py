"""How much masks overlap, and how much their borders do: all masks of some images at once, as bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.coco.run_lengths import read_runs
from workbench.evaluation.memory import sparing
from workbench.evaluation.overlap.bit_masks import (
    Layout,
    count_each,
    count_shared,
    erode_sideways,
    paint,
    read_masks,
)
from workbench.evaluation.overlap.objects import Objects, Scene
from workbench.evaluation.overlap.strips import Strips
from workbench.evaluation.threads import map_in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

BORDER = 0.02  # of the image's diagonal: so far from the outline a pixel belongs to the border
LEAST = 0.5  # below that no threshold asks for the border
_AT_ONCE = 250_000  # letters of run lengths: some images


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """Pairs of an image whose masks share pixels."""

    found: "Ints"
    truth: "Ints"
    iou: "Floats"
    border: "Floats"  # 0 where it was not asked for


@dataclass(frozen=True, slots=True)
class _Some:
    """Objects of some images, which have borders of one width."""

    found: "Ints"
    truth: "Ints"
    depth: int


def find_depths(sizes: "Ints") -> "Ints":
    """Return how wide the border of masks of these heights and widths is (Cheng et al. 2021)."""
    diagonals = np.sqrt(sizes[:, 0] ** 2 + sizes[:, 1] ** 2)
    depths: Ints = np.maximum(1, np.round(BORDER * diagonals)).astype(np.int64)
    return depths


@sparing()
def compare_masks(scene: Scene, *, borders: bool) -> Overlaps:
    """Compare all masks of each image; borders only where masks overlap by half."""
    nothing = Overlaps(found=_NONE, truth=_NONE, iou=np.zeros(0), border=np.zeros(0))
    parts = [nothing, *map_in_threads(lambda some: _compare(scene, some, borders), _take_images(scene))]
    found, truth = (np.concatenate([getattr(part, name) for part in parts]) for name in ("found", "truth"))
    iou, border = (np.concatenate([getattr(part, name) for part in parts]) for name in ("iou", "border"))
    order = np.lexsort((truth, found))
    return Overlaps(found=found[order], truth=truth[order], iou=iou[order], border=border[order])


_NONE = np.zeros(0, np.int64)


def _take_images(scene: Scene) -> Iterator[_Some]:
    """Yield images that have both, those of one width of border together."""
    images = len(scene.images)
    letters, depths, both = np.zeros(images), np.zeros(images, np.int64), np.ones(images, bool)
    for objects in (scene.found, scene.truths):
        if objects.masks is None or objects.sizes is None:
            raise ValueError("masks can be compared only where truth and predictions have them")
        lengths = np.fromiter(map(len, objects.masks), np.int64, len(objects))
        letters += np.bincount(objects.image, lengths, images)
        depths[objects.image] = find_depths(objects.sizes)
        both &= np.bincount(objects.image, minlength=images) > 0
    order = np.flatnonzero(both)
    order = order[np.argsort(depths[order], kind="stable")]
    parcel = (np.cumsum(letters[order]) - letters[order]) // _AT_ONCE
    cuts = np.flatnonzero((np.diff(parcel) != 0) | (np.diff(depths[order]) != 0)) + 1
    turn = np.full(images, -1)
    turn[order] = np.arange(len(order))
    sides = (_split(objects, turn, cuts) for objects in (scene.found, scene.truths))
    for found, truth in zip(*sides, strict=True) if len(order) else ():
        yield _Some(found, truth, int(depths[scene.found.image[found[0]]]))


def _split(objects: Objects, turn: "Ints", cuts: "Ints") -> "list[Ints]":
    """Put objects into the order of their images' turns (-1: none), and cut where the turns are cut."""
    order = np.argsort(turn[objects.image], kind="stable")
    turns = turn[objects.image[order]]
    return np.split(order, np.searchsorted(turns, [0, *cuts.tolist()]))[1:]


def _compare(scene: Scene, some: _Some, borders: bool) -> Overlaps:
    strips, layout = _read(scene, some)
    own, other = _pair_up(scene, some, layout)
    words = paint(strips, layout)
    common = count_shared(words, layout, own, other)
    there = np.flatnonzero(common)
    own, other, common = own[there], other[there], common[there]
    found, truth = some.found[own], some.truth[other - len(some.found)]
    crowd, area = scene.truths.crowd[truth], layout.frames.area
    iou = common / np.where(crowd, area[own], area[own] + area[other] - common)
    border = np.zeros(len(iou))
    near = np.flatnonzero(iou >= LEAST)
    if borders and len(near):
        words = find_borders(words, strips, layout, some.depth)
        one, two, area = own[near], other[near], count_each(words, layout)
        common = count_shared(words, layout, one, two)
        border[near] = common / np.where(crowd[near], area[one], area[one] + area[two] - common)
    return Overlaps(found=found, truth=truth, iou=iou, border=np.minimum(iou, border))


def _read(scene: Scene, some: _Some) -> tuple[Strips, Layout]:
    masks: list[bytes] = []
    heights = []
    for objects, places in ((scene.found, some.found), (scene.truths, some.truth)):
        if objects.masks is not None and objects.sizes is not None:
            masks += [objects.masks[place] for place in places.tolist()]
            heights.append(objects.sizes[places, 0])
    return read_masks(read_runs(masks), np.concatenate(heights))


def _pair_up(scene: Scene, some: _Some, layout: Layout) -> "tuple[Ints, Ints]":
    """Return the pairs of an image whose frames overlap, as places among the masks that were read."""
    images, place = np.unique(scene.truths.image[some.truth], return_inverse=True)
    counts = np.bincount(place)
    home = np.searchsorted(images, scene.found.image[some.found])
    per_found = counts[home]
    own = np.repeat(np.arange(len(some.found)), per_found)
    within = np.arange(len(own)) - np.repeat(np.cumsum(per_found) - per_found, per_found)
    other = len(some.found) + (np.cumsum(counts) - counts)[home[own]] + within
    frames = layout.frames
    meet = np.minimum(frames.right[own], frames.right[other]) > np.maximum(
        frames.left[own], frames.left[other]
    )
    meet &= np.minimum(frames.bottom[own], frames.bottom[other]) > np.maximum(
        frames.top[own], frames.top[other]
    )
    return own[meet], other[meet]


def find_borders(words: "Words", strips: Strips, layout: Layout, depth: int) -> "Words":
    """Keep the pixels that have one outside the mask, or outside the image, within the square around them."""
    inset = np.full(len(layout.rows), depth)
    border: Words = words & ~erode_sideways(paint(strips, layout, inset), depth)
    return border
