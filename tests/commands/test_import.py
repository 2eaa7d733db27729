"""`workbench import` as people type it."""

import json
import os
from pathlib import Path

import pytest

from tests.importing.sources import paint, put
from tests.importing.test_coco import dataset
from tests.importing.test_via import SQUARE, entry
from workbench.cli import main
from workbench.formats.labelme import read_annotation

BOX = {"bbox": [1, 2, 10, 5]}


@pytest.fixture
def via(tmp_path: Path) -> Path:
    other = {"name": "cloud"}
    return put(tmp_path / "in", {"v.json": {"k": entry((SQUARE, {}), (other, {}))}, "a.jpg": (40, 30)})


def run(capsys, *words: object) -> tuple[int, str, str]:
    code = main(["import", *map(str, words)])
    return code, *capsys.readouterr()


def test_json_has_the_counts_and_nothing_else_on_stdout(tmp_path: Path, via: Path, capsys):
    code, out, err = run(capsys, via, "--out", tmp_path / "out", "--json")
    report = json.loads(out)
    assert code == 0
    assert {key: report[key] for key in ("images", "shapes", "skipped", "out")} == {
        "images": 1, "shapes": 1, "skipped": {"unknown-kind": 1}, "out": str(tmp_path / "out"),
    }  # fmt: skip
    assert "looks like via" in err


def test_the_lines_for_people_name_each_reason_with_an_example(tmp_path: Path, via: Path, capsys):
    _, out, _ = run(capsys, via, "--format", "via", "--out", tmp_path / "out")
    assert out.splitlines()[0] == f"1 images, 1 shapes of 1 classes → {tmp_path / 'out'}"
    assert "unknown-kind: v.json: regions[1]: VIA's shapes are" in out


def test_strict_exits_with_1_when_anything_was_skipped(tmp_path: Path, via: Path, capsys):
    assert run(capsys, via, "--out", tmp_path / "out", "--strict")[0] == 1


def test_an_unreadable_file_exits_with_65_in_one_line(tmp_path: Path, capsys):
    put(tmp_path, {"v.json": "{"})
    code, out, err = run(capsys, tmp_path / "v.json", "--format", "via", "--out", tmp_path / "out")
    assert (code, out, len(err.splitlines())) == (65, "", 1)
    assert "v.json: line 1: the file must be whole JSON" in err


def test_one_unreadable_file_of_many_exits_with_65_after_the_others(tmp_path: Path, capsys):
    good = "<annotation><filename>a.jpg</filename></annotation>"
    put(tmp_path / "in", {"a.xml": good, "b.xml": "<", "a.jpg": (40, 30)})
    code, out, err = run(capsys, tmp_path / "in", "--format", "voc", "--out", tmp_path / "out", "--json")
    assert (code, json.loads(out)["images"], json.loads(out)["skipped"]) == (65, 1, {"not-xml": 1})
    assert "b.xml: " in err


def test_a_source_that_is_not_there_exits_with_66(tmp_path: Path, capsys):
    assert run(capsys, tmp_path / "nothing", "--format", "via", "--out", tmp_path / "out")[0] == 66
    put(tmp_path, {"v.json": {}})
    assert (
        run(
            capsys,
            tmp_path / "v.json",
            "--images",
            tmp_path / "none",
            "--format",
            "via",
            "--out",
            tmp_path / "o",
        )[0]
        == 66
    )


def test_a_format_is_guessed_only_when_one_fits(tmp_path: Path, capsys):
    put(tmp_path / "in", {"c.json": dataset(BOX), "v.json": {"k": entry((SQUARE, {}))}, "a.jpg": (40, 30)})
    code, _, err = run(capsys, tmp_path / "in", "--out", tmp_path / "out")
    assert code == 65
    assert "could be coco or via; say it with --format" in err
    assert run(capsys, tmp_path / "in" / "c.json", "--out", tmp_path / "out")[0] == 0


@pytest.mark.parametrize(
    ("name", "content", "guess"),
    [
        ("x.json", dataset(BOX), "coco"),
        ("x.json", [{"data": {"image": "a.jpg"}, "annotations": []}], "labelstudio"),
        ("x.xml", "<annotations/>", "cvat"),
        ("x.xml", "<annotation><filename>a.jpg</filename></annotation>", "voc"),
        ("x.csv", "ImageId,EncodedPixels\na.jpg,1 2\n", "rle-csv"),
        ("labels/x.txt", "0 .5 .5 .5 .5\n", "yolo"),
    ],
)
def test_each_format_is_known_by_its_content(tmp_path: Path, capsys, name: str, content, guess: str):
    put(tmp_path / "in", {name: content, "a.jpg": (40, 30)})
    assert f"looks like {guess}" in run(capsys, tmp_path / "in", "--out", tmp_path / "out")[2]


