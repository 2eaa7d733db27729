"""Which files of a folder are read, which image an annotation means, and what never is opened."""

import json
import os
import sys
import threading
import time
from base64 import b64encode
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.data.annotation import Annotation
from workbench.errors import InputMissing
from workbench.formats.folder import find_image, look_at, read_pair, survey
from workbench.formats.listing import list_annotations, list_folder, list_images, walk_annotations
from workbench.prepare.check import check_annotation


def picture(size=(8, 6), kind="PNG"):
    stream = BytesIO()
    Image.new("RGB", size).save(stream, kind)
    return stream.getvalue()


def put(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or picture())
    return path


def labelme(image="a.png", data=None, size=(8, 6), shapes=()):
    width, height = size
    document = {"version": "5.0.1", "flags": {}, "shapes": list(shapes), "imagePath": image}
    return json.dumps({**document, "imageData": data, "imageHeight": height, "imageWidth": width}).encode()


def wanting(image_path):
    return Annotation(image_path=image_path, image_size=None)


def place(root, image_path, name="a.json", images=None):
    found = find_image(root, name, wanting(image_path), images)
    assert (found.file is None) is (found.path is None)
    return found.path, found.rule


def test_a14_sub_folders_are_searched_and_names_are_relative_and_sorted(tmp_path):
    for name in ("b/a.json", "a.json", "b/c/x.JSON", "b/a.png", "readme.txt"):
        put(tmp_path / name, b"{}")
    assert list_annotations(tmp_path) == ["a.json", "b/a.json", "b/c/x.JSON"]
    assert list_images(tmp_path) == ["b/a.png"]


@settings(max_examples=40, deadline=None)
@given(
    paths=st.sets(
        st.lists(
            st.text("aB.-é", min_size=1, max_size=3).filter(lambda name: name.strip(".")),
            min_size=1,
            max_size=4,
        ).map(tuple),
        max_size=12,
    )
)
def test_a_walk_meets_what_a_list_has_in_the_same_order(paths):
    with TemporaryDirectory() as name:
        root = Path(name)
        for *folders, last in paths:
            for suffix in (".json", ".png", ".txt"):
                place = root.joinpath(*folders)
                place.mkdir(parents=True, exist_ok=True)
                (place / f"{last}{suffix}").touch()
        assert tuple(walk_annotations(root)) == list_folder(root).annotations


def test_a_walk_ends_at_links_and_goes_any_depth(tmp_path):
    put(tmp_path / "a" / "b.json")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    deep = tmp_path / "/".join("d" * 60)
    deep.mkdir(parents=True)
    (deep / "x.json").touch()
    assert tuple(walk_annotations(tmp_path)) == list_folder(tmp_path).annotations


def test_a14_equal_names_in_two_folders_are_two_images(tmp_path):
    for folder in ("one", "two"):
        put(tmp_path / folder / "a.png")
        assert place(tmp_path, "a.png", f"{folder}/a.json") == (f"{folder}/a.png", "")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputMissing, match="must be a folder"):
        list_folder(tmp_path / "nowhere")


def test_hidden_files_are_left_alone_and_told(tmp_path):
    for name in (".git/config", ".checkpoints/a.json", "._a.json"):
        put(tmp_path / name, b"{}")
    listing = list_folder(tmp_path)
    assert listing.annotations == ()
    assert [(one.path, one.rule) for one in listing.findings] == [
        ("._a.json", "hidden"),
        (".checkpoints", "hidden"),
    ]


