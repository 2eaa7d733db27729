"""`workbench evaluate` on plain files: equal to pycocotools in every spelling, and a line for each bad file."""

import copy
import json
import random
import xml.etree.ElementTree as ElementTree

import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from pycocotools import mask as coco_mask

from tests.evaluation.coco.test_coco_scores import (
    TWELVE,
    answer,
    box_ring,
    draw_case,
    make_truth,
    referee,
    rle,
    truth_row,
    uncompressed,
)
from workbench.cli import main

SQUARE = [10, 10, 40, 40]


class Files:
    """A truth and predictions, written and judged."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        self.truth, self.predictions = folder / "gt.json", folder / "dt.json"

    def write(self, truth, predictions):
        for path, content in ((self.truth, truth), (self.predictions, predictions)):
            if content is not None:
                path.write_text(content if isinstance(content, str) else json.dumps(content))

    def evaluate(self, *words, code=0):
        typed = ["evaluate", "--truth", str(self.truth), "--predictions", str(self.predictions), *words]
        assert main(typed) == code
        return self.capsys.readouterr()

    def judge(self, truth, predictions, *words):
        self.write(truth, predictions)
        return json.loads(self.evaluate("--json", *words).out)

    def complain(self, truth, predictions, *words):
        self.write(truth, predictions)
        shown = self.evaluate(*words, code=65)
        assert shown.out == ""
        (line,) = shown.err.splitlines()
        return line


@pytest.fixture
def files(tmp_path, capsys):
    return Files(tmp_path, capsys)


def twelve(document, kind):
    return [document[kind][key] for key in TWELVE]


def check(files, truth, predictions, kinds=("box", "mask")):
    """The command's numbers are those of pycocotools on the same two files."""
    document = files.judge(truth, predictions)
    for kind in kinds:
        assert twelve(document, kind) == referee(truth, predictions, kind)
    return document


# pycocotools is the referee


def test_all_24_numbers_of_cocos_own_example_come_out(shared, files):
    folder = shared / "coco_metrics_reference"
    files.truth = folder / "faster_coco_eval_dataset" / "cocoapi" / "instances_val2014_100.json"
    text = (folder / "cocoapi" / "results" / "val2014_fake_eval_res.txt").read_text()
    seen = 0
    for kind, name in (("box", "bbox"), ("mask", "segm")):
        files.predictions = folder / "cocoapi" / "results" / f"instances_val2014_fake{name}100_results.json"
        document = json.loads(files.evaluate("--json", "--task", kind).out)
        lines = text.partition(f"type={name}")[2].splitlines()[3:15]
        expected = [line.rpartition("=")[2].strip() for line in lines]
        assert [f"{value:.3f}" for value in twelve(document, kind)] == expected
        truth, predictions = (json.loads(path.read_bytes()) for path in (files.truth, files.predictions))
        assert twelve(document, kind) == referee(truth, predictions, kind)
        seen += len(expected)
    assert seen == 24


def test_masks_as_packed_text_and_as_runs(files):
    truth, predictions = draw_case(3)
    packed = check(files, truth, predictions)
    runs = copy.deepcopy(predictions)
    for row in runs:
        row["segmentation"]["counts"] = uncompressed(coco_mask.decode(row["segmentation"]))
    assert files.judge(truth, runs) == packed


def test_masks_as_bytes(files):
    """No JSON has bytes; whoever calls pycocotools' encode has them, and hands them over as they are."""
    from workbench.evaluation.analysis import analyse
    from workbench.evaluation.coco.coco_predictions import read_predictions
    from workbench.evaluation.coco.coco_truth import read_truth
    from workbench.evaluation.object_analysis import Settings

    truth, predictions = draw_case(3)
    expected = files.judge(truth, predictions)
    for row in (*predictions, *truth["annotations"]):
        if isinstance(row["segmentation"], dict) and isinstance(row["segmentation"]["counts"], str):
            row["segmentation"]["counts"] = row["segmentation"]["counts"].encode()
    right = read_truth(truth)
    found = analyse(right, read_predictions(predictions, right), Settings()).document
    assert json.loads(json.dumps(found)) == expected


def test_polygons_in_truth_and_prediction(files):
    truth, predictions = draw_case(4)
    for row in predictions:
        row["segmentation"] = [box_ring(*row["bbox"])]
    check(files, truth, predictions)


def test_boxes_without_masks(files):
    truth, predictions = draw_case(5)
    for row in predictions:
        row.pop("segmentation")
    assert "mask" not in check(files, truth, predictions, ("box",))


def test_masks_without_boxes(files):
    check(files, *draw_case(6, boxes=False))