def test_images_are_the_same_file_or_the_same_bytes(tmp_path: Path, via: Path, capsys):
    run(capsys, via, "--out", tmp_path / "linked")
    run(capsys, via, "--out", tmp_path / "copied", "--copy")
    assert (tmp_path / "linked" / "a.jpg").samefile(via / "a.jpg")
    assert not (tmp_path / "copied" / "a.jpg").samefile(via / "a.jpg")
    assert (tmp_path / "copied" / "a.jpg").read_bytes() == (via / "a.jpg").read_bytes()


def test_the_second_run_changes_nothing(tmp_path: Path, via: Path, capsys):
    for _ in range(2):
        assert run(capsys, via, "--out", tmp_path / "out")[0] == 0
        seen = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert seen == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(seen["ledger.jsonl"].splitlines()) == 2


@pytest.mark.parametrize("name", ["a.json", "a.jpg", "labels.txt", "ledger.jsonl"])
def test_a_file_of_a_person_is_never_written_over(tmp_path: Path, via: Path, capsys, name: str):
    mine = put(tmp_path / "out", {name: "mine"}) / name
    code, _, err = run(capsys, via, "--out", tmp_path / "out")
    assert (code, mine.read_text()) == (73, "mine")
    assert f"{name}: must" in err


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path, capsys):
    put(tmp_path / "in", {"sub/v.json": {"k": entry((SQUARE, {}))}, "sub/a.jpg": (40, 30)})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    _, out, _ = run(capsys, tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert json.loads(out)["skipped"] == {"unsafe-name": 1}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_link_to_an_image_outside_is_not_followed(tmp_path: Path, capsys):
    secret = paint(tmp_path / "secret.jpg")
    put(tmp_path / "in", {"v.json": {"k": entry((SQUARE, {}))}})
    (tmp_path / "in" / "a.jpg").symlink_to(secret)
    assert json.loads(run(capsys, tmp_path / "in", "--out", tmp_path / "o", "--json")[1])["skipped"] == {
        "image-missing": 1
    }


def test_the_output_may_lie_inside_the_source(tmp_path: Path, via: Path, capsys):
    for _ in range(2):
        assert run(capsys, via / "v.json", "--images", via, "--out", via / "out")[0] == 0
    assert sorted(path.name for path in (via / "out").iterdir()) == [
        "a.jpg",
        "a.json",
        "labels.txt",
        "ledger.jsonl",
    ]


def test_the_output_may_be_the_folder_of_the_images(tmp_path: Path, via: Path, capsys):
    images = put(tmp_path / "images", {"a.jpg": (40, 30)})
    assert run(capsys, via / "v.json", "--images", images, "--out", images)[0] == 0
    assert read_annotation(images / "a.json").image_path == "a.jpg"


def test_two_images_of_one_stem_get_a_json_each(tmp_path: Path, capsys):
    entries = {"k": entry((SQUARE, {})), "l": entry((SQUARE, {}), name="a.png")}
    put(tmp_path / "in", {"v.json": entries, "a.jpg": (40, 30), "a.png": (40, 30)})
    _, out, _ = run(capsys, tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert json.loads(out)["noted"] == {"renamed": 1}
    assert read_annotation(tmp_path / "out" / "a_png.json").image_path == "a_png.png"


def test_an_image_that_is_described_twice_is_reported(tmp_path: Path, capsys):
    put(tmp_path / "in", {"v.json": {"k": entry((SQUARE, {})), "l": entry((SQUARE, {}))}, "a.jpg": (40, 30)})
    _, out, _ = run(capsys, tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert json.loads(out)["skipped"] == {"image-twice": 1}


def test_a_label_that_labels_do_not_list_is_reported(tmp_path: Path, capsys):
    put(
        tmp_path,
        {"in/v.json": {"k": entry((SQUARE, {"class": "dog"}))}, "in/a.jpg": (40, 30), "l.txt": "cat\ncow\n"},
    )
    _, out, _ = run(
        capsys, tmp_path / "in", "--out", tmp_path / "out", "--labels", tmp_path / "l.txt", "--json"
    )
    assert json.loads(out)["skipped"] == {"unknown-label": 1}
    assert json.loads(out)["labels"] == ["cat", "cow"]


def test_a_second_import_into_one_folder_keeps_the_first_ledger(tmp_path: Path, capsys):
    for name in ("a", "b"):
        put(
            tmp_path / name,
            {"v.json": {"k": entry((SQUARE, {}), name=f"{name}.jpg")}, f"{name}.jpg": (40, 30)},
        )
        assert run(capsys, tmp_path / name, "--out", tmp_path / "out")[0] == 0
    assert len((tmp_path / "out" / "ledger.jsonl").read_text().splitlines()) == 2


def test_a_bomb_of_an_image_is_a_reason(tmp_path: Path, capsys):
    head = b"P6\n60000 60000\n255\n"
    put(tmp_path / "in", {"v.json": {"k": entry((SQUARE, {}), name="a.ppm")}, "a.ppm": head})
    _, out, _ = run(capsys, tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert json.loads(out)["skipped"] == {"image-too-large": 1}


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, via: Path, capsys, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run(capsys, via, "--out", tmp_path / "out")
    assert code == 74
    assert "the disk is full" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.jpg"]
