"""Laying images out for a person: what lies there, what Labelme can open, and how far the person is."""

import json
import os
from base64 import b64encode
from dataclasses import replace

import pytest

from tests.drafting.desks import CAT, COW, DOG, accept, label, make_image, propose, save_as_labelme, tick
from workbench.data.annotation import BrokenShape
from workbench.drafting.desk import Draft, lay_out, read_states
from workbench.drafting.draft import KEY
from workbench.drafting.dress import NOTE
from workbench.formats.labelme import read_annotation, write_annotation
from workbench.formats.listing import list_folder
from workbench.formats.places import find_image


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "annotations"
    label(folder, "a.jpg", CAT, DOG)
    make_image(folder / "b.jpg")
    return folder


@pytest.fixture
def desk(tmp_path):
    return tmp_path / "run" / "drafts"


def test_an_image_lies_beside_a_file_that_holds_what_is_drawn_and_what_is_proposed(root, desk):
    draft = Draft(
        image="a.jpg", why="1 missing-label", proposals=propose(COW, why="cow 0.90"), notes={1: "is it?"}
    )
    assert lay_out(desk, [draft], annotations=root, source="r1").ready == ("a.jpg",)
    laid = read_annotation(desk / "a.json")
    assert (laid.image_path, laid.image_size) == ("a.jpg", (100, 80))
    assert [shape.label for shape in laid.shapes] == ["cat", "dog", "cow"]
    assert [shape.description for shape in laid.shapes] == [None, NOTE + "is it?", NOTE + "cow 0.90"]
    assert laid.shapes[2].extra[KEY] == {"run": "r1", "score": 0.9, "id": "r1:7.0"}
    assert laid.flags == {"workbench: reviewed (1 missing-label)": False}
    assert (desk / "a.jpg").samefile(root / "a.jpg")


def test_an_image_that_nobody_labelled_is_laid_out_too(root, desk):
    lay_out(desk, [Draft(image="b.jpg", proposals=propose(CAT))], annotations=root, source="r1")
    laid = read_annotation(desk / "b.json")
    assert ([shape.label for shape in laid.shapes], laid.image_size) == (["cat"], (100, 80))
    assert list_folder(root).annotations == ("a.json",)


def test_a_desk_is_a_labelme_folder_in_which_every_image_is_found(root, desk):
    label(root, "night/a.jpg", CAT)
    names = ["a.jpg", "b.jpg", "night/a.jpg"]
    lay_out(desk, [Draft(image=name) for name in names], annotations=root, source="r1")
    listing = list_folder(desk)
    assert listing.findings == ()
    assert listing.images == tuple(names)
    for name in listing.annotations:
        assert find_image(desk, name, read_annotation(desk / name)).path == name.replace(".json", ".jpg")


def test_two_images_of_one_stem_have_a_file_each_as_labelme_looks_for_it(root, desk):
    """Labelme opens a.json for a.jpg and for a.png: on a desk one of them has another name."""
    make_image(root / "a.png")
    make_image(root / "A.bmp")
    drafts = [Draft(image=name) for name in ("a.jpg", "a.png", "A.bmp")]
    assert lay_out(desk, drafts, annotations=root, source="r1").ready == ("a.jpg", "a.png", "A.bmp")
    assert list_folder(desk).images == ("A~bmp.bmp", "a.jpg", "a~png.png")
    assert [len(read_annotation(desk / name).shapes) for name in ("a.json", "a~png.json")] == [2, 0]
    save_as_labelme(desk / "a~png.json", tick)
    accept(desk, root)
    assert read_annotation(root / "a.png.json").image_path == "a.png"


def test_a_name_that_labelme_reads_as_a_windows_path_is_refused(root, desk):
    make_image(root / "shelf\\c.jpg")
    (refused,) = lay_out(desk, [Draft(image="shelf\\c.jpg")], annotations=root, source="r1").refused
    assert "rename it" in refused[1]


def test_a_path_with_backslashes_in_the_annotation_is_understood(root, desk):
    label(root, "night/d.jpg", CAT)
    raw = json.loads((root / "night/d.json").read_text()) | {"imagePath": "night\\d.jpg"}
    (root / "night/d.json").unlink()
    (root / "d.json").write_text(json.dumps(raw))
    lay_out(desk, [Draft(image="night/d.jpg")], annotations=root, source="r1")
    save_as_labelme(desk / "night/d.json", lambda raw: raw["shapes"][0].update(label="dog"))
    accept(desk, root)
    assert read_annotation(root / "d.json").image_path == "night/d.jpg"
    assert not (root / "night/d.json").exists()


def test_an_annotation_of_another_name_is_found_by_its_image(root, desk):
    (root / "a.json").rename(root / "first.json")
    lay_out(desk, [Draft(image="a.jpg")], annotations=root, source="r1")
    assert len(read_annotation(desk / "a.json").shapes) == 2


def test_a_picture_that_only_its_annotation_has_is_laid_out(root, desk):
    picture = b64encode((root / "a.jpg").read_bytes()).decode()
    annotation = replace(read_annotation(root / "a.json"), image_data=picture, image_path="gone.jpg")
    write_annotation(root / "only.json", annotation)
    drafts = [Draft(image="../elsewhere/only.jpg", annotation="only.json")]
    done = lay_out(desk, drafts, annotations=root, source="r1")
    assert done.ready == ("../elsewhere/only.jpg",), done
    (name,) = list_folder(desk).images
    assert (desk / name).read_bytes() == (root / "a.jpg").read_bytes()
    assert ".." not in name


