"""COCO's numbers: worked by hand first, then equal to pycocotools' to the last bit."""

import contextlib
import copy
import io
import json
import random

import numpy as np
import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_scores import compute_coco_scores

TWELVE = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def box_ring(x, y, w, h):
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def truth_row(number, box, image=1, category=1, **more):
    x, y, w, h = box
    row = {"id": number, "image_id": image, "category_id": category, "bbox": box, "area": w * h, "iscrowd": 0}
    return row | {"segmentation": [box_ring(x, y, w, h)]} | more


def make_truth(*rows, images=2, categories=2):
    return {
        "images": [
            {"id": n, "width": 100, "height": 120, "file_name": f"{n}.jpg"} for n in range(1, images + 1)
        ],
        "categories": [{"id": n, "name": f"class {n}"} for n in range(1, categories + 1)],
        "annotations": list(rows),
    }


def rle(box, height=120, width=100):
    found = coco_mask.frPyObjects([box_ring(*box)], height, width)[0]
    return found | {"counts": found["counts"].decode()}


def answer(box, score=0.5, image=1, category=1, **more):
    return {"image_id": image, "category_id": category, "bbox": box, "score": score} | more


def referee(truth, predictions, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        right = COCO()
        right.dataset = copy.deepcopy(truth)
        right.createIndex()
        judge = COCOeval(
            right, right.loadRes(copy.deepcopy(predictions)), {"box": "bbox", "mask": "segm"}[kind]
        )
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [None if value == -1 else value for value in judge.stats.tolist()]


def twelve(scores, kind):
    return [scores[kind][key] for key in TWELVE]


# by hand


def test_a_perfect_prediction_scores_one():
    scores, notes = compute_coco_scores(
        make_truth(truth_row(1, [10, 10, 40, 40]), categories=1), [answer([10, 10, 40, 40])]
    )
    assert scores["box"]["AP"] == pytest.approx(1)
    assert scores["box"]["APm"] == pytest.approx(1)
    assert scores["box"]["APs"] is None
    assert notes == ()


def test_a_box_that_overlaps_by_80_percent_passes_seven_of_ten_thresholds():
    """IoU 0.8 passes 0.50, 0.55 … 0.80: seven of the ten."""
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=1)
    scores, _ = compute_coco_scores(truth, [answer([0, 0, 50, 40])])
    assert scores["box"]["AP"] == pytest.approx(0.7)
    assert scores["box"]["AP50"] == pytest.approx(1)
    assert scores["box"]["AR1"] == pytest.approx(0.7)


def test_one_of_two_found_reaches_half_the_recall():
    """Precision is 1 up to a recall of 0.5: 51 of the 101 points."""
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), truth_row(2, [0, 60, 50, 50]), categories=1)
    scores, _ = compute_coco_scores(truth, [answer([0, 0, 50, 50])])
    assert scores["box"]["AP"] == pytest.approx(51 / 101)
    assert scores["box"]["AR100"] == pytest.approx(0.5)


def test_a_false_alarm_with_a_higher_score_halves_the_precision():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=1)
    scores, _ = compute_coco_scores(truth, [answer([0, 0, 50, 50], 0.5), answer([50, 60, 50, 50], 0.9)])
    assert scores["box"]["AP"] == pytest.approx(0.5)


def test_each_class_has_numbers_and_counts_of_its_own():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), truth_row(2, [0, 0, 50, 50], category=2, iscrowd=1))
    scores, notes = compute_coco_scores(truth, [answer([0, 0, 50, 50]), answer([0, 0, 9, 9], category=2)])
    first, second = scores["per_category"]["class 1"], scores["per_category"]["class 2"]
    assert (first["box"]["AP"], first["truths"], first["predictions"]) == (pytest.approx(1), 1, 1)
    assert (second["box"]["AP"], second["truths"], second["predictions"]) == (None, 0, 1)
    assert notes == (
        "class 2: no truth here, so it has no AP and is left out of the averages, and its 1 predictions cost nothing",
    )


# nothing there


def test_no_predictions_score_zero_with_a_note():
    scores, notes = compute_coco_scores(make_truth(truth_row(1, [0, 0, 50, 50]), categories=1), [])
    assert scores["box"]["AP"] == scores["mask"]["AP"] == scores["mask"]["AR100"] == 0.0
    assert scores["per_category"]["class 1"]["box"]["AP"] == 0.0
    assert notes == ("there are no predictions: every value is 0",)


def test_no_images_score_zero_with_a_note():
    scores, notes = compute_coco_scores(make_truth(images=0, categories=0), [])
    assert set(scores["box"].values()) == {0.0}
    assert "no images" in notes[0]


