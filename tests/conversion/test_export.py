"""A Labelme folder to YOLO or VOC: nothing outside is touched, and no labels take the place of others."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from defusedxml import ElementTree

from tests.conversion.folders import picture_bytes, put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.data.annotation import Annotation
from workbench.errors import OK
from workbench.files import link_or_copy
from workbench.formats.labelme import write_annotation

CAT = square("cat", 10, 10, 20)


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "labels"


def export(root: Path, to: str, capsys) -> tuple[dict, set[str]]:
    """Return the summary, and the names of all files that were written."""
    out = root.parent / "out"
    assert main(["convert", str(root), "--to", to, "--out", str(out), "--json"]) == OK
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    return json.loads(capsys.readouterr().out), names


def put_nowhere(root: Path, name: str, image_path: str, **more) -> None:
    annotation = Annotation(image_path=image_path, image_size=(100, 80), shapes=(CAT,), **more)
    write_annotation(root / f"{name}.json", annotation)


@pytest.mark.parametrize("to", ["yolo", "voc"])
@pytest.mark.parametrize(
    "wanted", ["../secret.png", "{home}/secret.png", "sub/../../secret.png", "..", "/", "C:/x.png", "a.json"]
)
def test_a13_an_image_path_that_leaves_the_folder_neither_brings_nor_puts_anything(root, to, wanted, capsys):
    put_nowhere(root, "a", wanted.format(home=root.parent))
    (root.parent / "secret.png").write_bytes(picture_bytes(kind="PNG"))
    before = {path.name for path in root.parent.iterdir()}
    result, names = export(root, to, capsys)
    assert result["annotations"] == 1
    assert {path.name for path in root.parent.iterdir()} == before | {"out"}
    assert not [name for name in names if "secret" in name or name.endswith(".json")]
    assert [name for name in names if name in ("labels/a.txt", "Annotations/a.xml")]


def test_a14_images_that_differ_in_their_ending_have_labels_of_their_own(root, capsys):
    for suffix in ("png", "jpg"):
        put_nowhere(root, f"of_{suffix}", f"a.{suffix}")
        (root / f"a.{suffix}").write_bytes(picture_bytes(kind="PNG" if suffix == "png" else "JPEG"))
    _, names = export(root, "yolo", capsys)
    assert {"labels/a.txt", "labels/a_png.txt", "images/a.jpg", "images/a_png.png"} <= names


def test_of_two_annotations_of_one_image_the_second_is_refused_and_the_image_stays_as_it_is(root, capsys):
    put(root, "a", CAT)
    put_nowhere(root, "b", "a.png")
    before = (root / "a.png").read_bytes()
    result, _ = export(root, "yolo", capsys)
    assert result["files"]["refused"] == {"two-annotations": 1}
    assert result["ledger"] == {"shapes": 2, "instances": 1, "skipped": {"two-annotations": 1}}
    assert (root / "a.png").read_bytes() == before


@pytest.mark.parametrize("to", ["yolo", "voc"])
def test_an_image_that_is_only_inside_its_json_goes_among_the_others(root, to, capsys):
    content = picture_bytes()
    put_nowhere(root, "a", "gone.jpg", image_data=b64encode(content).decode())
    _, names = export(root, to, capsys)
    folder = {"yolo": "images", "voc": "JPEGImages"}[to]
    assert (root.parent / "out" / folder / "a.jpg").read_bytes() == content
    assert not [name for name in names if "embedded" in name]


def test_a_file_name_that_is_too_long_for_a_disk_does_not_stop_the_others(root, capsys):
    put_nowhere(root, "a", "x" * 300 + ".png")
    _, names = export(root, "voc", capsys)
    assert "Annotations/a.xml" in names


def test_a_label_that_no_xml_can_hold_is_made_visible(root, capsys):
    put(root, "a", square("\x1b[31mred", 10, 10, 20))
    export(root, "voc", capsys)
    tree = ElementTree.parse(root.parent / "out" / "Annotations" / "a.xml")
    assert tree.findtext("object/name") == "\\x1b[31mred"


def test_a_link_to_a_persons_image_is_never_written_through(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    link_or_copy(tmp_path / "a", tmp_path / "out" / "x")
    with pytest.raises(FileExistsError):
        link_or_copy(tmp_path / "b", tmp_path / "out" / "x")
    assert (tmp_path / "a").read_text() == "a"


def test_a_project_is_exported_in_the_parts_of_its_frozen_split(tmp_path, capsys):
    project = put_project(tmp_path, ["cat"], more="[split]\nhash_distance = -1\n")
    for name in "abcdefgh":
        put(tmp_path / "annotations/p", name, CAT)
    assert main(["convert", str(project), "--to", "yolo", "--out", str(tmp_path / "out"), "--json"]) == OK
    frozen = json.loads((project / "split.json").read_bytes())["parts"]
    found = {path.name: path.parent.name for path in (tmp_path / "out/images").rglob("*.png")}
    assert found == frozen and set(found.values()) == {"train", "val"}
    assert len(list((tmp_path / "out/labels/val").iterdir())) == list(frozen.values()).count("val")
    assert (
        (tmp_path / "out/data.yaml").read_text().startswith("path: .\ntrain: images/train\nval: images/val\n")
    )


def test_a_folder_without_a_split_names_all_its_images_for_training_and_validation(root, capsys):
    put(root, "a", CAT)
    export(root, "yolo", capsys)
    assert "train: images\nval: images\n" in (root.parent / "out/data.yaml").read_text()
