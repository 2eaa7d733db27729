"""Rows of mistakes: one of each kind by hand, nothing left out unsaid, and the same bytes every time."""

import random
from pathlib import Path

import numpy as np
import orjson
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.masks import paint, scene_of_masks
from tests.evaluation.scenes import answer, draw_case, make_truth, scene_of, truth_row
from workbench.evaluation.kinds import KINDS, MASK_KINDS, SUSPICIONS
from workbench.evaluation.mistakes import mistakes
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.mistakes.mistakes import write_mistakes
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs

BOX, FAR = (0, 0, 20, 20), (60, 60, 20, 20)
FILES = {1: "a/1.jpg", 2: "2.jpg"}


def write(truth, answers, *, score=0.0, kind="box", part="val"):
    scene = scene_of(truth, answers)
    return write_mistakes(
        gather_findings(scene, match(scene, compute_pairs(scene, kind)), score), part, FILES
    )


def only(document):
    (row,) = document["mistakes"]
    return row


# by hand


def test_a_row_says_what_where_and_how_much():
    truth = make_truth(truth_row(7, BOX, image=2))
    row = only(write(truth, [answer((10, 0, 20, 20), 0.75, image=2)]))
    assert row == {
        "kind": "place",
        "image_id": 2,
        "image": "2.jpg",
        "prediction": 0,
        "truth": 7,
        "iou": 0.3333,
        "score": 0.75,
        "category": "class 1",
        "truth_category": "class 1",
        "note": "",
    }


def test_predictions_are_named_by_their_row_and_truths_by_their_id():
    truth = make_truth(truth_row(40, BOX), truth_row(30, FAR, category=2))
    answers = [answer(BOX, 0.9), answer(FAR, 0.8, category=1)]
    row = only(write(truth, answers))
    assert (row["kind"], row["prediction"], row["truth"]) == ("class", 1, 30)
    assert (row["category"], row["truth_category"]) == ("class 1", "class 2")


def test_background_has_no_truth_and_missed_no_prediction():
    alarm, missed = write(make_truth(truth_row(1, BOX)), [answer(FAR, 0.6)])["mistakes"]
    assert (alarm["kind"], alarm["truth"], alarm["truth_category"]) == ("background", None, None)
    assert (missed["kind"], missed["prediction"], missed["score"], missed["category"]) == (
        "missed",
        *[None] * 3,
    )


def test_a_duplicate_says_what_found_the_truth():
    row = only(write(make_truth(truth_row(1, BOX)), [answer(BOX, 0.5), answer(BOX, 0.9)]))
    assert (row["kind"], row["prediction"]) == ("duplicate", 0)
    assert row["note"] == "prediction 1 found it, with a score of 0.90"


def test_what_is_found_only_below_the_score_is_missed_and_says_so():
    row = only(write(make_truth(truth_row(1, BOX)), [answer(BOX, 0.2)], score=0.5))
    assert (row["kind"], row["prediction"], row["others"], row["iou"]) == ("missed", None, [0], 1.0)
    assert row["note"] == "found, but only with a score of 0.20"


def test_a_truth_whose_error_is_told_is_not_missed_as_well_but_one_whose_error_is_left_out_is():
    truth = make_truth(truth_row(1, BOX))
    beside = [answer((10, 0, 20, 20), 0.4)]
    assert [row["kind"] for row in write(truth, beside)["mistakes"]] == ["place"]
    document = write(truth, beside, score=0.5)
    assert [row["kind"] for row in document["mistakes"]] == ["missed"]
    assert document["left_out"] == {"place": 1}


def test_each_class_is_told_from_its_own_best_score_on_where_that_is_lower():
    """Together 0.9 is best; class 2 is never surer than 0.3."""
    truth = make_truth(*(truth_row(n, BOX, image=1 + n % 2) for n in (1, 2)), truth_row(3, FAR, category=2))
    sure = [answer(BOX, 0.9, image=1), answer(BOX, 0.9, image=2)]
    weak = [answer(FAR, 0.3, category=2), answer(BOX, 0.3, image=2, category=2)]
    alarms = [answer((40, 0, 9, 9), 0.5 + n / 100) for n in range(8)]
    document = write(truth, sure + weak + alarms, score=None)
    assert document["score"] == 0.9
    assert document["least"] == {"class 1": 0.9, "class 2": 0.3}
    assert document["left_out"] == {"background": 8}
    assert [row["prediction"] for row in document["mistakes"]] == [3]


def test_a_chosen_score_holds_for_all_classes():
    assert write(make_truth(truth_row(1, BOX)), [answer(BOX, 0.4)], score=0.3)["least"] == {
        "class 1": 0.3,
        "class 2": 0.3,
    }


def test_false_alarms_come_surest_first_and_missed_objects_of_the_rarest_class_first():
    rows = [truth_row(n, (n, n, 20 + n, 20), category=1) for n in (1, 2)] + [truth_row(3, BOX, category=2)]
    alarms = [answer((70, 90, 9, 9), 0.3), answer((70, 70, 9, 9), 0.8), answer((50, 90, 9, 9), 0.5)]
    found = write(make_truth(*rows), alarms)["mistakes"]
    assert [row["prediction"] for row in found[:3]] == [1, 2, 0]
    assert [row["truth"] for row in found[3:]] == [3, 2, 1]


