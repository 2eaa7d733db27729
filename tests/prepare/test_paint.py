"""One class and one object for each pixel."""

import numpy as np

from tests.drawing import by_name, collect, square
from workbench.data.mask import mask_to_array
from workbench.prepare.paint import paint_instances, paint_values, semantic_values, separated_values

CATEGORIES = by_name("chip", "pin", stuff=("board", "table"))
BY_ID = {category.id: category for category in CATEGORIES.values()}


def paint(*shapes, unlabelled=None):
    return paint_instances(collect(*shapes, categories=CATEGORIES), BY_ID, unlabelled)


def classes(painting):
    return paint_values(painting, {number: number for number in BY_ID})


def test_a_small_thing_on_a_large_one_stays_visible_whatever_was_drawn_first():
    for shapes in (
        (square("pin", 10, 10, 5), square("chip", 5, 5, 20)),
        (square("chip", 5, 5, 20), square("pin", 10, 10, 5)),
    ):
        painting = paint(*shapes)
        assert {segment.category.name: segment.area for segment in painting.segments} == {
            "chip": 375,
            "pin": 25,
        }
        assert classes(painting)[12, 12] == 2


def test_things_lie_on_stuff_even_when_they_are_larger():
    painting = paint(square("chip", 0, 0, 50), square("board", 10, 10, 10))
    assert [segment.category.name for segment in painting.segments] == ["chip"]


def test_an_instance_that_is_wholly_covered_has_no_segment():
    painting = paint(square("pin", 10, 10, 5), square("chip", 10, 10, 5))
    assert [segment.instance for segment in painting.segments] == [1]


def test_unlabelled_pixels_are_ignored_or_given_to_a_class():
    assert (classes(paint(square("chip", 0, 0, 10))) == 255).sum() == 8000 - 100
    filled = paint(square("chip", 0, 0, 10), unlabelled="table")
    assert (classes(filled) == 4).sum() == 8000 - 100
    assert [segment.instance for segment in filled.segments] == [None, 0]


def test_the_class_of_unlabelled_pixels_may_be_drawn_too_and_is_one_segment():
    painting = paint(square("table", 0, 0, 10), square("chip", 20, 20, 10), unlabelled="table")
    assert {segment.category.name: segment.area for segment in painting.segments} == {
        "table": 7900,
        "chip": 100,
    }


def test_what_is_marked_ignore_is_void_even_over_things():
    painting = paint(square("chip", 0, 0, 10), square("__ignore__", 5, 0, 10), unlabelled="table")
    assert (painting.ids[:10, 5:15] == 0).all()
    assert {segment.category.name: segment.area for segment in painting.segments} == {
        "table": 7850,
        "chip": 50,
    }


def test_areas_and_boxes_of_segments_are_those_of_their_pixels():
    painting = paint(
        square("chip", 3, 4, 20), square("pin", 10, 10, 5), square("board", 30, 0, 40), unlabelled="table"
    )
    for segment in painting.segments:
        ys, xs = np.nonzero(painting.ids == segment.id)
        assert segment.area == len(xs)
        assert segment.box.to_xywh() == (xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1)


def test_ids_are_different_for_every_segment_of_a_class():
    painting = paint(*(square("chip", x, y, 4) for x in range(0, 90, 5) for y in range(0, 70, 5)))
    assert len({segment.id for segment in painting.segments}) == 18 * 14


def test_semantic_values_count_from_0_and_separated_values_keep_0_for_things():
    categories = tuple(CATEGORIES.values())
    assert semantic_values(categories) == {1: 0, 2: 1, 3: 2, 4: 3}
    assert separated_values(categories) == {1: 0, 2: 0, 3: 1, 4: 2}


def test_the_painted_mask_of_a_lone_instance_is_its_own_mask():
    collected = collect(square("chip", 3, 4, 20), categories=CATEGORIES)
    painting = paint_instances(collected, BY_ID, None)
    assert ((painting.ids > 0) == mask_to_array(collected.instances[0].mask)).all()
