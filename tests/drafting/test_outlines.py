"""Masks become shapes: worked by hand, then by property, with Shapely's union of pixels as the referee."""

from itertools import product

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drawing import by_name
from workbench.data.annotation import Annotation
from workbench.data.dataset import Image
from workbench.data.mask import mask_to_array
from workbench.drafting.outlines import find_parts, mask_to_shapes
from workbench.formats.labelme import annotation_to_bytes, parse_annotation
from workbench.prepare.collect import collect_instances


def to_array(drawing):
    return np.array([[letter == "#" for letter in line] for line in drawing.split()], np.uint8)


def come_back(shapes, size):
    """Write the shapes as a Labelme file, read it, collect it as convert does, and return the pixels."""
    height, width = size
    drawn = Annotation(image_path="image.jpg", image_size=(width, height), shapes=shapes)
    read = parse_annotation(annotation_to_bytes(drawn, "image.json"), "image.json")
    image = Image(path="image.jpg", width=width, height=height, annotation="image.json")
    collected = collect_instances(read, image, by_name("cat", "dog"))
    assert len(collected.instances) == (1 if shapes else 0)
    assert not [row for row in collected.ledger if row.reason]
    return mask_to_array(collected.instances[0].mask) if shapes else np.zeros(size, np.uint8)


def measure_iou(one, other):
    return (one & other).sum() / (one | other).sum()


def disk(radius, side):
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    return (rows**2 + columns**2 < radius**2).astype(np.uint8)


def blob(seed, side=26):
    """Draw something uneven with holes, islands, thin parts and corners that touch."""
    chance = np.random.default_rng(seed)
    rough = chance.random((side, side)) < chance.choice([0.02, 0.5, 0.97])
    for _ in range(chance.integers(4)):
        padded = np.pad(rough, 1).astype(int)
        near = sum(padded[y : y + side, x : x + side] for y, x in product(range(3), repeat=2))
        rough = near > chance.integers(2, 5)
    return rough.astype(np.uint8)


blobs = st.integers(0, 10**6).map(blob)


def test_a_square_has_its_four_corners_and_nothing_else():
    (shape,) = mask_to_shapes(np.ones((20, 30), np.uint8), "cat", left=5, top=7)
    assert (shape.label, shape.kind, shape.group, shape.flags) == ("cat", "polygon", None, {})
    assert set(shape.points) == {(5, 7), (35, 7), (35, 27), (5, 27)}


def test_one_pixel_is_a_square_of_one_pixel():
    (shape,) = mask_to_shapes(to_array("... .#. ..."), "cat", error=3)
    assert set(shape.points) == {(1, 1), (2, 1), (2, 2), (1, 2)}


def test_nothing_has_no_shapes():
    assert mask_to_shapes(np.zeros((4, 4), np.uint8), "cat") == ()
    assert mask_to_shapes(np.zeros((0, 0), np.uint8), "cat") == ()


def test_any_number_but_zero_is_set():
    picture = np.array([[0, 255], [7, 1]])
    assert mask_to_shapes(picture, "cat") == mask_to_shapes(to_array(".# ##"), "cat")


def test_a_donut_keeps_its_hole_and_the_hole_says_that_it_is_one():
    donut = disk(30, 80) & (1 - disk(12, 80))
    outer, hole = shapes = mask_to_shapes(donut, "cat")
    assert (outer.label, hole.label) == ("cat", "hole")
    assert hole.flags == {"hole": True}
    assert outer.group == hole.group is not None
    assert measure_iou(come_back(shapes, (80, 80)), donut) > 0.96


def test_a_hole_is_one_even_where_a_class_is_called_so():
    ring = to_array("##### #...# #...# #####")
    shapes = mask_to_shapes(ring, "hole")
    image = Image(path="image.jpg", width=5, height=4, annotation="image.json")
    drawn = Annotation(image_path="image.jpg", image_size=(5, 4), shapes=shapes)
    (instance,) = collect_instances(drawn, image, by_name("hole")).instances
    assert instance.area == ring.sum()


def test_an_island_in_a_hole_stays():
    drawing = "####### #.....# #.###.# #.#.#.# #.###.# #.....# #######"
    array = to_array(drawing)
    assert come_back(mask_to_shapes(array, "cat", error=0), array.shape).tolist() == array.tolist()
    large = np.kron(array, np.ones((6, 6), np.uint8))
    shapes = mask_to_shapes(large, "cat")
    assert measure_iou(come_back(shapes, large.shape), large) > 0.99
    assert max(len(shape.points) for shape in shapes) <= 8


