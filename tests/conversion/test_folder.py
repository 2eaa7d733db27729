"""A bare Labelme folder to one COCO file: by hand, then read by others."""

import json
import subprocess
import sys
from base64 import b64encode

import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.conversion.folders import picture_bytes, put
from tests.drawing import draw, square, stamp
from workbench.cli import main
from workbench.data.annotation import Annotation
from workbench.errors import FAILED, NO_INPUT, OK
from workbench.formats.labelme import write_annotation


@pytest.fixture
def convert(tmp_path, capsys):
    """Convert tmp_path/labels to tmp_path/out.json; return the summary and the file."""

    def convert(*options, expect=OK):
        code = main(
            ["convert", str(tmp_path / "labels"), "--out", str(tmp_path / "out.json"), "--json", *options]
        )
        assert code == expect
        printed = json.loads(capsys.readouterr().out or "null")
        out = tmp_path / "out.json"
        return printed, json.loads(out.read_bytes()) if out.exists() else None

    return convert


@pytest.fixture
def labels(tmp_path):
    return tmp_path / "labels"


def read_ledger(tmp_path):
    return [json.loads(line) for line in (tmp_path / "out.ledger.jsonl").read_text().splitlines()]


def test_a10_all_ids_start_at_1(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    _, coco = convert()
    assert [row["id"] for key in ("images", "annotations", "categories") for row in coco[key]] == [1, 1, 1]
    assert coco["annotations"][0]["image_id"] == coco["annotations"][0]["category_id"] == 1


def test_a09_area_and_box_are_those_of_pycocotools(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    (one,) = convert()[1]["annotations"]
    assert (one["area"], one["bbox"], one["iscrowd"]) == (400, [10, 10, 20, 20], 0)
    assert one["segmentation"] == [[10, 10, 30, 10, 30, 30, 10, 30]]


def test_a11_categories_are_sorted_by_name_whatever_came_first(labels, convert):
    put(labels, "a", square("zebra", 10, 10, 20))
    put(labels, "b", square("ant", 10, 10, 20))
    _, coco = convert()
    assert [(row["id"], row["name"]) for row in coco["categories"]] == [(1, "ant"), (2, "zebra")]


def test_a11_a_list_of_labels_gives_the_order_and_the_ids(labels, convert, tmp_path):
    put(labels, "a", square("ant", 10, 10, 20), square("cow", 40, 40, 9))
    (tmp_path / "labels.txt").write_text("__ignore__\nzebra\nant\n")
    summary, coco = convert("--labels", str(tmp_path / "labels.txt"))
    assert [(row["id"], row["name"]) for row in coco["categories"]] == [(1, "zebra"), (2, "ant")]
    assert summary["ledger"]["skipped"] == {"unknown-label": 1}
    assert summary["findings"]["unknown-label"] == 1


def test_a14_sub_folders_are_searched_and_equal_names_do_not_collide(labels, convert):
    put(labels / "one", "a", square("cat", 10, 10, 20))
    put(labels / "two", "a", square("cat", 10, 10, 30))
    _, coco = convert()
    assert [row["file_name"] for row in coco["images"]] == ["one/a.png", "two/a.png"]


def test_a14_a_folder_without_annotations_is_an_error(labels, convert):
    labels.mkdir()
    convert(expect=NO_INPUT)


def test_a16_an_image_without_shapes_is_kept_as_a_negative(labels, convert):
    put(labels, "a")
    put(labels, "b", square("cat", 10, 10, 20))
    summary, coco = convert()
    assert (summary["images"], len(coco["images"])) == (2, 2)


def test_a17_images_are_referenced_and_never_touched(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    before = (labels / "a.png").read_bytes()
    convert()
    assert (labels / "a.png").read_bytes() == before
    assert sorted(path.name for path in labels.parent.iterdir()) == ["labels", "out.json", "out.ledger.jsonl"]


def test_an_image_that_exists_only_inside_the_json_is_written_out_byte_for_byte_once(
    labels, convert, tmp_path
):
    content = picture_bytes()
    annotation = Annotation(
        image_path="gone.jpg",
        image_size=(100, 80),
        image_data=b64encode(content).decode(),
        shapes=(square("cat", 10, 10, 20),),
    )
    write_annotation(labels / "sub" / "a.json", annotation)
    _, coco = convert()
    assert (labels / coco["images"][0]["file_name"]).read_bytes() == content
    written = tmp_path / "out_images" / "sub" / "a.jpg"
    stamp_before = written.stat().st_mtime_ns
    convert()
    assert written.stat().st_mtime_ns == stamp_before


def test_shapes_in_are_shapes_in_instances_and_shapes_reported(labels, convert, tmp_path):
    put(
        labels,
        "a",
        square("cat", 10, 10, 20, group=1),
        square("hole", 15, 15, 5, group=1),
        draw("cat", (1, 1), kind="point"),
        square("cat", 500, 10, 20),
    )
    put(labels, "b", stamp("cat", 3, 3, np.ones((4, 4))), image=False)
    (labels / "c.json").write_text("{torn")
    summary, coco = convert()
    ledger = summary["ledger"]
    assert ledger == {"shapes": 5, "instances": 3, "skipped": {"not-an-area": 1, "outside": 1}}
    assert summary["files"] == {"read": 3, "refused": {"torn-file": 1}}
    assert summary["annotations"] == len(coco["annotations"]) == 2
    rows = read_ledger(tmp_path)
    assert [(row["annotation"], row["shape"], row["instance"], row["reason"]) for row in rows] == [
        ("a.json", 0, 1, ""),
        ("a.json", 1, 1, ""),
        ("a.json", 2, None, "not-an-area"),
        ("a.json", 3, None, "outside"),
        ("b.json", 0, 2, ""),
        ("c.json", None, None, "torn-file"),
    ]
    assert [row.get("form") for row in rows] == ["rle", "rle", None, None, "rle", None]


def test_strict_writes_nothing_when_a_shape_was_skipped(labels, convert, tmp_path):
    put(labels, "a", square("cat", 10, 10, 20), draw("cat", (1, 1), kind="point"))
    summary, coco = convert("--strict", expect=FAILED)
    assert (summary["out"], coco) == (None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels"]


def test_strict_passes_when_every_shape_reached_the_dataset(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    assert convert("--strict")[1]


def test_a_second_annotation_of_an_image_is_refused_and_its_shapes_are_counted(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    annotation = Annotation(image_path="a.png", image_size=(100, 80), shapes=(square("cat", 1, 1, 9),))
    write_annotation(labels / "b.json", annotation)
    summary, coco = convert()
    assert summary["ledger"]["skipped"] == {"two-annotations": 1}
    assert len(coco["images"]) == 1
    assert summary["findings"]["two-annotations"] == 1


def test_a02_an_image_of_another_size_than_was_labelled_is_refused(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20), size=(100, 80))
    from PIL import Image

    Image.new("RGB", (80, 100)).save(labels / "a.png")
    summary, coco = convert()
    assert summary["ledger"]["skipped"] == {"size-disagrees": 1}
    assert coco["images"] == []


def test_equal_inputs_give_equal_bytes(labels, convert, tmp_path):
    for name in "dbca":
        put(labels, name, square("cat", 10, 10, 20), square("dog", 40, 30, 20, group=1))
    convert()
    first = (tmp_path / "out.json").read_bytes(), (tmp_path / "out.ledger.jsonl").read_bytes()
    convert()
    assert ((tmp_path / "out.json").read_bytes(), (tmp_path / "out.ledger.jsonl").read_bytes()) == first


def test_one_core_and_several_give_equal_bytes(labels, tmp_path):
    for number in range(150):
        put(labels, f"{number:03d}", square("cat", 10, 10, 20 + number % 40), image=number < 5)
    contents = set()
    for cores in (1, 2):
        few = f"import workbench.parallel as p; p.available_cores = lambda: {cores}"
        code = f"{few}; from workbench.cli import main; main()"
        out = tmp_path / f"{cores}.json"
        subprocess.run([sys.executable, "-c", code, "convert", str(labels), "--out", str(out)], check=True)
        contents.add(out.read_bytes())
    assert len(contents) == 1


def test_rle_may_be_asked_for(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20))
    (one,) = convert("--rle")[1]["annotations"]
    assert one["segmentation"]["size"] == [80, 100]


def test_pycocotools_reads_every_mask_with_the_area_that_is_written(labels, convert, tmp_path):
    put(
        labels,
        "a",
        draw("cat", (50, 40), (50, 20), kind="circle"),
        square("cat", 10, 10, 20, group=1),
        square("hole", 15, 15, 5, group=1),
        stamp("dog", 3, 3, np.eye(9)),
        square("dog", -5, 60, 30),
    )
    convert()
    coco = COCO(str(tmp_path / "out.json"))
    for one in coco.loadAnns(coco.getAnnIds()):
        mask = coco.annToMask(one)
        ys, xs = np.nonzero(mask)
        assert one["area"] == mask.sum()
        assert one["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]


def test_detectron2_reads_every_instance_and_drops_none(labels, convert, tmp_path):
    detectron2 = pytest.importorskip("detectron2.data.datasets")
    put(
        labels,
        "a",
        square("cat", 10, 10, 20, group=1),
        square("hole", 15, 15, 5, group=1),
        square("dog", 50, 30, 9),
    )
    put(labels, "b")
    summary, _ = convert()
    records = detectron2.load_coco_json(str(tmp_path / "out.json"), str(labels))
    assert len(records) == summary["images"] == 2
    assert sum(len(record["annotations"]) for record in records) == summary["annotations"] == 2
    assert all(one["segmentation"] for record in records for one in record["annotations"])


def test_the_chipset_photographs_give_an_instance_for_each_of_their_polygons(shared, convert, tmp_path):
    """The published set has 149 photographs with 178 polygons; a part of it may lie here."""
    files = list((shared / "chipset_mcu").glob("t*/*.json"))
    polygons = sum(len(json.loads(path.read_bytes())["shapes"]) for path in files)
    (tmp_path / "labels").symlink_to(shared / "chipset_mcu")
    summary, _ = convert("--strict")
    assert (summary["images"], summary["annotations"], summary["categories"]) == (len(files), polygons, 4)
    assert polygons == 178 or len(files) < 149
    assert summary["ledger"] == {"shapes": polygons, "instances": polygons, "skipped": {}}


def test_every_file_of_the_real_corpus_is_converted_or_refused_with_a_reason(shared, convert, tmp_path):
    (tmp_path / "labels").symlink_to(shared / "labelme_corpus")
    summary, _ = convert()
    found = len(list((shared / "labelme_corpus").rglob("*.json")))
    assert summary["files"]["read"] == found
    assert summary["images"] + sum(summary["files"]["refused"].values()) == found
    ledger = summary["ledger"]
    assert ledger["shapes"] == ledger["instances"] + sum(ledger["skipped"].values())


@pytest.mark.parametrize("deep", ["[" * 600 + "]" * 600, '{"a":' * 300 + "1" + "}" * 300, "1" + "0" * 40])
@pytest.mark.parametrize("key", ["flags", "extra"])
def test_what_is_nested_or_large_without_end_stops_nothing(labels, convert, key, deep):
    path = put(labels, "a", square("cat", 10, 10, 20))
    text = path.read_text().replace('"flags": {},', "", 1)
    path.write_text(f'{{"{key}": {{"x": {deep}}}, {text.lstrip()[1:]}')
    put(labels, "b", square("dog", 10, 10, 20))
    result, _ = convert()
    assert result["files"]["read"] == 2
    assert result["images"] == 2 - sum(result["files"]["refused"].values())


def test_a_folder_in_which_one_file_has_hundreds_of_shapes_is_converted(labels, convert):
    put(labels, "a", *(square("cat", x, y, 4) for x in range(0, 90, 5) for y in range(0, 75, 5)))
    assert convert()[0]["annotations"] == 270


def test_a_declared_size_that_nothing_can_be_drawn_on_refuses_only_its_file(labels, convert):
    put(labels, "a", square("cat", 10, 10, 20), size=(1_000_000, 1), image=False)
    put(labels, "b", square("cat", 10, 10, 20))
    result, _ = convert()
    assert (result["images"], result["files"]["refused"]) == (1, {"image-too-large": 1})


@pytest.mark.parametrize("spoil", [lambda text: text[:-3], lambda text: text[: len(text) // 2 // 4 * 4 + 1]])
def test_image_data_that_is_torn_behind_its_header_refuses_or_keeps_its_file_only(labels, convert, spoil):
    put(labels, "b", square("cat", 10, 10, 20))
    data = spoil(b64encode(picture_bytes((600, 400))).decode())
    annotation = Annotation(
        image_path="gone.jpg", image_size=(600, 400), image_data=data, shapes=(square("cat", 1, 1, 9),)
    )
    write_annotation(labels / "a.json", annotation)
    result, _ = convert()
    assert result["findings"]["bad-image-data"] == 1
    assert (result["images"], result["ledger"]["instances"]) == (2, 2)
