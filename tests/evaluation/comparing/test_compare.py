"""Differences of runs: by hand, then against a loop that scores drawn images anew, then for their honesty."""

import json

import numpy as np
import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from tests.evaluation.noisy import find, make_world, read_scene
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.comparing.compare import (
    BETTER,
    EQUAL,
    NOISE,
    UNKNOWN,
    WORSE,
    Measure,
    Sample,
    compare_one,
    compare_samples,
    count_expected,
)
from workbench.evaluation.comparing.drawn import draw
from workbench.evaluation.comparing.judged import Judged, read_files
from workbench.evaluation.comparing.val_sets import JudgedImage, ValSet
from workbench.evaluation.comparing.verdicts import signed, tell
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.sampling.bootstrap import draw_weights, resample
from workbench.evaluation.sampling.student import find_student, widen

AP = Measure("box", "AP")


def sample(value, draws, seen=50):
    return Sample(value, np.array(draws, float), seen)


def compare(first, other, **more):
    return compare_one(AP, first, other, **more)


# by hand


def test_draws_are_subtracted_one_by_one():
    """Each draw is better by 0.1, though both move by 0.8: that is no noise."""
    first = sample(0.5, np.linspace(0.1, 0.9, 101))
    change = compare(first, sample(0.6, np.linspace(0.2, 1.0, 101)))
    assert change.difference == pytest.approx(0.1)
    assert change.interval == pytest.approx((0.1, 0.1))
    assert (change.above, change.verdict) == (1.0, BETTER)


def test_the_interval_holds_95_percent_of_the_draws():
    first = sample(0.5, np.zeros(1001), 100_000)
    change = compare(first, sample(0.5, np.linspace(-1, 1, 1001), 100_000))
    assert change.interval == pytest.approx((-0.95, 0.95), abs=0.001)


def test_draws_of_other_images_are_not_paired():
    first = sample(0.5, np.linspace(0.1, 0.9, 101))
    change = compare(first, sample(0.6, np.linspace(0.2, 1.0, 101)), paired=False)
    assert change.verdict == NOISE
    assert change.interval[0] < -0.6


def test_less_is_worse_and_the_same_is_equal():
    same = sample(0.5, np.linspace(0.4, 0.6, 50))
    assert compare(same, sample(0.3, np.linspace(0.2, 0.4, 50))).verdict == WORSE
    change = compare(same, same)
    assert (change.verdict, change.above) == (EQUAL, 0.5)


def test_five_images_are_too_few_and_six_are_not():
    pair = sample(0.5, [0.5] * 20, 5), sample(0.6, [0.6] * 20, 5)
    assert compare(*pair).verdict == UNKNOWN
    assert compare(*(one._replace(seen=6) for one in pair)).verdict == BETTER
    assert compare(pair[0]._replace(seen=6), pair[1]).verdict == UNKNOWN


def test_what_cannot_be_seen_in_a_tenth_of_a_point_is_no_difference():
    first = sample(0.5, [0.5] * 20)
    assert compare(first, sample(0.5004, [0.5004] * 20)).verdict == NOISE
    assert compare(first, sample(0.5006, [0.5006] * 20)).verdict == BETTER
    assert compare(first, sample(0.4994, [0.4994] * 20)).verdict == WORSE


def test_a_class_without_truth_has_no_difference():
    change = compare(sample(None, [np.nan] * 20), sample(0.5, [0.5] * 20))
    assert (change.difference, change.interval, change.verdict) == (None, None, UNKNOWN)


def test_draws_that_miss_the_class_are_left_out_up_to_a_half():
    draws, better = [0.5] * 12 + [np.nan] * 8, [0.6] * 12 + [np.nan] * 8
    assert compare(sample(0.5, draws), sample(0.6, better)).interval == pytest.approx((0.1, 0.1))
    draws, better = [0.5] * 9 + [np.nan] * 11, [0.6] * 9 + [np.nan] * 11
    assert compare(sample(0.5, draws), sample(0.6, better)).interval is None


@pytest.mark.parametrize(
    ("free", "wanted"), [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (30, 2.042), (1000, 1.962)]
)
def test_students_t_is_that_of_the_tables(free, wanted):
    assert find_student(0.975, free) == pytest.approx(wanted, abs=0.02 if free > 2 else 0.001)


def test_few_images_widen_the_interval_and_many_do_not():
    assert widen(0.95, 10) == pytest.approx(0.983, abs=0.001)
    assert widen(0.95, 100_000) == pytest.approx(0.95, abs=1e-4)
    assert widen(0.95, 1) == 1


def test_one_in_twenty_is_expected_to_look_different():
    changes = [compare(sample(0.5, [0.4, 0.6]), sample(0.5, [0.4, 0.6]))] * 40
    assert count_expected(changes) == pytest.approx(2)


