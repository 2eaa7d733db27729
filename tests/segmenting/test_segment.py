"""Drawn arrays, worked by hand: what each method must find in them, and what it must leave alone."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from workbench.segmenting.segment import segment
from workbench.segmenting.settings import METHODS

GREY, RED, BLUE = (120, 122, 118), (200, 40, 40), (40, 60, 200)


def paper(width=200, height=150, color=GREY, noise=3):
    """An even background with a camera's noise."""
    picture = np.full((height, width, 3), color, float)
    return (picture + np.random.default_rng(0).normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)


def disk(picture, x, y, radius, color):
    """Paint a disk, and return its mask."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    picture[inside] = color
    return inside


def overlap(region, mask):
    found = region.place(mask.shape[1], mask.shape[0]).astype(bool)
    return (found & mask).sum() / (found | mask).sum()


def match(regions, masks, least):
    """Every mask has a region of its own, and no region is left over."""
    assert len(regions) == len(masks)
    for mask in masks:
        assert max(overlap(region, mask) for region in regions) >= least


@pytest.mark.parametrize("method", METHODS)
def test_three_disks_of_two_colours_are_three_objects_the_largest_first(method):
    picture = paper()
    masks = [
        disk(picture, 50, 50, 25, RED),
        disk(picture, 140, 50, 20, BLUE),
        disk(picture, 90, 110, 16, RED),
    ]
    regions = segment(picture, method)
    match(regions, masks, 0.85)
    assert [region.area for region in regions] == sorted((region.area for region in regions), reverse=True)


@pytest.mark.parametrize("method", METHODS)
def test_an_even_image_has_no_objects(method):
    assert segment(np.full((60, 80, 3), 99, np.uint8), method) == []


@pytest.mark.parametrize("method", METHODS)
def test_an_object_that_the_frame_cuts_off_is_found(method):
    picture = paper()
    mask = disk(picture, 0, 75, 30, RED)
    match(segment(picture, method), [mask], 0.85)


@pytest.mark.parametrize("method", ["watershed", "grabcut", "random-walker"])
def test_two_disks_that_touch_are_parted_and_one_is_not(method):
    picture = paper()
    masks = [disk(picture, 70, 75, 28, RED), disk(picture, 120, 75, 26, RED)]
    match(segment(picture, method), masks, 0.85)
    assert len(segment(picture, method, split=0)) == 1
    assert len(segment(picture, "threshold")) == 1
