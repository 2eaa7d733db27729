"""Averages of our own matches: by hand, then hotcoco's (which equal pycocotools') on random scenes."""

import pytest

pytest.importorskip("hotcoco")

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.scenes import answer, draw_case, make_truth, scene_of, truth_row
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.overlap.precision import compute_averages


def averages(truth, answers, kind="box"):
    scene = scene_of(truth, answers)
    return compute_averages(scene, match(scene, compute_pairs(scene, kind)))


def test_one_of_two_found_reaches_half_the_recall():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), truth_row(2, [0, 60, 50, 50]))
    overall, classes = averages(truth, [answer([0, 0, 50, 50])])
    assert overall["AP"] == pytest.approx(51 / 101)
    assert overall["AR1"] == overall["AR100"] == 0.5
    assert overall["APs"] is None
    assert classes["class 1"] == {
        "AP": overall["AP"],
        "AP50": overall["AP"],
        "AP75": overall["AP"],
        "AR100": 0.5,
    }
    assert set(classes["class 2"].values()) == {None}


def test_a_false_alarm_before_the_hit_halves_the_precision_and_one_behind_it_costs_nothing():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]))
    hit = answer([0, 0, 50, 50], 0.5)
    assert averages(truth, [hit, answer([50, 60, 50, 50], 0.9)]).overall["AP"] == pytest.approx(0.5)
    assert averages(truth, [hit, answer([50, 60, 50, 50], 0.1)]).overall["AP"] == pytest.approx(1)


def test_a_false_alarm_of_another_size_costs_that_size_nothing():
    truth = make_truth(truth_row(1, [0, 0, 20, 20]))
    overall, _ = averages(truth, [answer([0, 0, 20, 20], 0.5), answer([50, 60, 50, 50], 0.9)])
    assert overall["AP"] == pytest.approx(0.5)
    assert overall["APs"] == pytest.approx(1)
    assert overall["APm"] is None


def require_equal(truth, answers, kind):
    ours = averages(truth, answers, kind)
    theirs, _ = compute_coco_scores(truth, answers, kinds=(kind,))
    expected = {key: theirs[kind][key] for key in ours.overall}
    assert ours.overall == pytest.approx(expected, abs=1e-12)
    for name, values in ours.classes.items():
        assert values == pytest.approx(theirs["per_category"][name][kind], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), kind=st.sampled_from(["box", "mask"]), crowds=st.sampled_from([0, 0.2, 1]),
    near=st.integers(0, 6), categories=st.integers(1, 4),
)  # fmt: skip
def test_all_twelve_numbers_are_those_of_the_engine(seed, kind, crowds, near, categories):
    truth, answers = draw_case(seed, near=near, crowds=crowds, categories=categories)
    require_equal(truth, answers, kind if answers else "box")


def test_they_are_where_an_image_has_more_predictions_than_count():
    truth, answers = draw_case(4, images=2, categories=1, truths=9)
    crowded = [row | {"score": row["score"] + 0.001 * n} for n in range(20) for row in answers]
    assert len(crowded) > 250
    require_equal(truth, crowded, "box")


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_those_of_cocos_own_example_are_equal_to_the_last_bit(shared, kind):
    folder = shared / "coco_metrics_reference"
    truth = read_truth(folder / "faster_coco_eval_dataset" / "cocoapi" / "instances_val2014_100.json")
    name = {"box": "bbox", "mask": "segm"}[kind]
    file = folder / "cocoapi" / "results" / f"instances_val2014_fake{name}100_results.json"
    found = read_predictions(file, truth)
    scene = build_scene(truth, found)
    ours = compute_averages(scene, match(scene, compute_pairs(scene, kind)))
    theirs, _ = compute_coco_scores(truth, found, kinds=(kind,))
    assert ours.overall == {key: theirs[kind][key] for key in ours.overall}
    assert ours.classes == {name: row[kind] for name, row in theirs["per_category"].items()}
