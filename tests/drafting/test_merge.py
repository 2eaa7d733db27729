"""Three versions become one: cases worked by hand, then what must hold of all."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.data.annotation import Annotation, BrokenShape, Shape
from workbench.drafting.draft import KEY
from workbench.drafting.likeness import freeze, keep_set, same_drawing
from workbench.drafting.merge import DELETED_HERE, DELETED_THERE, merge


def box(label="cat", x=10.0, y=10.0, size=20.0, **more):
    points = ((x, y), (x + size, y), (x + size, y + size), (x, y + size))
    return Shape(label=label, kind="polygon", points=points, **more)


def named(shape, name, **more):
    return replace(shape, extra={**shape.extra, KEY: {"id": name, **more}})


def page(*shapes, **more):
    return Annotation(image_path="a.jpg", image_size=(100, 80), shapes=shapes, **more)


def merged(base, person, other):
    return merge(base, person, other).annotation


CAT, DOG, COW = box("cat"), box("dog", 50), box("cow", 10, 50)


# By hand: one side


def test_a_shape_that_the_person_moved_is_moved():
    moved = replace(CAT, points=tuple((x + 3, y) for x, y in CAT.points))
    result = merge(page(CAT, DOG), page(moved, DOG), page(CAT, DOG))
    assert (result.annotation.shapes, result.conflicts) == ((moved, DOG), ())


def test_a_shape_that_the_person_deleted_is_gone_and_one_that_they_drew_is_there():
    assert merged(page(CAT, DOG), page(DOG, COW), page(CAT, DOG)).shapes == (DOG, COW)


def test_what_was_drawn_in_the_annotation_meanwhile_stays():
    result = merge(page(CAT), page(CAT, DOG), page(CAT, COW))
    assert set(map(freeze, result.annotation.shapes)) == set(map(freeze, (CAT, DOG, COW)))
    assert result.conflicts == ()


def test_what_was_deleted_in_the_annotation_meanwhile_stays_deleted():
    assert merged(page(CAT, DOG), page(CAT, DOG, COW), page(DOG)).shapes == (DOG, COW)


def test_an_image_that_nobody_had_labelled_takes_what_the_person_kept():
    assert merged(page(), page(CAT), page()).shapes == (CAT,)


def test_both_drew_the_same_shape_and_it_is_there_once():
    assert merged(page(), page(CAT), page(CAT, DOG)).shapes == (CAT, DOG)


def test_two_equal_shapes_are_two():
    assert merged(page(CAT), page(CAT, CAT), page(CAT)).shapes == (CAT, CAT)
    assert merged(page(CAT, CAT), page(CAT), page(CAT, CAT)).shapes == (CAT,)


# By hand: both sides


def test_a_new_label_here_and_new_points_there_are_one_shape():
    theirs = replace(CAT, points=((11.0, 10.0), *CAT.points[1:]))
    result = merge(page(CAT), page(replace(CAT, label="lynx")), page(theirs))
    assert (result.annotation.shapes, result.conflicts) == ((replace(theirs, label="lynx"),), ())


def test_two_new_labels_are_a_conflict_and_both_stay():
    mine, theirs = replace(CAT, label="lynx"), replace(CAT, label="puma")
    result = merge(page(CAT), page(mine), page(theirs))
    assert result.annotation.shapes == (mine, theirs)
    (conflict,) = result.conflicts
    assert (conflict.where, conflict.label) == ("shapes[0]", "lynx")
    assert '"lynx" in the draft, "puma" in the annotation' in conflict.what


def test_two_new_outlines_are_a_conflict_and_both_stay():
    mine, theirs = (replace(CAT, points=((at, 10.0), *CAT.points[1:])) for at in (7.0, 13.0))
    result = merge(page(CAT), page(mine), page(theirs))
    assert result.annotation.shapes == (mine, theirs)
    assert "drawn anew in the draft and in the annotation" in result.conflicts[0].what


def test_deleted_here_and_changed_there_stays_as_it_was_changed():
    theirs = replace(CAT, label="puma")
    result = merge(page(CAT), page(), page(theirs))
    assert (result.annotation.shapes, result.conflicts[0].what) == ((theirs,), DELETED_HERE)


def test_changed_here_and_deleted_there_stays_as_it_was_changed():
    mine = replace(CAT, label="lynx")
    result = merge(page(CAT), page(mine), page())
    assert (result.annotation.shapes, result.conflicts[0].what) == ((mine,), DELETED_THERE)


def test_two_new_descriptions_keep_the_drafts_and_tell_the_other():
    result = merge(
        page(CAT), page(replace(CAT, description="old")), page(replace(CAT, description="wet", group=4))
    )
    assert result.annotation.shapes == (replace(CAT, description="old", group=4),)
    assert "description was 'wet' in the annotation" in result.conflicts[0].what


def test_groups_that_two_people_opened_under_one_number_stay_apart():
    mine, theirs = replace(DOG, group=1), replace(COW, group=1)
    ear = box("ear", 55, 12, 5, group=1)
    result = merged(page(CAT), page(replace(CAT, group=1), mine, ear), page(CAT, theirs))
    groups = {shape.label: shape.group for shape in result.shapes}
    assert groups == {"cow": 1, "cat": 2, "dog": 2, "ear": 2}


# By hand: identity


def test_an_id_outweighs_any_look():
    """Moved far, renamed, and another shape drawn where it was: without the id the new one would be taken for it."""
    was, far = named(CAT, "1"), named(replace(COW, label="lynx"), "1")
    theirs = replace(CAT, description="shy")
    result = merge(page(was), page(far, CAT), page(theirs))
    assert [(shape.label, shape.description) for shape in result.annotation.shapes] == [
        ("lynx", "shy"),
        ("cat", None),
    ]
    assert result.conflicts == ()


def test_a_shape_that_was_copied_has_its_id_twice_and_the_copy_is_new():
    was = named(CAT, "1")
    copy = replace(was, points=COW.points)
    result = merge(page(was), page(copy, was), page(replace(CAT, label="puma")))
    assert [(shape.label, shape.points) for shape in result.annotation.shapes] == [
        ("cat", COW.points),
        ("puma", CAT.points),
    ]
    assert result.conflicts == ()


def test_without_ids_a_shape_is_known_by_most_of_its_points():
    mine = replace(CAT, label="lynx", points=((5.0, 5.0), *CAT.points[1:]))
    result = merge(page(CAT), page(mine), page(replace(CAT, description="shy")))
    assert result.annotation.shapes == (replace(mine, description="shy"),)
    assert result.conflicts == ()


def test_without_ids_a_shape_is_known_when_it_was_pushed_as_a_whole():
    mine = replace(CAT, points=tuple((x + 40, y + 7) for x, y in CAT.points))
    result = merge(page(CAT), page(mine), page(replace(CAT, description="shy")))
    assert result.annotation.shapes == (replace(mine, description="shy"),)


def test_without_ids_a_shape_is_known_when_it_was_drawn_anew_on_the_same_place():
    mine = replace(CAT, points=((9.0, 9.0), (31.0, 9.5), (30.5, 31.0), (20.0, 32.0), (9.5, 30.5)))
    result = merge(page(CAT), page(mine), page(replace(CAT, description="shy")))
    assert result.annotation.shapes == (replace(mine, description="shy"),)


def test_a_proposal_where_a_shape_was_deleted_is_not_that_shape():
    was, proposal = named(CAT, "1"), named(CAT, "run:7.0", run="run", score=0.9)
    result = merge(page(was), page(proposal), page(replace(CAT, description="shy")))
    assert result.conflicts[0].what == DELETED_HERE
    assert {shape.description for shape in result.annotation.shapes} == {"shy", None}


# By hand: order, flags, and keys


def test_what_each_side_added_comes_after_its_neighbour():
    new = [box(name, 60, 60) for name in "abc"]
    result = merged(page(CAT, DOG), page(new[0], CAT, new[1], DOG), page(CAT, DOG, new[2]))
    assert [shape.label for shape in result.shapes] == ["a", "cat", "b", "dog", "c"]


def test_an_order_that_the_person_changed_is_kept():
    assert merged(page(CAT, DOG), page(DOG, CAT), page(CAT, DOG, COW)).shapes == (DOG, COW, CAT)


def test_flags_of_the_image_are_merged_one_by_one():
    base, mine, theirs = (
        page(flags=flags)
        for flags in (
            {"wet": True, "old": True},
            {"wet": False, "old": True, "far": False},
            {"wet": True, "new": True},
        )
    )
    assert keep_set(merged(base, mine, theirs).flags) == {"new": True}


def test_keys_that_nobody_knows_are_kept_and_merged():
    base = page(extra={"camera": "left", "depth": 3, "lens": 1})
    mine = page(extra={"camera": "left", "depth": 4, "lens": 2})
    theirs = page(extra={"camera": "right", "depth": 3, "lens": 3, "sun": [1]})
    result = merge(base, mine, theirs)
    assert result.annotation.extra == {"camera": "right", "depth": 4, "lens": 2, "sun": [1]}
    assert [(one.where, one.what) for one in result.conflicts] == [
        ("extra.lens", "the draft's stays: it was 3 in the annotation")
    ]


def test_keys_of_a_shape_are_kept_and_merged():
    base, mine, theirs = (
        page(replace(CAT, extra=extra))
        for extra in ({"difficult": 0}, {"difficult": 1}, {"difficult": 0, "text": "x"})
    )
    assert merged(base, mine, theirs).shapes[0].extra == {"difficult": 1, "text": "x"}


def test_a_shape_that_makes_no_sense_stays_as_it_is():
    broken = BrokenShape(label="cat", rule="bad-points", message="no", raw={"label": "cat", "points": 3})
    assert merged(page(broken, CAT), page(broken), page(broken, CAT, DOG)).shapes == (broken, DOG)


# What Labelme does on its own


def test_what_labelme_writes_differently_is_no_edit():
    theirs = replace(CAT, label="puma")
    saved = replace(CAT, description="", flags={"torn": False}, extra={"locked": False})
    result = merge(page(CAT), replace(page(saved, flags={"wet": False}), version="7.9.1"), page(theirs))
    assert (result.annotation.shapes, result.conflicts) == ((theirs,), ())


def png(array, mode):
    stream = BytesIO()
    Image.fromarray(array).convert(mode).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def test_a_mask_that_was_packed_anew_is_no_edit_and_one_with_other_pixels_is():
    pixels = np.zeros((4, 5), np.uint8)
    pixels[1:3, 1:4] = 255
    was = Shape(label="cat", kind="mask", points=((1.0, 1.0), (5.0, 4.0)), mask=png(pixels, "1"))
    again = replace(was, mask=png(pixels, "L"))
    assert was.mask != again.mask
    assert merged(page(was), page(again), page()).shapes == ()
    pixels[0, 0] = 255
    other = replace(was, mask=png(pixels, "L"))
    assert merged(page(was), page(other), page(was)).shapes == (other,)


# What must hold of all

numbers = st.integers(0, 60).map(float)
flags = st.dictionaries(st.sampled_from(["hole", "crowd"]), st.just(True), max_size=1)


@st.composite
def shapes(draw):
    x, y, size = draw(numbers), draw(numbers), draw(st.sampled_from([4.0, 9.0, 15.0]))
    return box(
        draw(st.sampled_from(["cat", "dog"])),
        x,
        y,
        size,
        group=draw(st.sampled_from([None, 1, 2])),
        flags=draw(flags),
        description=draw(st.sampled_from([None, "shy"])),
        extra=draw(st.dictionaries(st.sampled_from(["difficult", "text"]), st.integers(0, 2), max_size=1)),
    )


pages = st.builds(
    lambda drawn, flags, extra: page(*drawn, flags=flags, extra=extra),
    st.lists(shapes(), max_size=5),
    flags,
    st.dictionaries(st.sampled_from(["camera", "lens"]), st.integers(0, 2), max_size=2),
)


@st.composite
def edits(draw, start, ids=False):
    """What a person may do: delete, copy, move, rename, describe, draw, sort."""
    found = list(start.shapes)
    for _ in range(draw(st.integers(0, 4))):
        what = draw(
            st.sampled_from(["draw", "delete", "push", "pull", "rename", "describe", "group", "copy", "sort"])
        )
        place = draw(st.integers(0, len(found) - 1)) if found else 0
        if what == "draw" or not found:
            found.insert(place, draw(shapes()))
            continue
        one = found[place]
        if what == "delete":
            del found[place]
        elif what == "copy":
            found.append(one)
        elif what == "sort":
            found.append(found.pop(place))
        elif what == "push":
            found[place] = replace(one, points=tuple((x + 5, y - 3) for x, y in one.points))
        elif what == "pull":
            found[place] = replace(one, points=((draw(numbers), draw(numbers)), *one.points[1:]))
        else:
            change = {
                "rename": {"label": draw(st.sampled_from(["cat", "dog", "cow"]))},
                "describe": {"description": draw(st.sampled_from([None, "wet"]))},
                "group": {"group": draw(st.sampled_from([None, 1, 3]))},
            }
            found[place] = replace(one, **change[what])
    return replace(start, shapes=tuple(found), flags=draw(flags))


def with_ids(drawn):
    return replace(drawn, shapes=tuple(named(shape, str(place)) for place, shape in enumerate(drawn.shapes)))


@st.composite
def threes(draw):
    """A base, with ids in half of the cases, what a person made of it, and what others made of it without ids."""
    plain = draw(pages)
    base = with_ids(plain) if draw(st.booleans()) else plain
    return base, draw(edits(base)), draw(edits(plain))


quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(pages, pages)
def test_what_only_one_side_changed_is_taken_whole(one, other):
    assert same_drawing(merged(one, one, other), other)
    assert same_drawing(merged(one, other, one), other)
    assert same_drawing(merged(one, other, other), other)


@quick
@given(threes())
def test_whatever_both_sides_do_nothing_is_lost_nothing_invented_and_again_changes_nothing(versions):
    base, person, other = versions
    plain = replace(base, shapes=tuple(replace(shape, extra=drop(shape.extra)) for shape in base.shapes))
    assert same_drawing(merged(base, person, plain), person)
    assert merge(base, person, plain).conflicts == ()
    once = merge(base, person, other)
    for name in ("points", "label", "description"):
        was, mine, theirs, kept = (
            {getattr(shape, name) for shape in side.shapes} for side in (*versions, once.annotation)
        )
        assert kept <= was | mine | theirs
        assert (mine | theirs) - was - {None} <= kept | told(once)
    if all(len({shape.points for shape in side.shapes}) == len(side.shapes) for side in versions):
        # of two that lie on each other nobody can tell which one it was that went
        assert same_drawing(merged(base, person, once.annotation), once.annotation)


def drop(extra):
    return {key: value for key, value in extra.items() if key != KEY}


def told(result):
    """Descriptions that gave way are in words."""
    words = " ".join(conflict.what for conflict in result.conflicts)
    return {text for text in ("shy", "wet") if repr(text) in words}


@pytest.mark.parametrize("count", [300])
def test_an_image_of_many_shapes_takes_no_time(count):
    import time

    many = [box("cat", 3.0 * place, 5.0 * (place % 7), 4.0) for place in range(count)]
    moved = [
        replace(shape, points=((x + 0.5, y), *shape.points[1:]))
        for shape in many
        for x, y in shape.points[:1]
    ]
    start = time.process_time()
    assert merged(page(*many), page(*moved), page(*many[1:])).shapes[1:] == tuple(moved[1:])
    assert time.process_time() - start < 2