def test_a_kind_has_no_more_rows_than_a_person_would_read_and_says_how_many_are_left_out(monkeypatch):
    monkeypatch.setattr(mistakes, "MOST", 2)
    document = write(make_truth(truth_row(1, BOX)), [answer(FAR, n / 10) for n in range(1, 6)])
    assert [row["score"] for row in document["mistakes"] if row["kind"] == "background"] == [0.5, 0.4]
    assert document["left_out"] == {"background": 3}


def test_masks_have_rows_of_their_own_with_what_else_is_concerned():
    truths = [{"picture": paint((10, 20, 30, 40))}, {"picture": paint((42, 20, 30, 40))}]
    scene = scene_of_masks(truths, [{"picture": paint((10, 20, 62, 40))}])
    findings = gather_findings(scene, match(scene, compute_pairs(scene, "mask")), 0.5)
    rows = write_mistakes(findings, "val", FILES)["mistakes"]
    (merged,) = [row for row in rows if row["kind"] == "merged"]
    assert (merged["prediction"], merged["truth"], merged["others"]) == (0, 1, [2])
    assert merged["note"] == "covers 2 objects"
    assert findings.counts["merged"] == 1


def test_boxes_have_no_kinds_of_masks():
    assert set(write(make_truth(truth_row(1, BOX)), [answer(BOX)])["counts"]) == set(KINDS)


@pytest.mark.parametrize("answers", [[], [answer(FAR, 0.5)]])
def test_where_nothing_was_found_all_is_missed(answers):
    document = write(make_truth(truth_row(1, BOX), truth_row(2, FAR, crowd=1)), answers, score=None)
    assert [row["truth"] for row in document["mistakes"]] == [1]
    orjson.dumps(document)


def test_nothing_at_all_is_no_mistake():
    document = write(make_truth(), [], score=None)
    assert document["mistakes"] == document["suspects"] == []
    assert document["score"] is None


# properties


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("seed", range(12))
def test_every_error_has_its_row_or_is_counted(seed, kind):
    truth, answers = draw_case(seed)
    scene = scene_of(truth, answers)
    if not answers:
        return
    findings = gather_findings(scene, match(scene, compute_pairs(scene, kind)))
    document = write_mistakes(findings, "val", {})
    for name in KINDS[:-1]:
        rows = [row for row in document["mistakes"] if row["kind"] == name]
        assert len(rows) + document["left_out"].get(name, 0) == document["counts"][name]
    about = {row["truth"] for row in document["mistakes"] if row["kind"] in ("class", "place", "missed")}
    found = set(scene.truths.number[findings.find_owners() >= 0].tolist())
    wanted = set(scene.truths.number[~findings.matches.unwanted].tolist())
    assert wanted <= about | found
    missed = [row["truth"] for row in document["mistakes"] if row["kind"] == "missed"]
    assert len(missed) == len(set(missed))
    assert not set(missed) & found


def test_the_order_of_the_files_changes_no_more_than_the_numbers_of_the_rows():
    truth, answers = draw_case(3)
    for place, row in enumerate(answers):
        row["score"] = 0.3 + place / 1000
    first = write(truth, answers)
    order = list(range(len(answers)))
    random.Random(0).shuffle(order)
    again = write(truth, [answers[place] for place in order])
    for row in again["mistakes"]:
        row["prediction"] = row["prediction"] if row["prediction"] is None else order[row["prediction"]]
    nameless = [{**row, "note": "", "others": 0} for row in first["mistakes"]]
    assert nameless == [{**row, "note": "", "others": 0} for row in again["mistakes"]]


def test_equal_input_gives_equal_bytes():
    truth, answers = draw_case(5)
    assert orjson.dumps(write(truth, answers)) == orjson.dumps(write(truth, answers))


# the page


def test_every_kind_is_defined_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "mistakes.md").read_text(encoding="utf-8")
    for kind in (*KINDS, *MASK_KINDS, *SUSPICIONS):
        assert f"`{kind}`" in page, kind
    for key in write(make_truth(truth_row(1, BOX)), [answer(FAR)]):
        assert f"`{key}`" in page, key


# images


def test_images_come_worst_first_and_equal_ones_with_more_mistakes_first():
    truth = make_truth(
        truth_row(1, BOX),
        truth_row(2, BOX, image=2),
        truth_row(3, FAR, image=2),
        truth_row(4, BOX, image=3),
        images=4,
    )
    found = [answer(BOX, image=3), answer((50, 0, 9, 9), image=3)]
    rows = write(truth, found)["images"]
    assert [row["image_id"] for row in rows] == [2, 1, 3, 4]
    assert [(row["truths"], row["right"], row["wrong"], row["missed"]) for row in rows] == [
        (2, 0, 0, 2),
        (1, 0, 0, 1),
        (1, 1, 1, 0),
        (0, 0, 0, 0),
    ]
    assert np.allclose([row["value"] for row in rows], [0, 0, 2 / 3, 1])