def test_crowds_cost_nothing(files):
    runs = {"size": [120, 100], "counts": [0, 6000, 6000]}
    crowd = truth_row(2, [0, 0, 50, 120], iscrowd=1, segmentation=runs)
    truth = make_truth(truth_row(1, [60, 10, 30, 30]), crowd, categories=1)
    inside = [answer([5, 10 * n, 20, 9], 0.9, segmentation=rle([5, 10 * n, 20, 9])) for n in range(5)]
    right = answer([60, 10, 30, 30], 0.5, segmentation=rle([60, 10, 30, 30]))
    assert check(files, truth, [*inside, right])["mask"]["AP"] == pytest.approx(1)


def test_ignored_sizes(files):
    """What lies outside a size is neither found nor missed there."""
    boxes = ([0, 0, 20, 20], [0, 30, 60, 60], [0, 0, 98, 98.5])
    truth = make_truth(*(truth_row(n, box, image=1 + n % 2) for n, box in enumerate(boxes, 1)), categories=1)
    rows = [answer(box, 0.3 * n, 1 + n % 2, segmentation=rle(box)) for n, box in enumerate(boxes, 1)]
    rows.append(answer([40, 40, 10, 10], 0.95, segmentation=rle([40, 40, 10, 10])))
    document = check(files, truth, rows)
    assert document["box"]["APs"] < 1 and document["box"]["APl"] == pytest.approx(1)


def test_more_than_a_hundred_predictions(files):
    truth = make_truth(*(truth_row(1 + n, [0, n % 12 * 10, 8, 8], area=64) for n in range(12)), categories=1)
    rows = [answer([50 + n % 40, 0, 9, 9], 0.9) for n in range(130)]
    rows += [answer([0, n * 10, 8, 8], 0.1) for n in range(12)]
    document = check(files, truth, rows, ("box",))
    assert document["box"]["AP"] == 0 < document["box"]["AR_all"]


def test_no_predictions_at_all(files):
    truth = make_truth(truth_row(1, SQUARE), categories=1)
    document = files.judge(truth, [])
    assert set(twelve(document, "mask")) == {0, None} and "no predictions" in document["notes"][0]


def test_boxes_of_fractions_of_pixels(files):
    generator = random.Random(1)
    truth, predictions = draw_case(7)
    for row in predictions:
        row["bbox"] = [max(0.001, value + generator.uniform(-0.7, 0.7)) for value in row["bbox"]]
    check(files, truth, predictions)


@pytest.mark.parametrize("seed", range(20, 26))
def test_whatever_there_is(files, seed):
    check(files, *draw_case(seed, boxes=bool(seed % 2)))


def test_a_task_leaves_the_other_out(files):
    truth, predictions = draw_case(3)
    assert "mask" not in files.judge(truth, predictions, "--task", "box")
    assert "box" not in files.judge(truth, predictions, "--task", "mask")


# gates


def test_a_gate_that_fails_exits_with_1_and_is_a_failure_in_the_junit_file(files):
    files.write(make_truth(truth_row(1, SQUARE), categories=1), [answer(SQUARE), answer([60, 60, 9, 9], 0.9)])
    junit = files.folder / "gates.xml"
    shown = files.evaluate(
        "--gate", "box.AP>=0.4", "--gate", "class 1:box.AP>=60%", "--junit", str(junit), code=1
    )
    passed, failed = shown.out.splitlines()[-2:]
    assert passed.startswith("passed") and "0.500" in passed and "0.100 above" in passed
    assert failed.startswith("FAILED") and "0.100 below" in failed
    (suite,) = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    files.evaluate("--gate", "box.AP>=0.4", code=0)


def test_gates_are_in_the_json_too(files):
    files.write(make_truth(truth_row(1, SQUARE), categories=1), [answer(SQUARE)])
    shown = json.loads(files.evaluate("--json", "--gate", "box.AP<0.5", code=1).out)
    (gate,) = shown["gates"]
    assert (gate["gate"], gate["passed"], gate["bound"]) == ("box.AP<0.5", False, 0.5)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--gate", "box.PA>=0.4"], 'did you mean "box.AP"?'),
        (["--gate", "klass 1:box.AP>=0.4"], 'did you mean "class 1"?'),
        (["--gate", "box.AP"], "as in 'mask.AP>=0.42'"),
        (["--junit", "x.xml"], "add a --gate"),
        (["--score", "2"], "must be from 0 to 1"),
        (["--score", "x"], "--score"),
        (["--task", "bax"], 'did you mean "box"?'),
        (["some-run"], "takes a run, or"),
    ],
)
def test_a_command_line_that_makes_no_sense_exits_with_2(files, words, complaint):
    files.write(make_truth(truth_row(1, SQUARE), categories=1), [answer(SQUARE)])
    shown = files.evaluate(*words, code=2)
    assert complaint in shown.err
    assert shown.out == ""


