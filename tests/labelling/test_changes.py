"""Changes: small cases by hand, then every way of changing at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.labelling.changes import Changes, add_changes, compare_annotations


def square(left: float, top: float, label: str = "balloon", side: float = 10, **more) -> Shape:
    points = ((left, top), (left + side, top), (left + side, top + side), (left, top + side))
    return Shape(label=label, kind="polygon", points=points, **more)


def page(*shapes, flags=None) -> Annotation:
    return Annotation(image_path="a.png", image_size=(100, 100), shapes=shapes, flags=flags or {})


A, B, C = square(0, 0), square(40, 0), square(0, 40, "string")


def test_nothing_changed():
    assert compare_annotations(page(A, B), page(A, B)) == Changes()
    assert not compare_annotations(page(A, B), page(A, B)).any


def test_the_order_is_no_change():
    assert not compare_annotations(page(A, B, C), page(C, A, B)).any


def test_a_new_file_has_everything_added():
    found = compare_annotations(None, page(A, B, C))
    assert (found.added, found.images) == ({"balloon": 2, "string": 1}, 1)


def test_a_new_file_without_shapes_is_a_change_too():
    assert compare_annotations(None, page()).images == 1


def test_a_deleted_file_has_everything_removed():
    assert compare_annotations(page(A, C), None).removed == {"balloon": 1, "string": 1}


def test_a_corner_that_was_pulled_is_a_move():
    pulled = replace(A, points=((-3.0, -3.0), *A.points[1:]))
    assert compare_annotations(page(A, B), page(pulled, B)) == Changes(moved={"balloon": 1}, images=1)


def test_a_shape_that_was_pushed_far_away_is_a_move_and_not_another_shape():
    pushed = replace(A, points=tuple((x + 60, y + 70) for x, y in A.points))
    assert compare_annotations(page(A, B), page(pushed, B)) == Changes(moved={"balloon": 1}, images=1)


def test_a_shape_drawn_somewhere_else_is_another_shape():
    other = Shape(label="balloon", kind="polygon", points=((70, 70), (90, 70), (80, 95)))
    assert compare_annotations(page(A), page(other)) == Changes(
        added={"balloon": 1}, removed={"balloon": 1}, images=1
    )


def test_the_same_outline_under_another_name_is_relabelled():
    found = compare_annotations(page(A, C), page(replace(A, label="string"), C))
    assert found == Changes(relabelled={("balloon", "string"): 1}, images=1)


def test_relabelled_and_moved_is_both():
    pulled = replace(A, label="string", points=((-3.0, -3.0), *A.points[1:]))
    assert compare_annotations(page(A), page(pulled)) == Changes(
        moved={"balloon": 1}, relabelled={("balloon", "string"): 1}, images=1
    )


def test_one_of_two_equal_shapes_that_went_is_one_removed():
    assert compare_annotations(page(A, A), page(A)) == Changes(removed={"balloon": 1}, images=1)


def test_flags_groups_and_words_are_marks():
    changed = page(replace(A, flags={"crowd": True}), replace(B, group=3), replace(C, description="torn"))
    assert compare_annotations(page(A, B, C), changed).marked == {"balloon": 2, "string": 1}


def test_flags_that_labelme_added_unticked_are_no_change():
    assert not compare_annotations(page(A), page(replace(A, flags={"crowd": False}, description=""))).any
    assert not compare_annotations(page(A), page(A, flags={"checked": False})).any
    assert compare_annotations(page(A), page(A, flags={"checked": True})) == Changes(images=1)


def test_a_broken_shape_is_known_by_its_bytes():
    broken = BrokenShape(label="balloon", rule="bad-points", message="", raw={"points": 3})
    assert not compare_annotations(page(broken), page(broken)).any
    assert compare_annotations(page(broken), page()).removed == {"balloon": 1}


def test_sums_of_many_images():
    one = compare_annotations(None, page(A, C))
    both = add_changes([one, one, compare_annotations(page(A), page(A))])
    assert (both.added, both.images) == ({"balloon": 2, "string": 2}, 2)
    assert both.to_json()["added"] == {"balloon": 2, "string": 2}


shapes = st.builds(
    square, st.integers(0, 30), st.integers(0, 30), st.sampled_from(["balloon", "string"]), st.integers(1, 9)
)


@given(st.lists(shapes, max_size=6), st.lists(shapes, max_size=6))
def test_every_shape_is_somewhere_and_only_once(old, new):
    found = compare_annotations(page(*old), page(*new))
    assert len(old) - sum(found.removed.values()) == len(new) - sum(found.added.values())


@given(st.lists(shapes, max_size=6), st.randoms())
def test_shuffled_is_unchanged(old, chance):
    new = list(old)
    chance.shuffle(new)
    assert not compare_annotations(page(*old), page(*new)).any


@pytest.mark.parametrize("index", [0, 1, 2])
def test_undoing_a_change_is_the_same_change_the_other_way_round(index):
    less = page(*[shape for number, shape in enumerate((A, B, C)) if number != index])
    assert compare_annotations(page(A, B, C), less).removed == compare_annotations(less, page(A, B, C)).added
