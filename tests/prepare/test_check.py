"""Rules of one annotation: by hand first, then held against the ledger of what convert leaves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drawing import annotate, by_name, collect, draw, square, stamp
from workbench.data.annotation import BrokenShape
from workbench.data.survey import ImageFacts
from workbench.prepare.check import check_annotation

FACTS = ImageFacts(width=100, height=80)


def check(*shapes, known=("cat", "dog"), facts=FACTS, **more):
    return check_annotation("a.json", annotate(*shapes, **more), facts, known)


def rules(*shapes, **more):
    return [(finding.where, finding.rule) for finding in check(*shapes, **more)]


def test_sound_shapes_of_every_kind_have_no_findings():
    shapes = (
        square("cat", 10, 10, 20),
        draw("cat", (1, 1), (9, 9), kind="rectangle"),
        draw("dog", (50, 40), (60, 40), kind="circle"),
        draw("dog", (10, 10), (20, 12), (18, 22), (8, 20), kind="oriented_rectangle"),
        draw("dog", (10, 10), (40, 20), kind="ellipse"),
        stamp("cat", 10, 10, np.ones((4, 6))),
        draw("nose", (5, 5), kind="point"),
        draw("tail", (5, 5), (6, 7), kind="line"),
    )
    assert check(*shapes) == []


def test_a02_a_size_that_is_not_the_images_is_an_error():
    (finding,) = check(facts=ImageFacts(width=50, height=80))
    assert (finding.rule, finding.level, finding.where) == ("size-disagrees", "error", "imageWidth")
    assert "50 x 80, but got 100 x 80" in finding.message


def test_a02_a_size_from_before_exif_turned_the_image_is_told_apart():
    (finding,) = check(facts=ImageFacts(width=80, height=100, orientation=6))
    assert finding.rule == "size-disagrees"
    assert "EXIF" in finding.message


def test_a02_the_size_of_the_upright_image_is_right():
    assert check(facts=ImageFacts(width=100, height=80, orientation=6)) == []


def test_an_annotation_without_a_size_takes_the_images():
    assert rules(square("cat", 90, 70, 20), size=None) == [("shapes[0]", "partly-outside")]


def test_image_data_of_another_size_than_the_file_is_a_warning():
    embedded = ImageFacts(width=10, height=8)
    (finding,) = check_annotation("a.json", annotate(), FACTS, embedded=embedded)
    assert (finding.rule, finding.level) == ("embedded-differs", "warning")


def test_what_is_odd_about_the_picture_becomes_a_finding():
    facts = ImageFacts(width=100, height=80, notes=(("image-depth", "it must have 8 bits"),))
    assert rules(facts=facts) == [("imagePath", "image-depth")]


def test_a04_two_labels_in_one_group_are_told():
    found = rules(
        square("cat", 1, 1, 9, group=1), square("dog", 20, 1, 9, group=1), square("cat", 40, 1, 9, group=2)
    )
    assert found == [("shapes[1]", "mixed-group")]


def test_a04_one_label_or_a_hole_in_a_group_is_fine():
    shapes = (
        square("cat", 1, 1, 30, group=1),
        square("cat", 50, 1, 9, group=1),
        square("hole", 5, 5, 9, group=1),
    )
    assert check(*shapes) == []


@pytest.mark.parametrize("group", [None, 7])
def test_a_hole_in_nothing_is_an_error(group):
    assert rules(square("hole", 1, 1, 9, group=group)) == [("shapes[0]", "hole-without-group")]


def test_a06_an_unlisted_label_is_an_error_that_names_the_nearest():
    (finding,) = check(square("catt", 1, 1, 9))
    assert (finding.rule, finding.level, finding.where) == ("unknown-label", "error", "shapes[0]")
    assert 'did you mean "cat"?' in finding.message


@pytest.mark.parametrize("label", ["__ignore__", "_background_", "cat"])
def test_a06_labels_with_a_meaning_of_their_own_are_known(label):
    assert check(square(label, 1, 1, 9)) == []


def test_a06_without_a_list_any_label_will_do_but_none_will_not():
    assert rules(square("anything", 1, 1, 9), square(" ", 20, 1, 9), known=None) == [
        ("shapes[1]", "empty-label")
    ]


def test_a15_a_shape_that_reaches_out_is_a_warning_and_one_beside_the_image_an_error():
    findings = check(square("cat", 90, 10, 20), square("cat", 200, 10, 20), square("dog", -50, -50, 20))
    assert [(finding.rule, finding.level) for finding in findings] == [
        ("partly-outside", "warning"), ("outside", "error"), ("outside", "error"),
    ]  # fmt: skip


def test_a15_a_shape_around_the_corner_is_outside_though_its_box_is_not():
    corner = draw("cat", (90, -30), (130, -30), (130, 20), (125, 20), (120, -20), (90, -20))
    assert rules(corner) == [("shapes[0]", "outside")]


def test_a15_a_shape_on_the_very_edge_is_inside():
    assert check(draw("cat", (0, 0), (100, 80), kind="rectangle")) == []


def test_a18_two_points_make_no_polygon():
    assert rules(draw("cat", (1, 1), (9, 9))) == [("shapes[0]", "wrong-point-count")]


@pytest.mark.parametrize(
    "shape",
    [
        draw("cat", (5, 5), (5, 5), kind="rectangle"),
        draw("cat", (5, 5), (5, 25), kind="rectangle"),
        draw("cat", (5, 5), (5, 5), (5, 5)),
        draw("cat", (5.1, 5.1), (5.3, 5.1), (5.2, 5.3)),
        draw("cat", (5, 5), (5, 5), kind="circle"),
        stamp("cat", 5, 5, np.zeros((3, 3))),
    ],
)
def test_a18_a_shape_without_a_pixel_is_an_error(shape):
    assert rules(shape) == [("shapes[0]", "no-pixels")]


def test_a18_a_self_crossing_shape_is_a_warning_that_says_where():
    (finding,) = check(draw("cat", (10, 10), (30, 30), (30, 10), (10, 30)))
    assert (finding.rule, finding.level) == ("self-crossing", "warning")
    assert "(20, 20)" in finding.message


def test_an_outline_that_only_touches_itself_is_fine():
    assert check(draw("cat", (10, 10), (20, 20), (30, 10), (30, 30), (20, 20), (10, 30))) == []


def test_an_unknown_kind_and_a_shape_that_makes_no_sense_keep_their_reasons():
    broken = BrokenShape(label="cat", rule="non-finite", message="points[0] must be finite", raw={})
    assert rules(broken, draw("cat", (1, 1), kind="cuboid")) == [
        ("shapes[0]", "non-finite"), ("shapes[1]", "unknown-kind"),
    ]  # fmt: skip


@pytest.mark.parametrize("png", [None, "not base64!", "aGVsbG8="])
def test_a_mask_without_a_readable_picture_is_an_error(png):
    assert rules(draw("cat", (1, 1), (3, 3), kind="mask", mask=png)) == [("shapes[0]", "bad-mask")]


def test_a_mask_of_another_size_than_its_box_is_a_warning():
    shape = draw("cat", (10, 10), (40, 40), kind="mask", mask=stamp("cat", 0, 0, np.ones((5, 5))).mask)
    assert rules(shape) == [("shapes[0]", "mask-size")]


def test_a_mask_over_the_edge_is_a_warning_and_beside_the_image_an_error():
    shapes = (stamp("cat", 98, 10, np.ones((5, 5))), stamp("cat", 150, 10, np.ones((5, 5))))
    assert rules(*shapes) == [("shapes[0]", "partly-outside"), ("shapes[1]", "no-pixels")]


def test_rings_without_any_known_size_are_checked_all_the_same():
    assert rules(draw("cat", (5, 5), (5, 25), kind="rectangle"), facts=None, size=None) == [
        ("shapes[0]", "no-pixels")
    ]


places = st.floats(-40, 140, allow_nan=False) | st.integers(-5, 105).map(float)
points = st.tuples(places, places)
shapes = st.builds(
    lambda kind, count, label, group, spots: draw(label, *spots[:count], kind=kind, group=group),
    st.sampled_from(["polygon", "rectangle", "circle", "ellipse", "rotation", "line", "cuboid"]),
    st.integers(1, 6),
    st.sampled_from(["cat", "dog", "hole", "wrong"]),
    st.sampled_from([None, 1, 2]),
    st.lists(points, min_size=6, max_size=6),
)


@given(st.lists(shapes, max_size=6))
def test_every_shape_that_convert_leaves_out_has_a_finding_of_the_same_name(drawn):
    found = {(finding.where, finding.rule) for finding in check(*drawn)}
    for row in collect(*drawn, categories=by_name("cat", "dog")).ledger:
        if row.reason and row.reason != "not-an-area" and not _is_left_over(row, drawn):
            assert (f"shapes[{row.shape}]", row.reason) in found


def _is_left_over(row, drawn):
    """What a hole swallowed whole, and a hole whose object was left out, are known only once pixels are drawn."""
    grouped = any(shape.label == "hole" and shape.group is not None for shape in drawn)
    return grouped and row.reason in ("no-pixels", "hole-without-group")


@given(st.lists(shapes, max_size=6))
def test_no_error_is_told_of_a_shape_that_became_an_instance(drawn):
    ledger = collect(*drawn, categories=by_name("cat", "dog")).ledger
    placed = {f"shapes[{row.shape}]" for row in ledger if row.instance is not None}
    errors = [finding for finding in check(*drawn) if finding.level == "error"]
    assert not [finding for finding in errors if finding.where in placed]


def test_a_shape_of_which_the_edge_leaves_less_than_a_pixel_is_an_error():
    sliver = draw("cat", (-30, 10), (0.3, 10), (0.3, 40), (-30, 40))
    assert ("shapes[0]", "no-pixels") in rules(sliver)
    assert collect(sliver).ledger[0].reason == "no-pixels"


@pytest.mark.parametrize(
    "owner",
    [
        square("cta", 10, 10, 20, group=1),
        draw("cat", (10, 10), (20, 20), group=1),
        square("cat", 900, 10, 20, group=1),
    ],
)
def test_a_hole_in_an_object_that_cannot_be_used_is_an_error_too(owner):
    hole = square("hole", 12, 12, 100, group=1)  # reaches out: a warning must not hide the error
    assert ("shapes[1]", "hole-without-group") in rules(owner, hole)
    assert collect(owner, hole).ledger[1].reason == "hole-without-group"


def test_an_object_that_its_holes_eat_up_is_an_error():
    shapes = square("cat", 10, 10, 5, group=1), square("hole", 5, 5, 30, group=1)
    assert rules(*shapes) == [("shapes[0]", "no-pixels"), ("shapes[1]", "no-pixels")]
    assert [row.reason for row in collect(*shapes).ledger] == ["no-pixels", "no-pixels"]


@pytest.mark.parametrize("size", [(1_000_000, 50), (32_768, 50), (20_000, 20_000)])
def test_a_declared_size_that_nothing_can_be_drawn_on_is_an_error(size):
    assert rules(square("cat", 1, 1, 9), facts=None, size=size) == [("imageWidth", "image-too-large")]
