"""Looks: what is near is one group, what is alone is unique."""

import pytest

pytest.importorskip("numpy")

from workbench.review.looks import describe, group_near, measure_uniqueness, to_vectors

SCENE = 0xF0F0_AAAA_1234_8765


def test_pictures_that_differ_in_eight_bits_are_one_group_and_nine_are_not():
    near, far = SCENE ^ 0xFF, SCENE ^ 0x1FF00
    assert group_near([SCENE, 0x0123_4567_89AB_CDEF, near, far]) == [0, None, 0, None]


def test_groups_are_joined_over_others():
    assert group_near([SCENE, SCENE ^ 0xFF, SCENE ^ 0xFFFF]) == [0, 0, 0]


def test_blank_pictures_are_near_nothing():
    assert group_near([0, 0, None, None]) == [None] * 4


def test_a_copy_is_not_unique_and_the_farthest_is_most():
    assert measure_uniqueness([SCENE, SCENE, SCENE ^ 0xFFFF, SCENE ^ 0xFF_0000]) == [0.0, 0.0, 1.0, 0.5]
    assert measure_uniqueness([SCENE]) == [1.0] and measure_uniqueness([]) == []


def test_many_are_measured_as_few():
    looks = [SCENE ^ (number * 0x9E37_79B9_7F4A_7C15 & (1 << 64) - 1) for number in range(3000)]
    nearest = [min((one ^ other).bit_count() for other in looks if other != one) for one in looks[:20]]
    found = measure_uniqueness(looks)
    ratios = {round(value / share, 6) for value, share in zip(nearest, found[:20], strict=True) if share}
    assert len(ratios) == 1


def test_vectors_have_the_distances_of_the_hashes():
    one, other = to_vectors([SCENE, SCENE ^ 0b1011])
    assert (one != other).sum() == 3 and set(one) == {-1.0, 1.0}


def test_a_picture_that_cannot_be_decoded_says_nothing():
    assert describe([{"look": None}, {"look": f"{SCENE:016x}"}]) == [
        {"look": None, "uniqueness": None, "near_duplicates": None},
        {"look": f"{SCENE:016x}", "uniqueness": 1.0, "near_duplicates": None},
    ]
