"""Drawn arrays, worked by hand: what each method must find in them, and what it must leave alone."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from workbench.segmenting.segment import segment
from workbench.segmenting.settings import METHODS, SegmentingError

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


def test_a_highlight_in_a_ball_is_no_object_of_its_own():
    picture = paper()
    ball = disk(picture, 100, 75, 50, RED)
    disk(picture, 85, 60, 10, (255, 230, 230))
    match(segment(picture, "region-growing"), [ball], 0.9)


@pytest.mark.parametrize("method", ["region-growing", "random-walker"])
def test_seeds_name_the_objects_in_their_order_and_nothing_else_is_found(method):
    picture = paper()
    large, small = disk(picture, 50, 50, 25, RED), disk(picture, 140, 50, 12, BLUE)
    disk(picture, 90, 110, 16, RED)
    first, second = sorted(segment(picture, method, seeds=((140, 50), (50, 50))), key=lambda one: one.number)
    assert (first.number, second.number) == (1, 2)
    assert overlap(first, small) > 0.8 and overlap(second, large) > 0.8


def test_grabcut_cuts_an_object_out_of_each_box():
    picture = paper()
    masks = [disk(picture, 50, 50, 25, RED), disk(picture, 140, 90, 30, BLUE)]
    disk(picture, 60, 120, 12, RED)
    boxes = ((108, 58, 172, 122), (22, 22, 78, 78))
    regions = {region.number: region for region in segment(picture, "grabcut", boxes=boxes)}
    assert overlap(regions[2], masks[0]) > 0.9 and overlap(regions[1], masks[1]) > 0.9
    assert len(regions) == 2


def test_levels_part_dark_from_darker_and_one_threshold_does_not():
    picture = paper(color=(230, 230, 230))
    masks = [disk(picture, 85, 75, 30, (120, 120, 120)), disk(picture, 130, 75, 25, (20, 20, 20))]
    assert len(segment(picture, "threshold", channel="light")) == 1
    regions = segment(picture, "threshold", channel="light", levels=3)
    match(regions, [masks[0] & ~masks[1], masks[1]], 0.8)


def test_uneven_light_wants_a_local_threshold():
    _, columns = np.mgrid[:150, :200]
    picture = np.repeat((columns * 0.8 + 40)[..., None], 3, axis=2)
    masks = [disk(picture, x, y, 14, 0) for x, y in ((50, 40), (100, 100), (160, 50))]
    for mask in masks:
        picture[mask] = (columns * 0.8 + 0)[mask][:, None]
    picture = picture.clip(0, 255).astype(np.uint8)
    chosen = {"channel": "light", "polarity": "dark"}
    assert len(segment(picture, "threshold", **chosen)) != 3
    match(segment(picture, "threshold", local=0.5, **chosen), masks, 0.7)


def test_polarity_says_which_side_is_the_object():
    picture = paper(color=(40, 40, 40))
    mask = disk(picture, 100, 75, 40, (220, 220, 220))
    match(segment(picture, "threshold", channel="light"), [mask], 0.9)
    match(segment(picture, "threshold", channel="light", polarity="light"), [mask], 0.9)
    assert segment(picture, "threshold", channel="light", polarity="dark") == []


def test_sizes_are_shares_of_the_image():
    picture = paper()
    small, large = disk(picture, 50, 50, 8, RED), disk(picture, 130, 75, 40, RED)
    match(segment(picture, "threshold", min_area=0.02), [large], 0.9)
    match(segment(picture, "threshold", max_area=0.02), [small], 0.8)


def test_a_ring_keeps_its_hole_and_a_pinhole_is_filled():
    picture = paper()
    ring = disk(picture, 100, 75, 50, RED)
    hole = disk(picture, 100, 75, 25, GREY)
    pinhole = disk(picture, 100, 38, 3, GREY)
    (region,) = segment(picture, "threshold")
    whole = region.place(200, 150).astype(bool)
    assert not whole[75, 100] and whole[38, 100]
    assert overlap(region, ring & ~hole | pinhole) > 0.9


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"levels": 1}, "levels: must be from 2 to 5, but got 1"),
        ({"min_area": 0.7}, "min_area: must be below max_area"),
        ({"channel": "hue"}, "channel: must be one of color, light"),
        ({"tolerence": 3}, "tolerence: must be a known setting, but is not"),
    ],
)
def test_settings_that_make_no_sense_are_refused(chosen, said):
    with pytest.raises(SegmentingError, match=said):
        segment(paper(), "threshold", **chosen)


def test_a_method_that_is_not_known_names_the_nearest():
    with pytest.raises(SegmentingError, match=r"method: must be one of threshold.*watershed"):
        segment(paper(), "watershet")
