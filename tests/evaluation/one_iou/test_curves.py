"""Precision and recall over the score: by hand, then against hotcoco's envelope."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.referee import drawn_cases, judge, matched
from tests.evaluation.scenes import answer, make_truth, scene_of, truth_row
from workbench.evaluation.one_iou.curves import (
    POINTS,
    compute_curves,
    find_best_scores,
    find_shared_score,
    measure_at,
)
from workbench.evaluation.one_iou.ranking import RECALLS, Ranked, compute_ap


def ranked_of(*classes):
    """One class each: (scores, right or wrong, truths)."""
    ends = np.cumsum([len(scores) for scores, _, _ in classes]).tolist()
    return Ranked(
        place=np.arange(ends[-1]),
        score=np.concatenate([np.array(scores, float) for scores, _, _ in classes]),
        right=np.concatenate([np.array(right, bool) for _, right, _ in classes]),
        parts=tuple(slice(start, end) for start, end in zip([0, *ends], ends, strict=False)),
        truths=tuple(truths for _, _, truths in classes),
    )


def envelope(curve):
    recall, precision = np.array(curve["recall"]), np.array(curve["precision"])
    return np.array([precision[recall >= least].max(initial=0) for least in RECALLS])


# by hand


def test_a_short_curve_is_shown_as_it_was_matched():
    curve = compute_curves(ranked_of(([0.9, 0.8, 0.7], [1, 0, 1], 4)), ["a"]).classes["a"]
    assert curve["recall"] == [0.25, 0.25, 0.5]
    assert curve["precision"] == [1, 0.5, pytest.approx(2 / 3)]
    assert curve["score"] == [0.9, 0.8, 0.7]


def test_a_class_without_truth_has_no_curve_and_one_without_predictions_an_empty_one():
    curves = compute_curves(ranked_of(([0.9], [0], 0), ([], [], 3)), ["a", "b"])
    assert curves.classes == {"b": {"recall": [], "precision": [], "score": []}}


def test_the_best_score_is_the_lowest_that_is_still_worth_it():
    """F1 after each: 2/4, 2/5, 4/6, 4/7."""
    best = find_best_scores(ranked_of(([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], 3)))
    assert best == [{"score": 0.7, "precision": 2 / 3, "recall": 2 / 3, "F1": 2 / 3}]


def test_equal_scores_come_together_as_no_threshold_can_part_them():
    """Right and wrong at 0.8: with both, precision is 2/3, though the right one stands first."""
    best = find_best_scores(ranked_of(([0.9, 0.8, 0.8], [1, 1, 0], 2)))[0]
    assert (best["score"], best["precision"], best["recall"]) == (0.8, 2 / 3, 1)


def test_no_score_is_best_that_would_part_equal_ones():
    """After the first of four equal ones F1 would be 1; with all of them it is 4/7, less than 2/3 above them."""
    best = find_best_scores(ranked_of(([0.9, 0.8, 0.8, 0.8, 0.8], [1, 1, 0, 0, 0], 2)))[0]
    assert (best["score"], best["F1"]) == (0.9, pytest.approx(2 / 3))


def test_of_equal_f1_the_higher_score_is_taken():
    """F1 is 2/3 after the first and after the fourth."""
    best = find_best_scores(ranked_of(([0.9, 0.8, 0.7, 0.6], [1, 0, 0, 1], 2)))[0]
    assert best["score"] == 0.9


def test_a_class_without_truth_has_no_best_score_and_one_without_hits_none_either():
    best = find_best_scores(ranked_of(([0.9], [0], 0), ([0.9], [0], 2), ([], [], 2)))
    assert best[0] is None
    assert best[1] == best[2] == {"score": None, "precision": None, "recall": 0.0, "F1": 0.0}


def test_the_shared_score_is_best_for_the_mean_of_all_classes():
    """a alone would stop at 0.9; b needs 0.4: mean F1 is 0.5 at 0.9, (2/3 + 1) / 2 at 0.4."""
    ranked = ranked_of(([0.9, 0.5], [1, 0], 1), ([0.4], [1], 1))
    assert find_shared_score(ranked) == 0.4
    assert [point["F1"] for point in measure_at(ranked, 0.4)] == [pytest.approx(2 / 3), 1]


def test_without_predictions_there_is_no_shared_score_and_nothing_is_found():
    ranked = ranked_of(([], [], 2), ([], [], 0))
    assert find_shared_score(ranked) is None
    assert measure_at(ranked, None) == [{"score": None, "precision": None, "recall": 0.0, "F1": 0.0}, None]


def test_a_chosen_score_counts_what_is_at_least_so_sure():
    ranked = ranked_of(([0.9, 0.5, 0.4], [1, 0, 1], 2), ([0.9], [0], 0))
    here, stray = measure_at(ranked, 0.5)
    assert here == {"score": 0.5, "precision": 0.5, "recall": 0.5, "F1": 0.5}
    assert stray == {"score": 0.5, "precision": 0.0, "recall": None, "F1": None}


def test_the_mean_curve_is_the_mean_of_the_envelopes():
    curve = compute_curves(ranked_of(([0.9], [1], 1), ([0.8], [1], 2), ([0.3], [0], 0)), ["a", "b", "c"]).mean
    assert curve["precision"][0] == pytest.approx(1)
    assert curve["precision"][50] == pytest.approx(1)
    assert curve["precision"][51] == pytest.approx(0.5)
    assert (curve["score"][50], curve["score"][51]) == (pytest.approx(0.85), 0.9)


def test_the_mean_says_nothing_about_scores_where_no_class_gets():
    curve = compute_curves(ranked_of(([0.9], [1], 2)), ["a"]).mean
    assert curve["score"][50:52] == [0.9, None]
    assert curve["precision"][51] == 0


# thinned


@pytest.mark.parametrize("seed", range(20))
def test_a_long_curve_is_thinned_without_moving_its_envelope(seed):
    generator = np.random.default_rng(seed)
    count = int(generator.integers(102, 3000))
    score = -np.sort(-generator.random(count).round(2))
    right = generator.random(count) < generator.choice([0.02, 0.5, 0.98]) * (score + 0.2)
    truths = int(right.sum() + generator.integers(1, 100))
    curve = compute_curves(ranked_of((score, right, truths)), ["a"]).classes["a"]
    assert len(curve["recall"]) <= POINTS
    assert curve["recall"] == sorted(curve["recall"])
    assert envelope(curve).mean() == pytest.approx(compute_ap(right, truths), abs=1e-12)


# the referee


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_envelopes_are_hotcocos(kind):
    for truth, answers, scene in drawn_cases():
        precision = judge(truth, answers, kind).eval["precision"][0, :, :, 0, -1]
        curves = compute_curves(matched(scene, kind)[1], scene.categories)
        for place, name in enumerate(scene.categories):
            if name in curves.classes:
                assert np.allclose(envelope(curves.classes[name]), precision[:, place], rtol=0, atol=1e-12)
        there = precision[:, precision[0] > -1]
        if there.size:
            assert np.mean(curves.mean["precision"]) == pytest.approx(there.mean(), abs=1e-12)


def test_a_threshold_finds_what_it_says_when_the_predictions_below_it_are_taken_away():
    for truth, answers, scene in drawn_cases():
        ranked = matched(scene)[1]
        score = find_shared_score(ranked)
        if score is None:
            continue
        left = [row for row in answers if row["score"] >= score]
        again = matched(scene_of(truth, left))[1]
        assert measure_at(again, -1) == [
            point and point | {"score": -1} for point in measure_at(ranked, score)
        ]


def test_crowds_and_what_lies_in_them_do_not_count():
    truth = make_truth(truth_row(1, (0, 0, 20, 20)), truth_row(2, (40, 40, 50, 50), crowd=1))
    scene = scene_of(truth, [answer((0, 0, 20, 20), 0.9), answer((50, 50, 10, 10), 0.8)])
    best = find_best_scores(matched(scene)[1])[0]
    assert best == {"score": 0.9, "precision": 1, "recall": 1, "F1": 1}
