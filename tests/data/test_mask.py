"""Run lengths, and what must never reach C code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as referee

from workbench.data.geometry import Box, Outline
from workbench.data.mask import (
    Mask,
    area,
    array_to_mask,
    array_to_png,
    box,
    iou,
    mask_to_array,
    measure,
    outline_to_mask,
    png_to_array,
    require_mask,
    ring_to_mask_cropped,
    rings_to_masks,
    subtract,
    unite,
)

pictures = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1))


def test_a_square_of_four_pixels_by_hand():
    mask = array_to_mask(np.pad(np.ones((2, 2), np.uint8), 1))
    assert (area(mask), box(mask)) == (4, Box(1, 1, 3, 3))
    assert require_mask(4, 4, [5, 2, 2, 2, 5]) == mask


def test_a_hole_is_cut_and_parts_are_joined():
    whole, part = array_to_mask(np.ones((3, 3))), array_to_mask(np.eye(3))
    assert area(subtract(whole, [part])) == 6
    assert unite([subtract(whole, [part]), part]) == whole
    assert iou(whole, part) == pytest.approx(1 / 3)


def test_two_empty_masks_are_equal():
    empty = array_to_mask(np.zeros((3, 3)))
    assert iou(empty, empty) == 1.0


@pytest.mark.parametrize(
    "ring",
    [
        (0.0, 0.0, float("nan"), 1.0, 5.0, 5.0),
        (0.0, 0.0, float("inf"), 1.0, 5.0, 5.0),
        (0.0, 0.0, 1e12, 1.0, 5.0, 5.0),
        (0.0, 0.0, -1e12, 1.0, 5.0, 5.0),
        (0.0, float("inf"), 0.0, float("-inf"), 5.0, 5.0),
    ],
)
def test_a_ring_that_would_crash_the_raster_code_is_refused(ring):
    with pytest.raises(ValueError, match="finite and cut"):
        rings_to_masks([ring], 10, 10)


@pytest.mark.parametrize("size", [(0, 5), (-1, 5), (40_000, 5), (30_000, 30_000)])
def test_a_canvas_that_cannot_be_rasterised_is_refused(size):
    with pytest.raises(ValueError, match="px wide and high"):
        rings_to_masks([(0.0, 0.0, 1.0, 1.0, 2.0, 0.0)], *size)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([5, 2], "add up to"),
        ([17], "add up to"),
        ([-1, 17], "0 or more"),
        ([1.5, 14.5], "whole numbers"),
        ([True, 15], "whole numbers"),
        ("", "add up to"),
        ("ü", "packed text"),
        ("P", "ends inside"),
        ("~" * 30, "packed text"),
        (None, "text or a list"),
        ({}, "text or a list"),
    ],
)
def test_an_rle_that_does_not_add_up_never_reaches_c_code(counts, reason):
    with pytest.raises(ValueError, match=reason):
        require_mask(4, 4, counts)


@given(pictures)
def test_every_spelling_of_an_rle_is_the_same_mask(picture):
    packed = referee.encode(np.asfortranarray(picture))
    height, width = picture.shape
    flat = picture.flatten(order="F").tolist()
    runs, value = [0], 0
    for pixel in flat:
        if pixel != value:
            runs, value = [*runs, 0], pixel
        runs[-1] += 1
    expected = Mask(height, width, packed["counts"])
    assert require_mask(height, width, runs) == expected
    assert require_mask(height, width, packed["counts"]) == expected
    assert require_mask(height, width, packed["counts"].decode()) == expected
    assert (mask_to_array(expected) == picture).all()


@given(st.binary(max_size=40) | st.text(max_size=40) | st.lists(st.integers(-9, 60), max_size=9))
def test_random_run_lengths_are_refused_or_give_zeros_and_ones(counts):
    try:
        mask = require_mask(6, 7, counts)
    except ValueError:
        return
    assert set(np.unique(mask_to_array(mask))) <= {0, 1}


@given(pictures)
def test_a_png_gives_back_its_picture(picture):
    assert (png_to_array(array_to_png(picture)) == picture).all()


@given(st.binary(max_size=200).map(lambda noise: b"\x89PNG\r\n\x1a\n" + noise))
def test_a_png_of_noise_is_refused_in_words(noise):
    from base64 import b64encode

    with pytest.raises(ValueError, match="base64 PNG"):
        png_to_array(b64encode(noise).decode())


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20)), min_size=3, max_size=9))
def test_the_raster_rule_is_that_of_pycocotools(points):
    ring = tuple(value for point in points for value in point)
    expected = referee.decode(referee.merge(referee.frPyObjects([list(ring)], 20, 30)))
    assert (mask_to_array(outline_to_mask(Outline((ring,)), 30, 20)) == expected).all()


@pytest.mark.parametrize("count", [255, 256, 1000])
def test_more_masks_than_fit_a_byte_are_measured_at_once(count):
    one = array_to_mask(np.ones((3, 4), np.uint8))
    assert measure([one] * count) == [(12, Box(0, 0, 4, 3))] * count


def test_a_large_mask_is_decoded_without_a_word_on_stderr(recwarn):
    assert png_to_array(array_to_png(np.ones((9_500, 9_500), np.uint8))).shape == (9_500, 9_500)
    assert not recwarn.list


def test_a_ring_whose_canvas_would_be_too_large_is_not_measured():
    assert ring_to_mask_cropped((-1.0, 5, 32_767, 5, 32_767, 60), 32_767, 64) is None