def test_truth_and_predictions_go_together(capsys):
    for words in ([], ["--truth", "x.json"], ["--predictions", "x.json"]):
        assert main(["evaluate", *words]) == 2
    assert main(["evaluate", "no-such-run"]) == 66
    assert "must be a run or a project" in capsys.readouterr().err


def test_out_gets_the_same_document(files):
    truth, predictions = draw_case(3)
    document = files.judge(truth, predictions, "--out", str(files.folder / "made"))
    assert json.loads((files.folder / "made" / "scores.json").read_bytes()) == document


def test_equal_files_give_equal_bytes(files):
    files.write(*draw_case(3))
    made = []
    for name in ("one", "two"):
        files.evaluate("--out", str(files.folder / name))
        made.append({path.name: path.read_bytes() for path in (files.folder / name).iterdir()})
    assert made[0] == made[1]


# bad files


ONE = make_truth(truth_row(1, SQUARE), categories=1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must be JSON, but is empty; write it again"),
        ("no json", "must be JSON, but is not"),
        ('[{"image_id": 1, "categ', "ends in the middle, after 23 bytes; it was cut off"),
        ("[" * 100_000, "nested too deep"),
        ("{}", "must be a list of COCO results, but is an object"),
        ("null", "must be a list of COCO results"),
        ("[1]", "[0]: must be an object, but got 1"),
        ('[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": NaN}]', "[0]: score must be a finite"),
        ('[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 1e999], "score": 1}]', "[0]: bbox must be four"),
        ([answer(SQUARE), answer(SQUARE, image=7)], "[1]: image_id must be an image of"),
        ([answer(SQUARE, segmentation=rle(SQUARE, 100, 100))], "must be 120 x 100 as its image, but is 100 x 100"),
        ([answer(SQUARE, segmentation={"size": [120, 100], "counts": [5, 5]})], "add up to"),
        ([answer(SQUARE, segmentation={"size": [120, 100], "counts": "~~\x7f"})], "[0]: segmentation"),
    ],
)  # fmt: skip
def test_bad_predictions_get_file_place_reason_and_what_to_do(files, content, words):
    line = files.complain(ONE, content)
    assert line.startswith(f"workbench: {files.predictions}: ")
    assert words in line
    assert "; " in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("[]", 'must be a COCO dataset with a list "images"'),
        ({"images": [], "categories": []}, 'a list "annotations"'),
        (ONE | {"images": []}, "annotations[0]: image_id must be an image of this file, but got 1"),
        (ONE | {"images": ONE["images"] * 2}, "images[2]: ids must differ, but 1 is there twice"),
        (make_truth(truth_row(1, SQUARE, category=9)), "annotations[0]: category_id must be a category"),
        (make_truth(truth_row(1, SQUARE, segmentation=rle(SQUARE, 9, 9))), "must be 120 x 100 as its image"),
        ('{"images": [], "categories": [], "annotations": [{"id": 1, "area": NaN}]}', "annotations[0]"),
    ],
)
def test_a_bad_truth_gets_the_same(files, content, words):
    line = files.complain(content, [answer(SQUARE)])
    assert line.startswith(f"workbench: {files.truth}: ")
    assert words in line
    assert "; " in line


def test_a_folder_and_a_missing_file_get_a_line(files):
    files.write(ONE, None)
    files.predictions.mkdir()
    assert "must be JSON, but is a folder" in files.evaluate(code=65).err
    files.predictions.rmdir()
    assert "must be a file, but is not there" in files.evaluate(code=66).err


def test_what_python_writes_beside_json_is_read(files):
    files.write(ONE, "\ufeff" + json.dumps([answer(SQUARE)]))
    assert json.loads(files.evaluate("--json").out)["box"]["AP"] == pytest.approx(1)


def test_a_table_of_images_makes_slices(files):
    truth, predictions = draw_case(8, images=8)
    table = files.folder / "table.csv"
    table.write_text(
        "file_name,weather\n" + "".join(f"{n}.jpg,{'rain' if n % 2 else 'sun'}\n" for n in range(1, 9))
    )
    document = files.judge(truth, predictions, "--slices", str(table))
    assert {row["value"] for row in document["slices"] if row["by"] == "weather"} == {"rain", "sun"}
    table.write_text("file_name,weather\nother.jpg,sun\n")
    assert "must name the images" in files.complain(truth, predictions, "--slices", str(table))