def test_images_without_objects_give_no_value_and_a_note():
    scores, notes = compute_coco_scores(make_truth(), [answer([0, 0, 9, 9])])
    assert set(scores["box"].values()) == {None}
    assert "no objects" in notes[0]


def test_everything_can_be_written_as_json_without_nan():
    for predictions in ([], [answer([0, 0, 9, 9])]):
        for truth in (make_truth(), make_truth(images=0) if not predictions else make_truth()):
            json.dumps(compute_coco_scores(truth, predictions).scores, allow_nan=False)


def test_a_category_that_the_truth_has_not_does_not_count_and_is_told():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=1)
    scores, notes = compute_coco_scores(truth, [answer([0, 0, 50, 50], category=7), answer([0, 0, 50, 50])])
    assert scores["box"]["AP"] == pytest.approx(1)
    assert notes == ("1 predictions have category_id 7, which the truth has not: they do not count",)


def test_an_object_with_id_zero_counts_and_is_told():
    """pycocotools takes id 0 for unmatched."""
    truth = make_truth(truth_row(0, [0, 0, 50, 50]), categories=1)
    scores, notes = compute_coco_scores(truth, [answer([0, 0, 50, 50])])
    assert scores["box"]["AP"] == pytest.approx(1)
    assert referee(truth, [answer([0, 0, 50, 50])], "box")[0] == 0
    assert "id 0" in notes[0]


def test_category_ids_that_start_at_zero_are_told():
    truth = make_truth(truth_row(1, [0, 0, 50, 50], category=0), categories=0)
    truth["categories"] = [{"id": 0, "name": "cat"}]
    scores, notes = compute_coco_scores(truth, [answer([0, 0, 50, 50], category=0)])
    assert scores["box"]["AP"] == pytest.approx(1)
    assert "category ids start at 0 (cat)" in notes[0]


def test_more_than_a_hundred_predictions_are_told_and_the_standard_numbers_stay_standard():
    truth = make_truth(*(truth_row(1 + n, [0, n % 12 * 10, 8, 8], area=64) for n in range(12)), categories=1)
    rows = [answer([50 + n % 40, 0, 9, 9], 0.9) for n in range(130)] + [
        answer([0, n * 10, 8, 8], 0.1) for n in range(12)
    ]
    scores, notes = compute_coco_scores(truth, rows)
    assert twelve(scores, "box") == referee(truth, rows, "box")
    assert scores["box"]["AP"] == 0
    assert scores["box"]["AR_all"] == pytest.approx(1)
    assert "up to 142 predictions" in notes[0]


# the referee


def draw_case(seed, images=6, categories=3, boxes=True):
    """Random truths with crowds, and predictions near them, floats and ties among them."""
    generator = random.Random(seed)
    rows, answers = [], []
    for image in range(1, images + 1):
        for _ in range(generator.randint(0, 6)):
            w, h = (generator.uniform(2, 60) ** generator.choice((1, 1.1)) for _ in "wh")
            x, y = generator.uniform(0, 95), generator.uniform(0, 110)
            w, h = min(w, 100 - x), min(h, 120 - y)
            category = generator.randint(1, categories)
            mask = coco_mask.frPyObjects([box_ring(x, y, w, h)], 120, 100)[0]
            row = truth_row(len(rows) + 1, [x, y, w, h], image, category, area=float(coco_mask.area(mask)))
            if generator.random() < 0.15:
                whole = coco_mask.decode(mask)
                runs = uncompressed(whole)
                row |= {"iscrowd": 1, "segmentation": {"size": [120, 100], "counts": runs}}
            rows.append(row)
            for _ in range(generator.randint(0, 3)):
                shift = [v + generator.gauss(0, 2) for v in (x, y, w, h)]
                near = [max(0, shift[0]), max(0, shift[1]), max(1, shift[2]), max(1, shift[3])]
                score = round(generator.random(), 1)
                one = answer(near, score, image, generator.choice((category, 1)), segmentation=rle(near))
                if not boxes:
                    one.pop("bbox")
                answers.append(one)
    return make_truth(*rows, images=images, categories=categories), answers


def uncompressed(picture):
    flat = picture.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return [0, *runs] if flat[0] else runs