def test_links_out_of_the_folder_are_told_and_loops_end(tmp_path):
    root = tmp_path / "root"
    put(tmp_path / "out" / "secret.json", b"{}")
    put(root / "a.json", b"{}")
    (root / "b.json").symlink_to(root / "a.json")
    (root / "c.json").symlink_to(tmp_path / "out" / "secret.json")
    (root / "loop").symlink_to(root)
    (root / "d.json").symlink_to("d.json")
    listing = list_folder(root)
    assert listing.annotations == ("a.json", "b.json")
    told = [("c.json", "outside-link"), ("d.json", "unreadable")]
    assert [(one.path, one.rule) for one in listing.findings] == told


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_a_name_that_is_not_text_is_told_and_not_read(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json")).write_bytes(b"{}")
    listing = list_folder(tmp_path)
    assert listing.annotations == ()
    assert [(one.rule, one.path) for one in listing.findings] == [("bad-name", "\\udcff.json")]


@pytest.mark.parametrize(
    "name", ["a\nb.png", "‮gnp.a.png", "ä ö.png", "<b>.png", "#1.png", "a" * 200 + ".png"]
)
def test_odd_names_are_names(tmp_path, name):
    put(tmp_path / name)
    assert place(tmp_path, name) == (name, "")


def test_a13_backslashes_lead_into_folders(tmp_path):
    put(tmp_path / "json" / "a.json", labelme("..\\images\\a.png"))
    put(tmp_path / "images" / "a.png")
    assert read_pair(tmp_path, "json/a.json").place.path == "images/a.png"


@pytest.mark.parametrize(
    "image_path",
    [
        "../secret.png",
        "/etc/hostname",
        "C:/photos/a.png",
        "//server/share/a.png",
        "x/../../secret.png",
        "~/a.png",
        "../root2/a.png",
    ],
)
def test_a13_a_path_out_of_the_folder_is_refused(tmp_path, image_path):
    put(tmp_path / "secret.png")
    put(tmp_path / "root2" / "a.png")
    (tmp_path / "root").mkdir()
    assert place(tmp_path / "root", image_path) == (None, "image-outside")


def test_a13_a_link_out_of_the_folder_is_refused(tmp_path):
    root = tmp_path / "root"
    put(tmp_path / "out" / "a.png")
    root.mkdir()
    (root / "a.png").symlink_to(tmp_path / "out" / "a.png")
    (root / "folder").symlink_to(tmp_path / "out")
    assert place(root, "a.png") == (None, "image-outside")
    assert place(root, "folder/a.png") == (None, "image-outside")


def test_a13_nothing_outside_is_even_opened(tmp_path):
    root = tmp_path / "root"
    put(tmp_path / "secret.png")
    put(root / "a.json", labelme("../secret.png"))
    opened = []
    watch = {"on": True}
    sys.addaudithook(lambda event, args: opened.append(args[0]) if watch["on"] and event == "open" else None)
    work = partial(survey, root=root, judge=check_annotation, pixels=True)
    assert [finding.rule for finding in work("a.json").findings] == ["image-outside"]
    watch["on"] = False
    assert not [path for path in opened if "secret" in str(path)]


def test_a13_a_json_that_names_itself_means_the_image_of_equal_name(tmp_path):
    assert place(tmp_path, "a.json") == (None, "image-missing")
    put(tmp_path / "a.PNG")
    assert place(tmp_path, "a.json") == ("a.PNG", "image-names-json")
    put(tmp_path / "a.jpg")
    assert place(tmp_path, "a.json") == (None, "image-missing")


def test_a13_a_declared_folder_of_images_is_looked_into(tmp_path):
    root, images = tmp_path / "json", tmp_path / "photos"
    root.mkdir()
    put(images / "sub" / "a.png")
    put(images / "b.png")
    assert place(root, "sub/a.png", images=images) == ("sub/a.png", "")
    assert place(root, "C:/old/b.png", images=images) == ("b.png", "")
    assert place(root, "../photos/b.png", images=images) == ("b.png", "")
    assert place(root, "../../b.png.png", images=images) == (None, "image-outside")


@pytest.mark.parametrize("image_path", ["", "a\0b.png", "folder", "x" * 5000, "a/" * 3000, "missing.png"])
def test_an_image_that_is_not_there_is_missing(tmp_path, image_path):
    (tmp_path / "folder").mkdir()
    assert place(tmp_path, image_path) == (None, "image-missing")


def test_a_device_or_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert place(tmp_path, "a.png") == (None, "image-missing")


def test_a_name_that_differs_in_capitals_is_taken_with_a_warning(tmp_path):
    put(tmp_path / "IMG.PNG")
    assert place(tmp_path, "img.png") == ("IMG.PNG", "image-case")


def test_a_missing_image_is_suggested_by_the_name_of_the_json(tmp_path):
    put(tmp_path / "a.png")
    for image_path in ("renamed.jpg", "C:/photos/renamed.jpg", "../a.png"):
        found = find_image(tmp_path, "a.json", wanting(image_path))
        assert "a.png lies beside the json" in found.message


def test_a_process_that_went_elsewhere_finds_the_images_that_are_there(tmp_path, monkeypatch):
    for name in ("one", "two"):
        put(tmp_path / name / "images" / "a.png")
        monkeypatch.chdir(tmp_path / name)
        found = find_image(Path("images"), "b.json", wanting("a.png"))
        assert found.file == tmp_path / name / "images" / "a.png"


def test_an_image_that_comes_later_is_found(tmp_path):
    assert place(tmp_path, "IMG.png") == (None, "image-missing")
    time.sleep(0.01)
    put(tmp_path / "img.png")
    assert place(tmp_path, "IMG.png") == ("img.png", "image-case")


def look(root, name="a.json", **more):
    return look_at(root, name, judge=check_annotation, **more)[1]


def seen(root, **more):
    return [finding.rule for finding in look(root, **more).findings]


def test_a_pair_that_agrees_has_no_findings(tmp_path):
    put(tmp_path / "a.json", labelme())
    put(tmp_path / "a.png")
    found = look(tmp_path, pixels=True)
    assert (found.findings, found.image, found.embedded) == ((), "a.png", False)
    assert found.facts.digest


def test_an_image_that_is_only_inside_the_json_is_read_there(tmp_path):
    put(tmp_path / "a.json", labelme(data=b64encode(picture()).decode()))
    found = look(tmp_path, pixels=True)
    assert [finding.rule for finding in found.findings] == ["embedded-only"]
    assert (found.image, found.embedded, found.facts.width, bool(found.facts.digest)) == (None, True, 8, True)


@pytest.mark.parametrize("data", ["!", "aGVsbG8=", "abc"])
def test_image_data_that_is_no_picture_is_told(tmp_path, data):
    put(tmp_path / "a.json", labelme(data=data))
    put(tmp_path / "a.png")
    assert seen(tmp_path) == ["bad-image-data"]


def test_image_data_of_another_size_is_told(tmp_path):
    put(tmp_path / "a.json", labelme(data=b64encode(picture((9, 9))).decode()))
    put(tmp_path / "a.png")
    assert seen(tmp_path) == ["embedded-differs"]


def test_a_large_header_in_image_data_is_read_to_its_end(tmp_path):
    exif = Image.Exif()
    stream = BytesIO()
    noise = Image.effect_noise((600, 600), 100).convert("RGB")
    noise.save(stream, "PNG", exif=exif, icc_profile=os.urandom(200_000))
    put(tmp_path / "a.json", labelme(data=b64encode(stream.getvalue()).decode(), size=(600, 600)))
    assert seen(tmp_path) == ["embedded-only"]


def test_a_torn_image_is_told_only_when_pixels_are_opened(tmp_path):
    put(tmp_path / "a.json", labelme(size=(64, 64)))
    whole = picture((64, 64), "BMP")
    put(tmp_path / "a.png", whole[: len(whole) // 2])
    assert seen(tmp_path, pixels=True) == ["image-corrupt"]
    assert seen(tmp_path) == ["wrong-extension"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"{", "torn-file"),
        (b"{]", "not-json"),
        (b'{"images": []}', "not-labelme"),
        (b'"\xff"', "bad-text"),
        (b"", "torn-file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_finding(tmp_path, content, rule):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    os.utime(path, (0, 0))
    annotation, found = look_at(tmp_path, "a.json", judge=check_annotation)
    assert annotation is None
    assert [finding.rule for finding in found.findings] == [rule]


def test_a_file_that_vanished_is_one_finding(tmp_path):
    assert seen(tmp_path) == ["unreadable"]


def test_a_file_that_is_being_saved_is_read_when_it_is_whole(tmp_path):
    content, path = labelme(), tmp_path / "a.json"
    put(tmp_path / "a.png")
    path.write_bytes(content[:40])

    def finish():
        time.sleep(0.2)
        path.write_bytes(content)

    writer = threading.Thread(target=finish)
    writer.start()
    assert seen(tmp_path) == []
    writer.join()


def test_labels_that_can_be_a_class_are_counted(tmp_path):
    points = [[1, 1], [5, 1], [3, 4]]
    shapes = [
        {"label": label, "points": points, "shape_type": "polygon"} for label in ("a", "b", "a", "__ignore__")
    ]
    shapes += [{"label": "nose", "points": [[1, 1]], "shape_type": "point"}, 3]
    put(tmp_path / "a.json", labelme(shapes=shapes))
    put(tmp_path / "a.png")
    found = look(tmp_path)
    assert (found.labels, found.shapes) == ((("a", 2), ("b", 1)), 6)
    assert [finding.rule for finding in found.findings] == ["bad-shape"]