@pytest.mark.parametrize(
    "image", ["../secret.jpg", "/etc/hostname", "gone.jpg", "", "a\0.jpg", "b\udcff.jpg"]
)
def test_what_is_no_image_of_the_folder_is_refused_in_words(image, root, desk, tmp_path):
    make_image(tmp_path / "secret.jpg")
    done = lay_out(desk, [Draft(image=image), Draft(image="b.jpg")], annotations=root, source="r1")
    assert done.ready == ("b.jpg",)
    assert done.refused[0][0] == image
    assert "must" in done.refused[0][1]


def test_a_file_with_a_shape_that_makes_no_sense_is_refused(root, desk):
    raw = json.loads((root / "a.json").read_text())
    raw["shapes"][0]["points"] = [["x", 1]]
    (root / "a.json").write_text(json.dumps(raw))
    assert isinstance(read_annotation(root / "a.json").shapes[0], BrokenShape)
    (refused,) = lay_out(desk, [Draft(image="a.jpg")], annotations=root, source="r1").refused
    assert "never written over" in refused[1]
    assert not (desk / "a.json").exists()


def test_groups_of_proposals_are_new_and_those_of_two_objects_stay_apart(root, desk):
    label(root, "a.jpg", replace(CAT, group=4))
    parts = [replace(DOG, group=1), replace(COW, group=1)]
    both = (*propose(parts[0], "1"), *propose(parts[1], "2"))
    lay_out(desk, [Draft(image="a.jpg", proposals=both)], annotations=root, source="r1")
    assert [shape.group for shape in read_annotation(desk / "a.json").shapes] == [4, 5, 6]


# How far a person is


def test_states_tell_what_a_person_did(root, desk):
    for name in "cdefg":
        label(root, f"{name}.jpg", CAT)
    names = [f"{name}.jpg" for name in "abcdefg"]
    lay_out(desk, [Draft(image=name) for name in names], annotations=root, source="r1")
    save_as_labelme(desk / "b.json", tick)
    save_as_labelme(desk / "c.json", lambda raw: raw["shapes"][0].update(label="dog"))
    (desk / "d.json").unlink()
    (desk / "e.json").write_text((desk / "e.json").read_text()[:-40])
    os.utime(desk / "e.json", (1, 1))
    save_as_labelme(desk / "f.json", version="7.9.1")
    assert read_states(desk) == {
        "a.jpg": "untouched",
        "b.jpg": "done",
        "c.jpg": "edited",
        "d.jpg": "deleted",
        "e.jpg": "unreadable",
        "f.jpg": "untouched",
        "g.jpg": "untouched",
    }


def test_what_a_person_touched_is_not_laid_out_again_and_the_rest_is(root, desk):
    names = ["a.jpg", "b.jpg"]
    lay_out(
        desk, [Draft(image=name, proposals=propose(CAT)) for name in names], annotations=root, source="r1"
    )
    save_as_labelme(desk / "a.json", lambda raw: raw["shapes"].pop())
    before = (desk / "a.json").read_bytes()
    done = lay_out(
        desk, [Draft(image=name, proposals=propose(COW)) for name in names], annotations=root, source="r2"
    )
    assert (done.ready, done.left) == (("b.jpg",), ("a.jpg",))
    assert (desk / "a.json").read_bytes() == before
    assert [shape.label for shape in read_annotation(desk / "b.json").shapes] == ["cow"]
    assert read_states(desk)["b.jpg"] == "untouched"


def test_a_crash_while_a_draft_is_laid_out_anew_leaves_none_that_looks_touched(root, desk):
    """What is remembered is written first: the draft on the desk is still the old one then."""
    lay_out(desk, [Draft(image="b.jpg", proposals=propose(CAT))], annotations=root, source="r1")
    old = (desk / "b.json").read_bytes()
    lay_out(desk, [Draft(image="b.jpg", proposals=propose(COW))], annotations=root, source="r2")
    (desk / "b.json").write_bytes(old)
    assert read_states(desk) == {"b.jpg": "untouched"}
    accept(desk, root)
    assert not (root / "b.json").exists()


def test_a_crash_before_the_draft_is_there_is_no_deletion(root, desk):
    lay_out(desk, [Draft(image="b.jpg", proposals=propose(CAT))], annotations=root, source="r1")
    (desk / "b.json").unlink()
    (desk / "b.jpg").unlink()
    assert read_states(desk) == {"b.jpg": "untouched"}
    assert not accept(desk, root, everything=True)["b.jpg"].refused
    assert lay_out(desk, [Draft(image="b.jpg")], annotations=root, source="r1").ready == ("b.jpg",)
    assert (desk / "b.json").exists()


def test_an_image_that_was_replaced_is_linked_anew(root, desk):
    lay_out(desk, [Draft(image="b.jpg")], annotations=root, source="r1")
    (root / "b.jpg").unlink()
    make_image(root / "b.jpg", (60, 50))
    lay_out(desk, [Draft(image="b.jpg")], annotations=root, source="r1")
    assert (desk / "b.jpg").read_bytes() == (root / "b.jpg").read_bytes()
    assert read_annotation(desk / "b.json").image_size == (60, 50)