@pytest.mark.parametrize("thick", [1, 2, 3])
@pytest.mark.parametrize("error", [1, 2, 5])
def test_what_is_thin_does_not_vanish(thick, error):
    level, slanted, wavy = (np.zeros((80, 100), np.uint8) for _ in range(3))
    level[10 : 10 + thick, 5:90] = 1
    for place in range(70):
        slanted[place // 3 + 5 : place // 3 + 5 + thick, place + 5] = 1
        middle = int(40 + 20 * np.sin(place / 9))
        wavy[middle : middle + thick, place + 5] = 1
    for line in (level, slanted, wavy):
        assert measure_iou(come_back(mask_to_shapes(line, "cat", error=error), line.shape), line) > 0.9


def test_a_thin_tail_of_something_large_does_not_vanish():
    comet = np.zeros((80, 100), np.uint8)
    comet[20:60, 10:50] = 1
    comet[40, 50:95] = 1
    found = come_back(mask_to_shapes(comet, "cat", error=1), comet.shape)
    assert found[40, :95].any() and np.flatnonzero(found.any(axis=0)).max() >= 93
    lost = np.flatnonzero((comet & ~found)[40])
    assert not (np.diff(lost) == 1).sum() > len(lost) / 2


def test_several_parts_are_one_group_and_one_instance():
    array = to_array("##..# ##... ...## ...##")
    shapes = mask_to_shapes(array, "cat", group=7)
    assert [shape.group for shape in shapes] == [7, 7, 7]
    assert come_back(shapes, array.shape).tolist() == array.tolist()


def test_groups_nobody_gave_differ_from_object_to_object_and_not_from_time_to_time():
    array = to_array("#.# #.#")
    there, here = (mask_to_shapes(array, "cat", left=left)[0].group for left in (0, 10))
    assert there != here
    assert there == mask_to_shapes(array, "cat")[0].group
    assert {type(there), there > 0, there < 2**31} == {int, True}


def test_pixels_that_touch_by_a_corner_are_outlines_of_their_own():
    shapes = mask_to_shapes(to_array("##.. ##.. ..## ..##"), "cat")
    assert [len(shape.points) for shape in shapes] == [4, 4]


def test_a_hole_that_opens_at_a_corner_is_a_hole():
    array = to_array("###. #.#. ##.# ..##")
    assert come_back(mask_to_shapes(array, "cat"), array.shape).tolist() == array.tolist()


def test_what_touches_the_border_stays_there():
    array = np.zeros((80, 100), np.uint8)
    array[:, :40] = 1
    array[30:50, :] = 1
    shapes = mask_to_shapes(array, "cat")
    assert come_back(shapes, array.shape).tolist() == array.tolist()
    assert {x for shape in shapes for x, _ in shape.points} == {0, 40, 100}


def test_extra_goes_with_every_shape_and_is_not_shared():
    shapes = mask_to_shapes(to_array("#.#"), "cat", extra={"workbench": 1})
    assert [shape.extra for shape in shapes] == [{"workbench": 1}] * 2
    assert shapes[0].extra is not shapes[1].extra


@pytest.mark.parametrize("error", [-1, float("nan"), float("inf")])
def test_an_error_that_is_no_length_is_refused(error):
    with pytest.raises(ValueError, match="must be 0 px or more"):
        mask_to_shapes(np.ones((2, 2), np.uint8), "cat", error=error)


def test_a_large_disk_needs_few_points():
    (shape,) = mask_to_shapes(disk(200, 420), "cat")
    assert len(shape.points) <= 80
    assert measure_iou(come_back((shape,), (420, 420)), disk(200, 420)) > 0.995


@settings(max_examples=100, deadline=None)
@given(blobs)
def test_without_an_error_the_pixels_come_back(array):
    assert come_back(mask_to_shapes(array, "cat", error=0), array.shape).tolist() == array.tolist()


def find_region(loops):
    return shapely.union_all([shapely.Polygon(loop) for loop in loops])


def walk(region):
    """Return points no more than a quarter of a pixel from each other, all along the outline."""
    return shapely.points(shapely.get_coordinates(shapely.segmentize(region.boundary, 0.25)))


@settings(max_examples=80, deadline=None)
@given(blobs, st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_no_point_of_either_outline_is_further_from_the_other_than_the_error(array, error):
    rows, columns = np.nonzero(array)
    exact = shapely.union_all(shapely.box(columns, rows, columns + 1, rows + 1))
    shapes = mask_to_shapes(array, "cat", error=error)
    found = find_region(shape.points for shape in shapes if not shape.flags)
    found = found.difference(find_region(shape.points for shape in shapes if shape.flags))
    for one, other in ((exact, found), (found, exact)) if shapes else ():
        assert shapely.distance(walk(one), other.boundary).max() <= error + 1e-9


@settings(max_examples=80, deadline=None)
@given(blobs, st.sampled_from([0.0, 1.0, 3.0]))
def test_no_outline_meets_itself(array, error):
    for shape in mask_to_shapes(array, "cat", error=error):
        assert shapely.Polygon(shape.points).is_valid
        assert len(set(shape.points)) == len(shape.points)


@settings(max_examples=80, deadline=None)
@given(blobs)
def test_most_pixels_come_back_and_no_part_vanishes(array):
    shapes = mask_to_shapes(array, "cat")
    if shapes:
        assert measure_iou(come_back(shapes, array.shape), array) > 0.85
    assert sum(not shape.flags for shape in shapes) == len(find_parts(array) if shapes else ())