@pytest.mark.parametrize("boxes", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_all_24_numbers_equal_pycocotools(seed, boxes):
    truth, answers = draw_case(seed, boxes=boxes)
    scores, _ = compute_coco_scores(truth, answers)
    assert twelve(scores, "box") == referee(truth, answers, "box")
    assert twelve(scores, "mask") == referee(truth, answers, "mask")


def test_counts_as_bytes_as_text_and_as_a_list_score_the_same():
    truth, answers = draw_case(3)
    expected = compute_coco_scores(truth, answers).scores
    as_bytes, as_lists = copy.deepcopy(answers), copy.deepcopy(answers)
    for row in as_bytes:
        row["segmentation"]["counts"] = row["segmentation"]["counts"].encode()
    for row in as_lists:
        row["segmentation"]["counts"] = uncompressed(coco_mask.decode(row["segmentation"]))
    assert compute_coco_scores(truth, as_bytes).scores == expected
    assert compute_coco_scores(truth, as_lists).scores == expected


@pytest.mark.parametrize("seed", range(4))
def test_polygons_beside_boxes_score_as_with_pycocotools(seed):
    """And nowhere else: without boxes pycocotools fails on them."""
    truth, answers = draw_case(seed)
    for row in answers[::2]:
        x, y, w, h = row["bbox"]
        row["segmentation"] = [box_ring(x, y, w, h), [x, y, x + 3 * w, y, x, y + 2 * h]]
    scores, _ = compute_coco_scores(truth, answers)
    assert twelve(scores, "mask") == referee(truth, answers, "mask")
    assert twelve(scores, "box") == referee(truth, answers, "box")


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_the_numbers_of_cocos_own_example_are_those_of_its_reference(shared, kind):
    folder = shared / "coco_metrics_reference"
    truth = folder / "faster_coco_eval_dataset" / "cocoapi" / "instances_val2014_100.json"
    name = {"box": "bbox", "mask": "segm"}[kind]
    answers = folder / "cocoapi" / "results" / f"instances_val2014_fake{name}100_results.json"
    text = (folder / "cocoapi" / "results" / "val2014_fake_eval_res.txt").read_text()
    lines = text.partition(f"type={name}")[2].splitlines()[3:15]
    scores, _ = compute_coco_scores(truth, answers, kinds=(kind,))
    assert [f"{value:.3f}" for value in twelve(scores, kind)] == [
        line.rpartition("=")[2].strip() for line in lines
    ]
    assert twelve(scores, kind) == referee(
        json.loads(truth.read_bytes()), json.loads(answers.read_bytes()), kind
    )


# bad predictions


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_id": 99}, "[0]: image_id must be an image of truth, but got 99"),
        ({"image_id": True}, "image_id must be"),
        ({"category_id": "1"}, "category_id must be a whole number"),
        ({"category_id": 2**53}, "category_id must be a whole number"),
        ({"score": float("nan")}, "score must be a finite number"),
        ({"score": None}, "score must be a finite number"),
        ({"bbox": [0, 0, 5]}, "bbox must be four finite numbers"),
        ({"bbox": [0, 0, float("inf"), 1]}, "bbox must be four finite numbers"),
        ({"bbox": [0, 0, -1, 1]}, "width and height of 0 or more"),
        ({"bbox": None}, "must have a bbox or a segmentation"),
        ({"bbox": "0011"}, "bbox must be four finite numbers"),
        ({"segmentation": [[0, 0, 1, 1, 2]]}, "6 or more numbers"),
        ({"segmentation": [[0, 0, 1, 1, 2, float("nan")]]}, "segmentation must be numbers"),
        ({"segmentation": []}, "segmentation must be run lengths"),
        ({"segmentation": "11"}, "segmentation must be run lengths"),
        ({"segmentation": [[0, 0, 1, 1, 2, 0]], "bbox": None}, "which need a bbox beside them"),
        ({"segmentation": {"size": [120, 100], "counts": "0"}}, "add up to"),
        ({"segmentation": {"size": [100, 120], "counts": [12000]}}, "as its image"),
        ({"segmentation": {"size": [120, 100], "counts": [-1, 12001]}}, "0 or more"),
        ({"segmentation": {"size": [120, 100], "counts": None}}, "counts of an RLE"),
        ({"segmentation": {"size": "120", "counts": [12000]}}, "size must be height and width"),
        ({"segmentation": {"counts": [12000]}}, "size must be height and width"),
    ],
)
def test_a_bad_prediction_gets_a_line_that_names_it(change, words):
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=1)
    with pytest.raises(DatasetError) as caught:
        compute_coco_scores(truth, [answer([0, 0, 5, 5]) | change])
    assert words in str(caught.value)
    assert str(caught.value).startswith("predictions: [0]: ")


@pytest.mark.parametrize("junk", ["two\nlines", "x" * 10_000, {"a": "\n" * 900}, ["\u2028\n"] * 99])
@pytest.mark.parametrize("key", ["image_id", "category_id", "score", "bbox", "segmentation", "size", ""])
def test_what_a_bad_prediction_holds_never_makes_a_second_line_or_a_long_one(key, junk):
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=1)
    change = {"segmentation": {"size": junk, "counts": "0"}} if key == "size" else {key: junk}
    row = answer([0, 0, 5, 5], segmentation=rle([0, 0, 5, 5])) | change if key else junk
    if not key and isinstance(junk, dict):
        return
    with pytest.raises(DatasetError) as caught:
        compute_coco_scores(truth, [row])
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("rows", [{}, "text", [1], [None], [[]], 5])
def test_what_is_no_list_of_results_gets_a_line(rows):
    with pytest.raises(DatasetError, match="predictions"):
        compute_coco_scores(make_truth(), rows)


