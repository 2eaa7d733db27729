"""What is kept together, and what is not."""

import pytest

from workbench.data.survey import ImageFacts, Survey
from workbench.prepare.grouping import find_links, join_groups, name_time
from workbench.project import SplitSettings

OFF = SplitSettings(seconds=-1, hash_distance=-1)
LOOK = 0x5A5A_3C3C_0FF0_A5C3


def picture(name, **facts):
    return Survey(
        annotation=name + ".json", image=name + ".jpg", facts=ImageFacts(width=4, height=3, **facts)
    )


def group(surveys, settings):
    links = find_links(surveys, settings)
    return join_groups((survey.image for survey in surveys), links), {link.why for link in links}


def test_images_with_nothing_in_common_are_groups_of_one():
    surveys = [
        picture("a", taken=1000.0, look=LOOK, digest="1"),
        picture("b", taken=1100.0, look=~LOOK % 2**64, digest="2"),
    ]
    assert group(surveys, SplitSettings()) == ([("a.jpg",), ("b.jpg",)], set())


def test_the_first_bracket_of_the_pattern_names_the_group():
    surveys = [picture("cam1/v7_001"), picture("cam1/v7_002"), picture("cam1/v8_001"), picture("other")]
    groups, why = group(surveys, SplitSettings(seconds=-1, group=r"(v\d+)_\d+"))
    assert groups == [("cam1/v7_001.jpg", "cam1/v7_002.jpg"), ("cam1/v8_001.jpg",), ("other.jpg",)]
    assert why == {"name"}


def test_a_bracket_that_took_no_part_in_the_match_groups_nothing():
    assert group([picture("x1"), picture("x2")], SplitSettings(group=r"(y)?x"))[0] == [
        ("x1.jpg",),
        ("x2.jpg",),
    ]


def test_pictures_taken_within_the_seconds_are_chained():
    surveys = [
        picture("a", taken=100.0),
        picture("b", taken=120.0),
        picture("c", taken=140.0),
        picture("d", taken=161.0),
    ]
    assert group(surveys, SplitSettings())[0] == [("a.jpg", "b.jpg", "c.jpg"), ("d.jpg",)]


def test_the_time_in_the_name_stands_in_for_missing_exif():
    surveys = [picture("IMG_20181228_102636"), picture("IMG_20181228_102641"), picture("IMG_20181228_102745")]
    assert group(surveys, SplitSettings())[0] == [
        ("IMG_20181228_102636.jpg", "IMG_20181228_102641.jpg"),
        ("IMG_20181228_102745.jpg",),
    ]


def test_midnight_is_a_date_without_a_time():
    surveys = [picture("a", taken=86400.0 * 3), picture("b", taken=86400.0 * 3)]
    assert len(group(surveys, SplitSettings())[0]) == 2


@pytest.mark.parametrize(
    "name",
    ["IMG_20181228_102636.jpg", "PXL_20181228_102636123.MP.jpg", "2018-12-28 10.26.36.png", "20181228102636.jpg",
     "Screenshot 2018-12-28 at 10.26.36.png", "a/b/signal-2018-12-28-10-26-36.jpg", "WP_20181228_10_26_36_Pro.jpg"],
)  # fmt: skip
def test_names_of_phones_and_cameras_tell_the_time(name):
    assert name_time(name) == 1545992796


@pytest.mark.parametrize(
    "name",
    ["10464445726_6f1e3bbe6a_k.jpg", "IMG-20181228-WA0001.jpg", "IMG_20181328_102636.jpg", "IMG_20181228_256136.jpg",
     "920181228102636.jpg", "frame_000123.jpg", "20181228_102636/a.jpg", ""],
)  # fmt: skip
def test_other_numbers_are_not_taken_for_a_time(name):
    assert name_time(name) is None


def test_equal_bytes_and_equal_looks_are_linked_and_say_so():
    surveys = [
        picture("a", digest="1", look=LOOK),
        picture("b", digest="1", look=LOOK),
        picture("c", look=LOOK ^ 0xFF),
    ]
    groups, why = group(surveys, SplitSettings())
    assert groups == [("a.jpg", "b.jpg", "c.jpg")]
    assert why == {"bytes", "look"}


def test_blank_frames_are_not_one_scene():
    assert len(group([picture("a", look=0), picture("b", look=0)], SplitSettings())[0]) == 2


def test_negative_settings_switch_time_and_look_off():
    surveys = [picture("a", taken=100.0, look=LOOK), picture("b", taken=100.0, look=LOOK)]
    assert len(group(surveys, OFF)[0]) == 2


def test_two_annotations_of_one_image_are_one_image():
    surveys = [picture("a"), Survey(annotation="z.json", image="a.jpg")]
    assert group(surveys, SplitSettings())[0] == [("a.jpg",)]