@pytest.mark.parametrize(
    ("first", "other", "words"),
    [
        (0.5, 0.6, "B is better: 10.0 more box AP than A, +10.0 to +10.0 on other images like these (95%)."),
        (0.6, 0.5, "B is worse: 10.0 less box AP than A, -10.0 to -10.0 on other images like these (95%)."),
        (0.5, 0.5, "A and B have the same box AP, whatever images are drawn."),
    ],
)
def test_words_say_what_the_numbers_do(first, other, words):
    assert tell(compare(sample(first, [first] * 20), sample(other, [other] * 20)), "A", "B") == words


def test_noise_is_called_noise_and_other_images_prove_nothing():
    change = compare(sample(0.5, np.linspace(0.4, 0.6, 50)), sample(0.51, np.linspace(0.6, 0.4, 50)))
    assert "not more than noise" in tell(change, "A", "B")
    assert "says nothing about which is better" in tell(change, "A", "B", same=False)
    few = compare(sample(0.5, [0.5] * 9, 5), sample(0.6, [0.6] * 9, 5))
    assert "too few to say" in tell(few, "A", "B")


def test_a_difference_that_cannot_be_seen_is_none():
    change = compare(sample(0.5, np.linspace(0.4, 0.6, 50)), sample(0.5002, np.linspace(0.6, 0.4, 50)))
    assert tell(change, "A", "B").startswith("B has as much box AP as A, which is not more than noise")


def test_nothing_has_no_sign():
    assert [signed(value) for value in (0.0004, -0.0004, 0.0006, -0.0006)] == ["0.0", "0.0", "+0.1", "-0.1"]


# against a loop that knows nothing of weights


def test_differences_are_those_of_scoring_the_drawn_images_anew():
    rng = np.random.default_rng(1)
    truth = make_world(rng, 8)
    models = [find(rng, truth, miss=miss) for miss in (0.4, 0.1)]
    samples = [draw_all(truth, model) for model in models]
    changes = {change.measure: change for change in compare_samples(*samples)}
    weights = draw_weights(8, 12, 0)
    for place in range(12):
        drawn = [rescore(truth, model, weights[:, place]) for model in models]
        for measure in (AP, Measure("box", "AP50"), Measure("box", "APm"), Measure("box", "AP", "class 2")):
            found = [take(scores, measure) for scores in drawn]
            mine = [one[measure].draws[place] for one in samples]
            assert mine == pytest.approx([np.nan if v is None else v for v in found], abs=1e-6, nan_ok=True)
    both = [rescore(truth, model, np.ones(8)) for model in models]
    assert changes[AP].difference == pytest.approx(both[1]["box"]["AP"] - both[0]["box"]["AP"], abs=1e-12)


def test_each_number_knows_in_how_many_images_there_is_something_to_find():
    rng = np.random.default_rng(6)
    truth = make_world(rng, 12)
    truth["annotations"] = [
        row for row in truth["annotations"] if row["category_id"] == 1 or row["image_id"] in (3, 4, 8)
    ]
    samples = draw_all(truth, find(rng, truth))
    images = {row["image_id"] for row in truth["annotations"] if row["category_id"] == 2}
    small = {row["image_id"] for row in truth["annotations"] if row["area"] < 32**2}
    assert samples[Measure("box", "AP", "class 2")].seen == len(images) > 0
    assert samples[Measure("box", "APs")].seen == len(small) < 12


def test_many_predictions_share_bins_and_their_draws_lie_around_the_number_all_the_same():
    rng = np.random.default_rng(7)
    truth = make_world(rng, 150, classes=1)
    sample = draw_all(truth, find(rng, truth))[AP]
    assert sample.draws.mean() == pytest.approx(sample.value, abs=0.005)


def draw_all(truth, model):
    (judged,) = judge(truth, model)
    return {measure: one for measure, one in draw(judged).samples.items() if measure.family == "box"}


def judge(truth, *models):
    scenes = [read_scene(truth, model) for model in models]
    images = tuple(
        JudgedImage(
            number=row["id"],
            name=row["file_name"],
            key=row["file_name"],
            truth="",
            burst=row.get("burst", ""),
        )
        for row in truth["images"]
    )
    return [Judged(name="x", val=ValSet(images=images, classes=()), scene=scene) for scene in scenes]


def rescore(truth, model, weights):
    """Copy each image as often as it was drawn, and score."""
    images, annotations, results = [], [], []
    for image, times in zip(truth["images"], weights.astype(int), strict=True):
        for _ in range(times):
            number = len(images) + 1
            images.append(image | {"id": number})
            for row in truth["annotations"]:
                if row["image_id"] == image["id"]:
                    annotations.append(row | {"id": len(annotations) + 1, "image_id": number})
            results += [row | {"image_id": number} for row in model if row["image_id"] == image["id"]]
    drawn = {"images": images, "categories": truth["categories"], "annotations": annotations}
    return compute_coco_scores(drawn, results).scores


