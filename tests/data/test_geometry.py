"""Boxes, rings and how they are cut to an image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from workbench.data.annotation import POINT_COUNTS
from workbench.data.curves import circle_to_ring, ellipse_to_ring
from workbench.data.geometry import Box, clip_ring, points_to_ring, ring_to_points

far = st.floats(-300, 300, allow_nan=False)


def test_a_box_is_written_with_its_width_and_height():
    assert Box(1, 2, 4, 8).to_xywh() == (1, 2, 3, 6)


def test_a_square_over_the_corner_is_cut_to_its_quarter():
    assert set(ring_to_points(clip_ring((-5, -5, 5, -5, 5, 5, -5, 5), 10, 10))) == {
        (0, 0),
        (5, 0),
        (5, 5),
        (0, 5),
    }


def test_a_ring_outside_leaves_nothing():
    assert clip_ring((20, 20, 30, 20, 30, 30), 10, 10) == ()


def test_a_ring_around_the_image_becomes_the_image():
    assert set(ring_to_points(clip_ring((-9, -9, 99, -9, 99, 99, -9, 99), 10, 8))) == {
        (0, 0),
        (10, 0),
        (10, 8),
        (0, 8),
    }


@given(st.lists(st.tuples(far, far), min_size=3, max_size=7))
def test_a_cut_ring_lies_inside_and_covers_what_shapely_says(points):
    ring = clip_ring(points_to_ring(tuple(points)), 100, 80)
    assert all(0 <= value <= (100, 80)[place % 2] for place, value in enumerate(ring))
    whole = Polygon(points)
    if whole.is_valid:
        expected = whole.intersection(box(0, 0, 100, 80)).area
        assert abs(_area(ring) - expected) < 1e-6 * max(1.0, whole.area)


def _area(ring):
    points = ring_to_points(ring)
    return (
        abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, (*points[1:], *points[:1]), strict=True)))
        / 2
    )


def test_a_circle_has_the_area_of_a_circle_and_touches_its_edge():
    ring = circle_to_ring((50, 40), (50, 20))
    assert _area(ring) == pytest.approx(3.14159265 * 400, rel=2e-3)
    assert max(ring[::2]) == 70 and len(ring) < 200


def test_an_ellipse_may_be_told_by_two_or_by_four_corners():
    upright = ellipse_to_ring(((10, 20), (30, 30)))
    assert upright == ellipse_to_ring(((10, 20), (30, 20), (30, 30), (10, 30)))
    assert _area(upright) == pytest.approx(3.14159265 * 50, rel=5e-3)


def test_a_circle_of_no_radius_does_not_divide_by_zero():
    assert set(ring_to_points(circle_to_ring((5, 5), (5, 5)))) == {(5, 5)}


def test_every_kind_has_its_count_of_points():
    from workbench.data.annotation import KINDS

    assert set(POINT_COUNTS) == set(KINDS)
