"""Scores against how often they are right: by hand, then equal to hotcoco's."""

import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.one_iou.test_curves import ranked_of
from tests.evaluation.referee import drawn_cases, judge, matched
from workbench.evaluation.one_iou.calibration import compute_calibration


def test_four_of_five_right_at_080_is_as_it_should_be():
    ranked = ranked_of(([0.8] * 5, [1, 1, 1, 1, 0], 9))
    overall, classes = compute_calibration(ranked, ["a"])
    assert overall["ECE"] == pytest.approx(0)
    assert classes == {"a": pytest.approx(0)}
    assert overall["bins"][8] == {
        "low": 0.8,
        "high": 0.9,
        "score": pytest.approx(0.8),
        "precision": pytest.approx(0.8),
        "count": 5,
    }
    assert overall["bins"][3] == {"low": 0.3, "high": 0.4, "score": None, "precision": None, "count": 0}


def test_bins_weigh_as_much_as_is_in_them_and_the_worst_is_named():
    """Three at 0.95 of which none is right (gap 0.95), one at 0.45 that is (gap 0.55)."""
    overall, classes = compute_calibration(ranked_of(([0.95] * 3, [0] * 3, 1), ([0.45], [1], 1)), ["a", "b"])
    assert overall["ECE"] == pytest.approx((3 * 0.95 + 0.55) / 4)
    assert overall["MCE"] == pytest.approx(0.95)
    assert classes == {"a": pytest.approx(0.95), "b": pytest.approx(0.55)}


def test_a_score_of_one_falls_into_the_last_bin():
    overall, _ = compute_calibration(ranked_of(([1.0], [1], 1)), ["a"])
    assert overall["bins"][9]["count"] == 1


@pytest.mark.parametrize("scores", [[], [1.5, 0.5], [0.5, -0.1]])
def test_nothing_is_said_without_predictions_or_of_scores_that_are_no_shares(scores):
    overall, classes = compute_calibration(ranked_of((scores, [0] * len(scores), 1)), ["a"])
    assert overall == {"ECE": None, "MCE": None, "bins": []}
    assert classes == {"a": None}


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_errors_and_bins_are_hotcocos(kind):
    for truth, answers, scene in drawn_cases():
        wanted = judge(truth, answers, kind).calibration()
        overall, classes = compute_calibration(matched(scene, kind)[1], scene.categories)
        if not wanted["num_detections"]:
            continue
        assert overall["ECE"] == pytest.approx(wanted["ece"], abs=1e-12)
        assert overall["MCE"] == pytest.approx(wanted["mce"], abs=1e-12)
        assert [row["count"] for row in overall["bins"]] == [row["count"] for row in wanted["bins"]]
        for name, value in wanted["per_category"].items():
            assert (classes[name] or 0) == pytest.approx(value, abs=1e-12)