def take(scores, measure):
    table = scores["per_category"][measure.category] if measure.category else scores
    return table[measure.family][measure.key]


# bursts


def copy_all(truth, *models, times=4):
    """Each image comes several times, as a burst, with the same objects and the same found in it."""
    images, annotations, results = [], [], [[] for _ in models]
    for image in truth["images"]:
        for _ in range(times):
            number = len(images) + 1
            name = f"{number}.jpg"
            images.append(image | {"id": number, "file_name": name, "burst": image["file_name"]})
            for row in truth["annotations"]:
                if row["image_id"] == image["id"]:
                    annotations.append(row | {"id": len(annotations) + 1, "image_id": number})
            for model, rows in zip(models, results, strict=True):
                rows += [row | {"image_id": number} for row in model if row["image_id"] == image["id"]]
    return {"images": images, "categories": truth["categories"], "annotations": annotations}, results


def find_change(judged):
    samples = [draw(one).samples for one in judged]
    return samples, compare_one(AP, *(table[AP] for table in samples))


def test_four_copies_of_each_image_prove_no_more_than_one():
    rng = np.random.default_rng(4)
    truth = make_world(rng, 10)
    models = [find(rng, truth, miss=miss) for miss in (0.3, 0.2)]
    _, one = find_change(judge(truth, *models))
    copied, fourfold = copy_all(truth, *models)
    samples, four = find_change(judge(copied, *fourfold))
    assert samples[0][AP].seen == 10
    assert four.interval == pytest.approx(one.interval, abs=0.02)
    for image in copied["images"]:
        del image["burst"]
    samples, alone = find_change(judge(copied, *fourfold))
    assert samples[0][AP].seen == 40
    widths = [change.interval[1] - change.interval[0] for change in (alone, four)]
    assert widths[0] < 0.65 * widths[1]


def test_a_burst_is_drawn_as_a_whole():
    rng = np.random.default_rng(5)
    truth = make_world(rng, 6)
    for row, burst in zip(truth["images"], "aabbbc", strict=True):
        row["burst"] = burst
    model = find(rng, truth)
    (judged,) = judge(truth, model)
    draws = draw(judged).samples[AP].draws
    weights = draw_weights(3, 6, 0)[[0, 0, 1, 1, 1, 2]]
    for place in range(6):
        scores = rescore(truth, model, weights[:, place])
        assert draws[place] == pytest.approx(scores["box"]["AP"], abs=1e-6)


# honesty


def trial(seed, images, miss=(0.2, 0.2)):
    """Two models on the same images: what becomes of their difference?"""
    rng = np.random.default_rng(seed)
    truth = make_world(rng, images)
    samples = []
    for share in miss:
        scene = read_scene(truth, find(rng, truth, miss=share))
        draws = resample(scene, match(scene, compute_pairs(scene, "box")), count=300)
        samples.append(Sample(float(draws.centre["AP"][0]), draws.values["AP"][0], images))
    return compare(*samples)


def test_the_true_difference_lies_in_about_95_of_100_intervals():
    """The truth is that of many images."""
    rng = np.random.default_rng(9)
    world = make_world(rng, 1500)
    values = [
        compute_coco_scores(world, find(rng, world, miss=miss)).scores["box"]["AP"] for miss in (0.4, 0.1)
    ]
    true = values[1] - values[0]
    found = [trial(seed, 12, (0.4, 0.1)).interval for seed in range(100)]
    assert 0.9 <= np.mean([low <= true <= high for low, high in found]) <= 0.99


def test_equally_good_models_look_different_in_about_one_of_twenty_trials():
    verdicts = [trial(seed, 20).verdict for seed in range(200)]
    assert 0.02 <= np.mean([verdict != NOISE for verdict in verdicts]) <= 0.09


def test_a_better_model_is_mostly_seen_to_be_better():
    verdicts = [trial(seed, 40, (0.4, 0.1)).verdict for seed in range(40)]
    assert np.mean([verdict == BETTER for verdict in verdicts]) > 0.8


def test_the_same_predictions_are_equal(tmp_path):
    rng = np.random.default_rng(3)
    truth = make_world(rng, 12)
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "a.json").write_text(json.dumps(find(rng, truth)))
    judged = read_files(tmp_path / "gt.json", [tmp_path / "a.json"] * 2)
    changes = compare_samples(*(draw(one).samples for one in judged))
    assert {change.verdict for change in changes if change.first is not None} <= {EQUAL, UNKNOWN}
    assert {change.difference for change in changes if change.first is not None} == {0.0}
