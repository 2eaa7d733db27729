"""`workbench check` as people and programs use it."""

import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from workbench.cli import main
from workbench.errors import BAD_CONFIG, FAILED, NO_INPUT, OK, USAGE

KEYS = {"files", "shapes", "errors", "warnings", "findings"}


def scene(seed=0, size=(64, 48)):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
    stream = BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()


def shape(label="cat", x=5.0, kind="polygon", **more):
    points = [[x, 5], [x + 20, 5], [x + 20, 25], [x, 25]]
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def write(folder, name, *shapes, seed=None, **more):
    folder.mkdir(parents=True, exist_ok=True)
    document = {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": f"{name}.jpg"}
    document |= {"imageData": None, "imageHeight": 48, "imageWidth": 64, **more}
    (folder / f"{name}.json").write_text(json.dumps(document))
    if seed is not None:
        (folder / f"{name}.jpg").write_bytes(scene(seed))


@pytest.fixture
def folder(tmp_path):
    """Three sound files of two classes, twelve shapes each."""
    for number in range(3):
        write(tmp_path / "set", f"{number}", *[shape(label) for label in ("cat", "dog") * 6], seed=number)
    (tmp_path / "set" / "labels.txt").write_text("__ignore__\ncat\ndog\n")
    return tmp_path / "set"


@pytest.fixture
def project(folder):
    home = folder.parent / "project"
    home.mkdir()
    (home / "project.toml").write_text(
        'annotations = "../set"\ncategories = ["cat", "dog"]\n[split]\nval = 0.3\n'
    )
    return home


def check(capsys, *words):
    code = main(["check", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def rules(document):
    return [finding["rule"] for finding in document["findings"]]


def test_a_sound_folder_is_fine(folder, capsys):
    code, document = check(capsys, folder)
    assert code == OK
    assert document.keys() >= KEYS
    assert (document["files"], document["shapes"], document["errors"], document["warnings"]) == (3, 36, 0, 0)
    assert document["classes"] == [
        {"name": "cat", "shapes": 18, "images": 3}, {"name": "dog", "shapes": 18, "images": 3},
    ]  # fmt: skip


def test_every_finding_has_the_keys_that_programs_rely_on(folder, capsys):
    write(folder, "4", shape("bird"), seed=4)
    code, document = check(capsys, folder, "--labels", folder / "labels.txt")
    assert code == FAILED
    (finding,) = document["findings"]
    assert finding.keys() == {"path", "where", "rule", "level", "message"}
    assert (finding["path"], finding["where"], finding["level"]) == ("4.json", "shapes[0]", "error")


def test_a_warning_alone_exits_with_0(folder, capsys):
    write(folder, "4", seed=4)
    code, document = check(capsys, folder)
    assert (code, rules(document), document["negatives"]) == (OK, ["empty-image"], 1)


def test_a14_a_folder_without_annotations_is_an_error(tmp_path, capsys):
    code, document = check(capsys, tmp_path)
    assert (code, rules(document)) == (FAILED, ["no-annotations"])


def test_json_of_another_kind_is_a_warning_and_no_file_of_ours(folder, capsys):
    (folder / "coco.json").write_text('{"images": [], "annotations": [], "categories": []}')
    code, document = check(capsys, folder)
    assert (code, rules(document), document["files"]) == (OK, ["not-labelme"], 3)


def test_one_annotation_can_be_checked_alone(folder, capsys):
    write(folder, "4", shape("cat", x=60), seed=4)
    code, document = check(capsys, folder / "4.json")
    assert (code, rules(document), document["files"]) == (OK, ["partly-outside"], 1)


def test_a_project_brings_its_classes_and_its_split(project, folder, capsys):
    write(folder, "4", shape("dgo"), seed=4)
    code, document = check(capsys, project)
    assert (code, rules(document)) == (FAILED, ["unknown-label"])
    assert sum(document["parts"].values()) == 4


def test_a_copy_across_the_frozen_split_is_an_error(project, folder, capsys):
    write(folder, "4", *[shape()] * 9, seed=0)
    parts = {"0.jpg": "train", "4.jpg": "val", "1.jpg": "train", "2.jpg": "val"}
    (project / "split.json").write_text(json.dumps({"version": 1, "parts": parts}))
    code, document = check(capsys, project)
    assert code == FAILED
    assert rules(document) == ["split-leak"]


def test_a_copy_within_a_part_is_a_warning(folder, capsys):
    write(folder, "4", shape(), seed=0)
    code, document = check(capsys, folder)
    assert (code, rules(document)) == (OK, ["duplicate-image"])


def test_without_pixels_headers_alone_are_read(folder, capsys):
    torn = scene(7)[:-400]
    write(folder, "4", shape())
    (folder / "4.jpg").write_bytes(torn)
    assert rules(check(capsys, folder, "--no-pixels")[1]) == []
    assert rules(check(capsys, folder)[1]) == ["image-corrupt"]


def test_images_of_another_folder_are_found_when_it_is_named(folder, tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    (folder / "0.jpg").rename(photos / "0.jpg")
    assert rules(check(capsys, folder)[1]) == ["image-missing"]
    assert rules(check(capsys, folder, "--images", photos)[1]) == []


def test_a_coco_file_is_checked_with_its_images(tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(scene())
    outside = {"id": 2, "file_name": "../b.jpg", "width": 9, "height": 9}
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 40}, outside],
        "annotations": [{"id": 0, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4], "area": 16}],
        "categories": [{"id": 1, "name": "cat"}],
    }  # fmt: skip
    (tmp_path / "coco.json").write_text(json.dumps(document))
    code, found = check(capsys, tmp_path / "coco.json")
    assert (code, found["kind"], found["images"], found["shapes"]) == (FAILED, "COCO", 2, 1)
    assert sorted(rules(found)) == [
        "box-only",
        "empty-image",
        "image-outside",
        "size-disagrees",
        "zero-annotation-id",
    ]


def test_nothing_is_ever_written(folder, project, capsys):
    write(folder, "4", shape("dgo"), seed=0)
    before = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.parent.rglob("*")
        if path.is_file()
    }
    check(capsys, project)
    after = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.parent.rglob("*")
        if path.is_file()
    }
    assert before == after


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nowhere"], NO_INPUT),
        ([], USAGE),
        (["set", "--labels", "nowhere.txt"], BAD_CONFIG),
        (["set", "--images", "nowhere"], NO_INPUT),
        (["bad"], BAD_CONFIG),
    ],
)
def test_what_cannot_be_checked_says_so_with_a_code(folder, monkeypatch, capsys, words, code):
    monkeypatch.chdir(folder.parent)
    (folder.parent / "bad").mkdir()
    (folder.parent / "bad" / "project.toml").write_text("annotations = ")
    assert main(["check", *words]) == code
    said = capsys.readouterr()
    assert (said.out, said.err.count("Traceback")) == ("", 0)


