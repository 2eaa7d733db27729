"""What a suspect would recover: by hand, and against the labels really mended and everything scored again."""

import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.mislabel import draw_mislabelled, find
from tests.evaluation.scenes import make_truth, scene_of, truth_row
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.overlap.precision import compute_averages

BOX, ELSEWHERE = (10, 10, 20, 20), (60, 60, 20, 20)


def answer(box, score=0.9, image=1, category=1):
    return {"image_id": image, "category_id": category, "score": score, "bbox": list(box)}


def good_model(images=20, category=1):
    truths = [truth_row(n, BOX, image=n, category=category) for n in range(1, images + 1)]
    return truths, [answer(BOX, 0.9, image=n, category=category) for n in range(1, images + 1)]


def recover(truths, answers, images=21):
    rows = find(make_truth(*truths, images=images), answers)
    return [(row["kind"], row["recovers"], row["recovers_50"]) for row in rows]


def test_a_missing_label_recovers_what_the_sure_false_alarm_costs():
    """A false alarm before 20 hits: precision 20/21 at all recalls; mended 1."""
    truths, answers = good_model()
    cost = pytest.approx(1 - 20 / 21, abs=1e-6)
    assert recover(truths, [*answers, answer(ELSEWHERE, 0.95)]) == [("missing-label", cost, cost)]


def test_a_false_alarm_that_nothing_right_comes_after_costs_nothing():
    truths, answers = good_model()
    found = find(make_truth(*truths, images=21), [*answers, answer(ELSEWHERE, 0.9, image=21)])
    assert [(row["kind"], row["recovers"]) for row in found] == [("missing-label", 0.0)]


def test_a_label_of_nothing_costs_the_recall_that_nobody_reaches():
    """20 of 21 found with no false alarm: precision 1 at the recalls 0 to 0.95, that is at 96 of 101."""
    truths, answers = good_model()
    cost = pytest.approx(5 / 101, abs=1e-6)
    odd = truth_row(99, ELSEWHERE, image=21)
    assert recover([*truths, odd], answers) == [("spurious-label", cost, cost)]


def test_a_poor_outline_that_is_still_found_costs_ap_and_no_ap50():
    """IoU 400 / 676 = 0.59: right at 2 of ten thresholds; at the other eight the last of 21 answers is wrong."""
    truths, answers = good_model()
    wide = truth_row(99, (7, 7, 26, 26), image=21)
    found = recover([*truths, wide], [*answers, answer(BOX, 0.8, image=21)])
    assert found == [("poor-outline", pytest.approx(0.8 * 5 / 101, abs=1e-6), 0.0)]


def test_what_found_a_label_at_higher_thresholds_is_a_false_alarm_once_it_is_redrawn():
    """The sure answer fits at two thresholds, an exact one below it at the other eight; five hits come after both.

    Before, at those eight: 20 right, wrong, 6 right of 26; mended at all ten: 21 right, wrong, 5 right.
    """
    truths, answers = good_model(26)
    answers = [row if row["image_id"] <= 20 else row | {"score": 0.8} for row in answers]
    truths[20]["bbox"], truths[20]["area"] = [7, 7, 26, 26], 26 * 26
    answers[20] = answer(BOX, 0.9, image=21)
    found = recover(truths, [*answers, answer((7, 7, 26, 26), 0.85, image=21)], images=26)
    assert found == [("poor-outline", pytest.approx(0.8 * 4 * (1 - 26 / 27) / 101, abs=1e-6), 0.0)]


def test_a_wrong_class_costs_both_classes():
    """Class 2 has this truth alone, and finds 0 of 1; class 1 has a false alarm before its 20 hits."""
    truths, answers = good_model()
    wrong = truth_row(99, BOX, image=21, category=2)
    found = recover([*truths, wrong], [*answers, answer(BOX, 0.95, image=21)])
    before = (20 / 21 + 0) / 2
    assert found == [
        ("wrong-class", pytest.approx(1 - before, abs=1e-6), pytest.approx(1 - before, abs=1e-6))
    ]


def test_a_label_beside_its_object_is_one_suspect_and_moving_it_recovers_both():
    truths, answers = good_model()
    beside = truth_row(99, (32, 10, 20, 20), image=21)
    ((kind, gain, gain50),) = recover([*truths, beside], [*answers, answer(BOX, 0.95, image=21)])
    before = 20 / 21 * 96 / 101
    assert kind == "poor-outline"
    assert gain == gain50 == pytest.approx(1 - before, abs=1e-6)


def score(truth, answers):
    scene = scene_of(truth, answers)
    return compute_averages(scene, match(scene, compute_pairs(scene, "box"))).overall


def mend(truth, answers, row):
    """Change the label as the model says."""
    rows = [one for one in truth["annotations"] if one["id"] != row["truth"]]
    old = next((one for one in truth["annotations"] if one["id"] == row["truth"]), None)
    said = answers[row["prediction"]] if row["prediction"] is not None else None
    if row["kind"] == "wrong-class":
        rows.append(old | {"category_id": said["category_id"]})
    elif said:
        rows.append(truth_row(9999, said["bbox"], image=said["image_id"], category=said["category_id"]))
    return truth | {"annotations": rows}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_recovered_is_what_scoring_the_mended_labels_gives(seed):
    """Other answers may overlap a new outline, too, and find it instead at some thresholds: they are few."""
    truth, answers, _ = draw_mislabelled(40, seed=seed)
    before = score(truth, answers)
    equal = 0
    rows = find(truth, answers)
    for row in rows:
        after = score(mend(truth, answers, row), answers)
        gain, gain50 = (after[key] - before[key] for key in ("AP", "AP50"))
        assert row["recovers_50"] == pytest.approx(gain50, abs=2e-3)
        assert row["recovers"] == pytest.approx(gain, abs=2e-3)
        equal += row["recovers"] == pytest.approx(gain, abs=1e-5)
    assert len(rows) > 20 and equal >= 0.95 * len(rows)