def test_a_file_that_is_not_there_or_no_json_gets_a_line(tmp_path):
    from workbench.errors import InputMissing

    with pytest.raises(InputMissing):
        compute_coco_scores(make_truth(), tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("[{]")
    with pytest.raises(DatasetError, match="must be JSON"):
        compute_coco_scores(make_truth(), tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_id": 9}, "image_id"),
        ({"category_id": 9}, "category_id"),
        ({"image_id": [1]}, "image_id"),
        ({"category_id": {}}, "category_id"),
        ({"area": None}, "area"),
        ({"bbox": [0, 0, 1]}, "bbox"),
        ({"iscrowd": 2}, "iscrowd"),
        ({"segmentation": [[0, 0, 1, 1]]}, "segmentation"),
        ({"segmentation": [[0, 0, 1, 1, float("inf"), 0]]}, "segmentation"),
        ({"segmentation": [[0, 0, 1, 1, 1e12, 0]]}, "segmentation"),
        ({"segmentation": {"size": [120, 100], "counts": "00"}}, "add up to"),
    ],
)
def test_a_bad_truth_gets_a_line_that_names_it(change, words):
    with pytest.raises(DatasetError) as caught:
        compute_coco_scores(make_truth(truth_row(1, [0, 0, 50, 50]) | change), [])
    assert str(caught.value).startswith("truth: annotations[0]: ")
    assert words in str(caught.value)


def test_what_is_not_scored_may_be_anything():
    truth = make_truth(truth_row(1, [0, 0, 50, 50], keypoints="?", num_keypoints=[None]))
    truth["images"][0]["file_name"], truth["categories"][0]["name"] = None, 7
    truth["categories"][1]["supercategory"] = {}
    scores, _ = compute_coco_scores(truth, [answer([0, 0, 50, 50])])
    assert scores["per_category"]["7"]["box"]["AP"] == pytest.approx(1)


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
@pytest.mark.parametrize("number", [-1, True, 1.0, None, [1]])
def test_what_is_no_id_is_refused(key, number):
    truth = make_truth(truth_row(1, [0, 0, 50, 50]))
    truth[key][0] = truth[key][0] | {"id": number}
    with pytest.raises(DatasetError, match="whole number of 0 or more"):
        compute_coco_scores(truth, [])


def test_ids_that_no_column_can_hold_are_refused():
    truth = make_truth(truth_row(2**53, [0, 0, 50, 50]))
    with pytest.raises(DatasetError, match="whole number"):
        compute_coco_scores(truth, [])


JUNK = (
    None, True, -1, 0, 3, 10**400, 1e308, -1e308, float("nan"), float("inf"), "", "\ud800", "0", b"0", [], [1],
    [[]], {}, (),
    [0, 0, 1e12, 1], [10**400] * 4, {"size": [120, 100], "counts": "\ud800"},
    {"size": [120, 100], "counts": b"\xff~~~"},
    {"size": [0, 0], "counts": []}, {"size": [10**9, 10**9], "counts": "o" * 40},
    {"size": [120, 100], "counts": [12000, -5, 5]},
    {"size": [True, 100], "counts": [100]}, {"size": [120, 100], "counts": [True] * 12000},
)  # fmt: skip


def test_ten_thousand_spoiled_rows_are_refused_by_a_line_or_scored():
    """Whatever a file holds, nothing else comes out: no traceback of another kind, no crash."""
    generator = random.Random(1)
    truth, answers = draw_case(5, images=2)
    refused = 0
    for _ in range(10_000):
        rows = [dict(row) for row in answers[:2]]
        row = rows[generator.randrange(2)]
        for _ in range(generator.randint(1, 2)):
            key = generator.choice(("image_id", "category_id", "score", "bbox", "segmentation"))
            if key == "segmentation" and generator.random() < 0.6:
                counts = bytearray(rows[0]["segmentation"]["counts"].encode() if row is rows[1] else b"_i0")
                counts[generator.randrange(len(counts))] = generator.randrange(256)
                row[key] = {"size": [120, 100], "counts": bytes(counts)}
            else:
                row[key] = generator.choice(JUNK)
        try:
            json.dumps(compute_coco_scores(truth, rows).scores, allow_nan=False)
        except DatasetError:
            refused += 1
    assert 5_000 < refused < 10_000
