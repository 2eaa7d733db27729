"""The document of an evaluation: what is in it, what is noted beside it, and what it advises."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.coco.test_coco_scores import answer, draw_case, make_truth, rle, truth_row
from workbench.commands.evaluation_lines import format_evaluation
from workbench.evaluation.advice import find_advice
from workbench.evaluation.analysis import analyse
from workbench.evaluation.class_notes import add_notes
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.object_analysis import Settings

SQUARE = [10, 10, 40, 40]
DOCS = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def judge(truth, rows, **settings):
    right = read_truth(truth)
    return analyse(right, read_predictions(rows, right), Settings(**settings)).document


def masked(box, *args, **more):
    return answer(box, *args, segmentation=rle(box), **more)


def find_keys(table, skipped=()):
    for key, value in table.items():
        yield key
        if key in ("per_category", "curves", "kinds", "intervals"):
            value = next(iter(value.values()), {}) if key != "intervals" else {}
        if key in ("slices", "bins"):
            value = value[0] if value else {}
        if isinstance(value, dict):
            yield from find_keys(value)


def test_every_key_is_in_the_docs():
    document = judge(*draw_case(3, images=8))
    keys = set(find_keys({key: value for key, value in document.items() if key != "bins"}))
    keys |= {key for one in document["calibration"]["bins"][:1] for key in one} | {*document["slices"][0]}
    said = {word for text in re.findall(r"`([^`]+)`", DOCS) for word in re.findall(r"\w[\w-]*", text)}
    names = set(document["per_category"])
    assert keys - names <= said
    assert {"box", "mask", "boundary", "per_category", "images", "notes", "intervals", "slices"} <= keys


def test_a_perfect_prediction_has_nothing_left_to_mend():
    truth = make_truth(*(truth_row(n, SQUARE, image=n) for n in range(1, 13)), images=12, categories=1)
    document = judge(truth, [masked(SQUARE, 0.9, image=n) for n in range(1, 13)])
    assert document["boundary"]["AP"] == document["mask"]["AP"] == pytest.approx(1)
    assert document["intervals"]["mask.AP"] == pytest.approx([1, 1])
    assert (
        "mask.APm" in document["intervals"] and "box.APm" not in document["intervals"]
    )  # though boxes match alike
    assert not any(row["count"] for row in document["errors"]["kinds"].values())
    assert document["confusion"]["matrix"] == [[12, 0], [0, 0]]
    best = document["per_category"]["class 1"]["best"]
    assert best == {"score": 0.9, "precision": 1, "recall": 1, "F1": 1}
    assert document["notes"] == []


def test_what_is_chosen_by_score_counts():
    truth = make_truth(truth_row(1, SQUARE), categories=1)
    rows = [masked(SQUARE, 0.3), masked([60, 60, 20, 20], 0.8)]
    sure, all_of_them = (judge(truth, rows, score=score) for score in (0.5, 0.1))
    assert sure["per_category"]["class 1"]["at"]["precision"] == 0
    assert all_of_them["per_category"]["class 1"]["at"]["precision"] == 0.5
    assert sure["confusion"]["matrix"] == [[0, 1], [1, 0]]
    assert all_of_them["confusion"]["matrix"] == [[1, 0], [1, 0]]
    assert sure["mask"] == all_of_them["mask"]


def test_intervals_hold_the_numbers():
    document = judge(*draw_case(5, images=9))
    for name, (low, high) in document["intervals"].items():
        family, key = name.split(".")
        assert 0 <= low <= document[family][key] <= high <= 1, name
    for row in document["per_category"].values():
        for name, (low, high) in row["intervals"].items():
            family, key = name.split(".")
            assert low <= row[family][key] <= high, name


@pytest.mark.parametrize("boxes", [True, False])
def test_nothing_at_all_makes_a_document_too(boxes):
    for truth in (make_truth(), make_truth(images=0, categories=0), make_truth(truth_row(1, SQUARE))):
        document = judge(truth, [])
        json.dumps(document, allow_nan=False)
        assert format_evaluation("nothing", document)
    rows = [masked(SQUARE, 0.5)]
    if not boxes:
        rows[0].pop("bbox")
    document = judge(make_truth(), rows)
    json.dumps(document, allow_nan=False)
    assert "no objects" in format_evaluation("no truth", document)


def test_each_mistake_has_its_row():
    truth = make_truth(truth_row(1, SQUARE), truth_row(2, [60, 60, 30, 30]), categories=1)
    right = read_truth(truth)
    found = analyse(
        right, read_predictions([masked([5, 70, 20, 20], 0.9), masked(SQUARE, 0.8)], right), Settings()
    )
    rows = {row["kind"]: (row["prediction"], row["truth"]) for row in found.mistakes["mistakes"]}
    assert rows == {"background": (0, None), "missed": (None, 2)}
    counts = {kind: row["count"] for kind, row in found.document["errors"]["kinds"].items()}
    assert counts == found.mistakes["counts"]


def test_a_mistake_names_the_row_of_the_file_though_others_were_left_out():
    right = read_truth(make_truth(truth_row(7, SQUARE, image=2), categories=1))
    rows = [masked(SQUARE, 0.9, 2, 99), masked([60, 60, 20, 20], 0.8, 2)]
    found = analyse(right, read_predictions(rows, right), Settings(), part="dt")
    named = {
        row["kind"]: (row["prediction"], row["truth"], row["image"]) for row in found.mistakes["mistakes"]
    }
    assert named == {"background": (1, None, "2.jpg"), "missed": (None, 7, "2.jpg")}
    assert any("category_id 99" in note for note in found.document["notes"])


def test_boxes_alone_say_what_is_left_out():
    truth = make_truth(truth_row(1, SQUARE), categories=1)
    document = judge(truth, [answer(SQUARE)])
    assert document["matched_by"] == "box" and "boundary" not in document
    assert any(note.startswith("masks are left out") for note in document["notes"])


# notes


def test_a_class_has_a_note_of_its_own():
    truth = make_truth(*(truth_row(n, SQUARE, image=1 + n % 2) for n in range(1, 4)), categories=3)
    document = judge(truth, [answer(SQUARE, category=2), answer(SQUARE, category=2, image=2)])
    notes = {name: row.get("note") for name, row in document["per_category"].items()}
    assert notes == {
        "class 1": "rests on 3 objects",
        "class 2": "no truth: its 2 predictions cost nothing",
        "class 3": "no truth",
    }


def test_one_note_names_all_classes_that_rest_on_few_objects():
    rows = {name: {"truths": truths} for name, truths in (("a", 4), ("b", 2), ("c", 10), ("d", 0))}
    notes = add_notes({"per_category": rows, "notes": ["first"], "images": 9})["notes"]
    assert notes == [
        "first",
        "the AP of 2 classes rests on fewer than 10 objects each (b 2, a 4): one more or less would move it",
    ]


def test_a_headline_that_is_unsure_is_noted():
    document = {"per_category": {}, "notes": [], "images": 19, "intervals": {"mask.AP": [0.3, 0.55]}}
    (note,) = add_notes(document)["notes"]
    assert note.startswith("mask AP may lie anywhere from 30 to 55 on other images like these: 19 images")
    assert note.endswith("19 images leave that open")
    sure = {**document, "intervals": {"mask.AP": [0.4, 0.55]}}
    assert add_notes(sure)["notes"] == []
    open_ = {**sure, "images": 4, "intervals": {}, "mask": {"AP": 0.5}}
    (note,) = add_notes(open_)["notes"]
    assert note.startswith("4 images, fewer than 6 that have something to find: too few")
    assert add_notes({**open_, "mask": {"AP": None}})["notes"] == []  # there is nothing to be sure of


# advice


def advise(**document):
    return find_advice({"per_category": {"a": {"predictions": 9}}, "images": 50, **document})


def errors(**costs):
    kinds = {kind.replace("_", "-"): {"count": 20, "cost": cost} for kind, cost in costs.items()}
    return {"AP50": 0.5, "kinds": kinds}


CONFUSION = {"labels": ["a", "b", "background"], "matrix": [[5, 4, 1], [0, 2, 6], [3, 1, 0]], "score": 0.5}


def test_the_costliest_error_comes_first_with_the_class_that_has_it():
    found = advise(errors=errors(missed=0.1, background=0.2, duplicate=0.005), confusion=CONFUSION)
    assert found == [
        "Add images without objects that look like the false alarms (20, 3 of them as a): 20.0 points of AP50.",
        "Label more of what is missed: finding it would bring 10.0 points of AP50; "
        "from a score of 0.50 on, 6 of 8 b are not found.",
    ]


def test_errors_in_masks_go_by_the_ap_that_they_cost():
    kinds = {"missed": {"count": 3, "cost": 0.05}, "merged": {"count": 4, "cost": 0.0, "AP": 0.07}}
    first, second = advise(errors={"AP50": 0.5, "kinds": kinds})
    assert (
        first == "Label more objects that touch, each on its own (4 masks cover several): 7.0 points of AP."
    )
    assert "5.0 points of AP50" in second
    shown = format_evaluation("x", {"per_category": {}, "images": 9, "notes": [], "errors": {"kinds": kinds}})
    assert [line.split() for line in shown.splitlines()[-2:]] == [
        ["several", "as", "one", "4", "+0.0", "+7.0"],
        ["missed", "3", "+5.0"],
    ]


def test_classes_that_are_mixed_up_are_named():
    (found,) = advise(errors=errors(**{"class": 0.1}), confusion=CONFUSION)
    assert "a is taken for b 4 times" in found


def test_the_class_that_loses_most_of_its_pixels_is_named():
    table = {"labels": ["a", "b"], "matrix": [[900, 100], [30, 70]]}
    assert advise(pixel_confusion=table) == [
        "Look at where b meets a: 30 % of the pixels of b are taken for a."
    ]
    assert advise(pixel_confusion={"labels": ["a", "b"], "matrix": [[9, 0], [0, 0]]}) == []


def test_only_a_slice_that_is_clearly_weaker_is_put_into_words():
    row = {"by": "weather", "value": "rain", "images": 9, "truths": 30, "AP": 0.3, "difference": -0.4}
    counts = {"per_category": {"a": {"truths": 60, "predictions": 9}}}
    assert advise(slices=[row | {"clear": False}], **counts) == []
    (found,) = advise(slices=[row | {"clear": True}], **counts)
    assert found == "Weak where weather is rain: AP 30, elsewhere 70 (9 images). Label more of those."
    assert advise(slices=[row | {"clear": True, "difference": 0.4}], **counts) == []


def test_a_class_far_behind_is_named_and_no_more_than_three_sentences_are_said():
    rows = {
        "a": {"mask": {"AP": 0.1}, "truths": 1, "predictions": 2, "at": {"F1": 0.5}},
        "b": {"mask": {"AP": 0.9}, "truths": 30, "predictions": 2},
    }
    found = advise(mask={"AP": 0.5}, per_category=rows)
    assert found == ["a is far behind: mask AP 10, on 1 object, all classes 50. Label more of it."]
    assert (
        len(advise(mask={"AP": 0.5}, per_category=rows, score=0.3, errors=errors(missed=0.1, place=0.2))) == 3
    )


def test_nothing_found_is_said_first():
    (found,) = advise(per_category={"a": {"predictions": 0}}, errors=errors(missed=0.9))
    assert found.startswith("Nothing was found")


def test_labels_that_seem_wrong_come_before_all_else():
    rows = [{"suspicion": 0.9, "image": "a.jpg"}, {"suspicion": 0.85, "image": "b.jpg"}, {"suspicion": 0.4}]
    document = {"per_category": {"a": {"predictions": 9}}, "images": 50, "errors": errors(missed=0.4)}
    first, second = find_advice(document, rows)
    assert first.startswith("Look at the 2 labels that seem wrong") and "a.jpg" in first
    assert second.startswith("Label more of what is missed")
    assert "the label that seems wrong" in find_advice(document, rows[:1])[0]
    assert find_advice(document, rows[2:]) == [second]


def test_scores_that_promise_too_much_are_told():
    bins = [{"low": 0.8, "high": 0.9, "score": 0.85, "precision": 0.3, "count": 40}]
    (found,) = advise(calibration={"ECE": 0.55, "MCE": 0.55, "bins": bins})
    assert found == "Scores promise too much: 85 on average, and 30 of 100 are right."


# the terminal


def test_the_terminal_shows_numbers_with_intervals_classes_errors_and_notes(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    truth, rows = draw_case(3, images=8)
    document = judge(truth, rows)
    shown = format_evaluation("dt.json", document)
    value, (low, high) = document["mask"]["AP"], document["intervals"]["mask.AP"]
    assert f"AP {100 * value:.1f} ({100 * low:.0f}–{100 * high:.0f})" in shown
    for name in document["per_category"]:
        assert any(line.startswith(name) for line in shown.splitlines())
    for words in ("AP50 if mended", "What to do next", "F1", "8 images"):
        assert words in shown


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_name_can_break_it(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    truth, rows = draw_case(3, images=8)
    truth["categories"][0]["name"] = "\x1b[31mred\n" * 30
    truth["categories"] += [{"id": n, "name": f"more {n}"} for n in range(10, 60)]
    shown = format_evaluation("a/" * 20 + "dt.json", judge(truth, rows))
    assert max(map(len, shown.splitlines())) <= width
    assert "\x1b" not in shown
    assert "the 30 classes with most objects, of 53 (--json has all)" in shown
    assert "no truth of 23 more classes" in shown


def test_notes_stand_beside_their_class_as_long_as_there_is_room(monkeypatch):
    truth = make_truth(*(truth_row(n, SQUARE, image=1 + n % 2) for n in range(1, 4)), categories=3)
    document = judge(truth, [masked(SQUARE, 0.5, 1, 1), masked(SQUARE, 0.5, 1, 2)])
    for width, few in ((60, "few"), (120, "rests on 3 objects")):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = {line[:7]: line for line in format_evaluation("x", document).splitlines()}
        assert lines["class 1"].endswith(f"  {few}")
        assert lines["class 2"].endswith("0      1  no truth: its 1 prediction cost nothing")
        assert lines["class 3"].endswith("0      0  no truth")
    assert "no truth here" not in format_evaluation("x", document)
