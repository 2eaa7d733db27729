"""A project to its dataset folder: splits, pictures, fingerprints, and what others read of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conversion.folders import put, put_project
from tests.drawing import draw, square
from workbench.cli import main
from workbench.errors import BAD_DATA, FAILED, OK

PANOPTIC = {
    "task": "panoptic",
    "stuff": ["board", "table"],
    "more": 'unlabelled = "table"\n[split]\nhash_distance = -1\n',
}


@pytest.fixture
def convert(tmp_path, capsys):
    def convert(*options, expect=OK):
        assert main(["convert", str(tmp_path / "projects" / "p"), "--json", *options]) == expect
        return json.loads(capsys.readouterr().out or "null")

    return convert


@pytest.fixture
def chips(tmp_path):
    """Ten images of chips on a board."""
    put_project(tmp_path, ["chip", "pin"], **PANOPTIC)
    labels = tmp_path / "annotations" / "p"
    for number in range(10):
        pins = [square("pin", 20 + 8 * step, 25, 4) for step in range(number % 3)]
        put(labels, f"{number:02d}", square("board", 5, 5, 60), square("chip", 15, 20, 30 + number), *pins)
    return labels


def read(summary, name):
    return json.loads((Path(summary["out"]) / name).read_bytes())


def test_every_image_is_in_one_part_and_every_shape_in_the_ledger(chips, convert):
    summary = convert()
    assert {part: row["images"] for part, row in summary["parts"].items()} == {"train": 8, "val": 2}
    assert summary["ledger"]["shapes"] == summary["ledger"]["instances"] == 20 + 9
    rows = [json.loads(line) for line in (Path(summary["out"]) / "ledger.jsonl").read_text().splitlines()]
    assert len(rows) == 29 and {row["part"] for row in rows} == {"train", "val"}


def test_the_split_is_frozen_and_a_new_image_never_moves_an_old_one(chips, convert, tmp_path):
    convert()
    before = json.loads((tmp_path / "projects/p/split.json").read_bytes())["parts"]
    for number in range(10, 16):
        put(chips, f"{number:02d}", square("chip", 15, 20, 30 + number))
    convert()
    after = json.loads((tmp_path / "projects/p/split.json").read_bytes())["parts"]
    assert len(after) == 16 and before.items() <= after.items()


def test_a_second_run_finds_the_dataset_unchanged(chips, convert):
    first = convert()
    again = convert()
    assert (first["reused"], again["reused"]) == (False, True)
    assert {**first, "reused": True} == again


def test_any_change_of_labels_images_classes_or_split_gives_another_folder(chips, convert, tmp_path):
    names = {convert()["fingerprint"]}
    put(chips, "00", square("chip", 15, 20, 31))
    names.add(convert()["fingerprint"])
    picture = Image.open(chips / "01.png").convert("RGB")
    picture.putpixel((0, 0), (1, 2, 3))
    picture.save(chips / "01.png")
    names.add(convert()["fingerprint"])
    project = tmp_path / "projects/p/project.toml"
    project.write_text(project.read_text().replace('"chip", "pin"', '"pin", "chip"'))
    names.add(convert()["fingerprint"])
    assert len(names) == 4


def test_equal_inputs_give_equal_bytes_in_another_place(chips, convert, tmp_path):
    summary = convert()
    import shutil

    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "annotations", elsewhere / "annotations")
    (elsewhere / "projects/p").mkdir(parents=True)
    shutil.copy(tmp_path / "projects/p/project.toml", elsewhere / "projects/p")
    assert main(["convert", str(elsewhere / "projects/p"), "--json"]) == OK
    one, other = Path(summary["out"]), elsewhere / "projects/p/datasets" / summary["fingerprint"]
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) == 6 + 30
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in files)


def test_a_dataset_folder_that_somebody_changed_is_refused(chips, convert):
    summary = convert()
    path = Path(summary["out"]) / "val.json"
    path.write_bytes(path.read_bytes().replace(b"chip", b"chop"))
    convert(expect=BAD_DATA)


def test_a_given_folder_with_other_files_is_never_written_into(chips, convert, tmp_path):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    convert("--out", str(out), expect=BAD_DATA)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_strict_leaves_no_folder_and_no_split(chips, convert, tmp_path):
    put(chips, "99", draw("chip", (1, 1), kind="point"))
    assert convert("--strict", expect=FAILED)["out"] is None
    assert not (tmp_path / "projects/p/split.json").exists()
    assert list((tmp_path / "projects/p/datasets").iterdir()) == []


def test_a_refused_file_is_counted_and_in_no_part(chips, convert):
    (chips / "zz.json").write_text("{torn")
    put(chips, "zy", square("chip", 1, 1, 9), size=(100, 80))
    Image.new("RGB", (80, 100)).save(chips / "zy.png")
    summary = convert()
    assert summary["files"] == {"read": 12, "refused": {"torn-file": 1, "size-disagrees": 1}}
    assert summary["ledger"]["skipped"] == {"size-disagrees": 1}
    assert summary["images"] == 10


def test_a12_semantic_pictures_are_of_mode_l_with_255_for_what_is_ignored(tmp_path, convert):
    put_project(tmp_path, ["cat"], task="semantic", stuff=["grass"])
    for name in "abcdef":
        put(tmp_path / "annotations/p", name, square("cat", 10, 10, 20), square("grass", 50, 50, 10))
    summary = convert()
    picture = Image.open(next(Path(summary["out"]).glob("semantic_train/*.png")))
    values, counts = np.unique(np.asarray(picture), return_counts=True)
    assert picture.mode == "L"
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {0: 400, 1: 100, 255: 8000 - 500}


def test_separated_pictures_have_0_for_things_and_stuff_from_1(chips, convert):
    summary = convert()
    for picture in Path(summary["out"]).glob("separated_*/*.png"):
        assert set(np.unique(np.asarray(Image.open(picture))).tolist()) == {0, 1, 2}


def test_panoptic_ids_areas_and_boxes_are_those_of_the_pixels(chips, convert):
    summary = convert()
    names = {1: "chip", 2: "pin", 3: "board", 4: "table"}
    for part in ("train", "val"):
        panoptic = read(summary, f"panoptic_{part}.json")
        assert {row["id"]: row["name"] for row in panoptic["categories"]} == names
        for one in panoptic["annotations"]:
            colors = np.asarray(
                Image.open(Path(summary["out"]) / f"panoptic_{part}" / one["file_name"])
            ).astype(int)
            ids = colors @ [1, 256, 65536]
            assert set(np.unique(ids)) == {row["id"] for row in one["segments_info"]}
            for row in one["segments_info"]:
                ys, xs = np.nonzero(ids == row["id"])
                assert row["area"] == len(xs)
                assert row["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]


def test_the_ledger_says_how_much_of_an_instance_stays_visible(chips, convert):
    summary = convert()
    rows = [json.loads(line) for line in (Path(summary["out"]) / "ledger.jsonl").read_text().splitlines()]
    assert all(row["visible"] == 1 for row in rows if row["label"] == "pin")
    assert all(0 < row["visible"] < 1 for row in rows if row["label"] == "board")


def test_images_of_one_stem_keep_pictures_of_their_own(tmp_path, convert):
    put_project(tmp_path, ["cat"], **PANOPTIC)
    labels = tmp_path / "annotations/p"
    for name in ("a", "sub/a", "b", "c", "d"):
        put(labels, name, square("cat", 10, 10, 20))
    Image.open(labels / "a.png").save(labels / "a.jpg")
    (labels / "a_jpg.json").write_text((labels / "a.json").read_text().replace("a.png", "a.jpg"))
    summary = convert()
    found = [
        one["file_name"]
        for part in summary["parts"]
        for one in read(summary, f"panoptic_{part}.json")["annotations"]
    ]
    assert sorted(found) == ["a.jpg.png", "a.png.png", "b.png", "c.png", "d.png", "sub/a.png"]


def test_lists_of_a_person_win(chips, convert, tmp_path):
    project = tmp_path / "projects/p"
    toml = (project / "project.toml").read_text()
    (project / "project.toml").write_text(toml + '[split.lists]\nval = "val.txt"\n')
    (project / "val.txt").write_text("00.png\n01\n05.json\n")
    summary = convert()
    assert sorted(row["file_name"] for row in read(summary, "val.json")["images"]) == [
        "00.png",
        "01.png",
        "05.png",
    ]


def test_detectron2_loads_instances_and_the_separated_form_with_nothing_dropped(chips, convert):
    pytest.importorskip("detectron2")
    from detectron2.data.datasets import load_coco_json, load_sem_seg

    summary = convert()
    out = Path(summary["out"])
    loaded = 0
    for part in ("train", "val"):
        records = load_coco_json(str(out / f"{part}.json"), str(chips))
        loaded += sum(len(record["annotations"]) for record in records)
        assert all(Path(record["file_name"]).is_file() for record in records)
    assert loaded == summary["annotations"] == 10 + 9
    assert len(load_sem_seg(str(out / "separated_train"), str(chips), image_ext="png")) == 8


def test_detectron2_loads_the_panoptic_form(tmp_path, convert):
    pytest.importorskip("detectron2")
    from detectron2.data.datasets.coco_panoptic import load_coco_panoptic_json

    put_project(tmp_path, ["cat"], **PANOPTIC)
    labels = tmp_path / "annotations/p"
    for name in "abcdef":
        path = put(labels, name, square("cat", 10, 10, 20))
        Image.open(path.with_suffix(".png")).save(path.with_suffix(".jpg"))
        path.with_suffix(".png").unlink()
        path.write_text(path.read_text().replace(".png", ".jpg"))
    summary = convert()
    out = Path(summary["out"])
    ids = {1: 0}, {2: 0, 3: 1}
    meta = {"thing_dataset_id_to_contiguous_id": ids[0], "stuff_dataset_id_to_contiguous_id": ids[1]}
    records = load_coco_panoptic_json(
        str(out / "panoptic_train.json"), str(labels), str(out / "panoptic_train"), meta
    )
    assert len(records) == summary["parts"]["train"]["images"]
    assert all(
        Path(record["file_name"]).is_file() and len(record["segments_info"]) == 2 for record in records
    )


def test_panopticapi_scores_the_truth_against_itself_as_perfect(chips, convert):
    evaluation = pytest.importorskip("panopticapi.evaluation")
    summary = convert()
    out = Path(summary["out"])
    truth = out / "panoptic_val.json"
    scores = evaluation.pq_compute(
        str(truth), str(truth), str(out / "panoptic_val"), str(out / "panoptic_val")
    )
    assert scores["All"]["pq"] == pytest.approx(1.0)


def test_fiftyone_reads_every_instance(chips, convert):
    pytest.importorskip("fiftyone")
    import fiftyone.utils.coco as fouc

    summary = convert()
    info, classes, _, images, annotations = fouc.load_coco_detection_annotations(
        str(Path(summary["out"]) / "train.json")
    )
    del info
    assert sum(len(rows) for rows in annotations.values()) == summary["parts"]["train"]["annotations"]
    assert len(images) == summary["parts"]["train"]["images"]
    names = list(classes.values()) if isinstance(classes, dict) else list(classes)
    assert "chip" in str(names) and "pin" in str(names)