def test_people_read_the_rule_the_place_and_how_to_mend_it(folder, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    for number in range(4, 9):
        write(folder, f"{number}", shape("catt"), seed=number)
    assert main(["check", str(folder), "--labels", str(folder / "labels.txt")]) == FAILED
    out = capsys.readouterr().out
    assert "error: unknown-label (5): the label is none of the classes" in out
    assert "4.json: shapes[0]:" in out
    assert "and 2 more (--json lists all)" in out
    assert "→ correct the label, or add the class" in out
    assert re.search(r"cat +18 +3\n", out)
    assert "8 files, 8 images, 41 shapes: 5 errors and 0 warnings" in out.replace("\n", " ")
    assert max(map(len, out.splitlines())) <= 80


def test_labels_cannot_drive_the_terminal(folder, capsys):
    write(folder, "4", shape("\x1b[31mred\nline"), seed=4)
    main(["check", str(folder)])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"\x1b[31mred\nline" in out


def test_real_files_of_every_labelme_are_read_or_reported(shared, capsys):
    code, document = check(capsys, shared / "labelme_corpus", "--no-pixels")
    assert (code, document["files"]) == (FAILED, 142)
    assert {one["rule"] for one in document["findings"] if one["level"] == "error"} == {"image-missing"}


def test_real_coco_files_never_make_it_stumble(shared, capsys):
    files = [*shared.glob("coco_*/**/*.json"), *shared.glob("faces_*/**/*.json")]
    assert len(files) > 30
    for path in files:
        code, document = check(capsys, path, "--no-pixels")
        assert (code == FAILED) is (document["errors"] > 0)
