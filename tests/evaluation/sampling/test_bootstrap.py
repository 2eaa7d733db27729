"""Draws of images: by hand, then those of a plain loop that scores the drawn images anew."""

import copy
import dataclasses

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.scenes import answer, draw_case, make_truth, runs_of, scene_of, truth_row
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.sampling import bootstrap
from workbench.evaluation.sampling.bootstrap import draw_weights, resample
from workbench.evaluation.sampling.steps import find_steps


def resample_boxes(truth, answers, **more):
    scene = scene_of(truth, answers)
    return resample(scene, match(scene, compute_pairs(scene, "box")), **more)


def test_each_draw_has_as_many_images_as_there_are():
    weights = draw_weights(7, 50, 3)
    assert weights.shape == (7, 50)
    assert set(weights.sum(0)) == {7}
    assert (weights == draw_weights(7, 50, 3)).all()
    assert (weights != draw_weights(7, 50, 4)).any()


def test_a_draw_counts_an_image_as_often_as_it_is_drawn():
    """One image with its object found, one with its object missed: recall is the share of the first one."""
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), truth_row(2, [0, 0, 50, 50], image=2), categories=1)
    draws = resample_boxes(truth, [answer([0, 0, 50, 50])], count=300)
    share = draw_weights(2, 300, 0)[0] / 2
    assert draws.of("AR100").tolist() == share.tolist()
    assert sorted(set(draws.of("AP50").round(6))) == [0, round(51 / 101, 6), 1]


SIX = range(1, 7)


def test_where_every_image_is_alike_nothing_moves():
    truth = make_truth(*(truth_row(n, [0, 0, 50, 50], image=n) for n in SIX), images=6, categories=1)
    draws = resample_boxes(truth, [answer([0, 0, 50, 50], image=n) for n in SIX])
    assert draws.interval("AP") == pytest.approx((1, 1))


def test_of_fewer_than_six_images_nothing_is_said():
    truth = make_truth(*(truth_row(n, [0, 0, 50, 50], image=n) for n in range(1, 6)), images=9, categories=1)
    draws = resample_boxes(truth, [answer([0, 0, 50, 50])], count=50)
    assert draws.seen.tolist() == [5, 5]  # the other four images have nothing to find
    assert draws.interval("AP") is None


def test_few_images_are_surer_among_themselves_than_of_others():
    """Three found and three missed: six draws of six leave out more than 95 of 100 worlds have."""
    truth = make_truth(*(truth_row(n, [0, 0, 50, 50], image=n) for n in SIX), images=6, categories=1)
    draws = resample_boxes(truth, [answer([0, 0, 50, 50], image=n) for n in (1, 2, 3)])
    low, high = np.quantile(draws.of("AR100"), (0.025, 0.975))
    wide = draws.interval("AR100")
    assert wide[0] < low < high < wide[1]


def test_a_burst_is_drawn_as_a_whole_and_counts_once():
    truth = make_truth(*(truth_row(n, [0, 0, 50, 50], image=n) for n in SIX), images=6, categories=1)
    scene = scene_of(truth, [answer([0, 0, 50, 50], image=n) for n in (1, 2, 3)])
    burst = dataclasses.replace(scene, bursts=np.array([0, 0, 0, 1, 2, 3]))
    draws = resample(burst, match(burst, compute_pairs(burst, "box")), count=200)
    together = draw_weights(4, 200, 0)
    expected = 3 * together[0] / (3 * together[0] + together[1:].sum(0))
    np.testing.assert_allclose(draws.of("AR100"), expected, atol=1e-6)
    assert draws.seen.tolist() == [4, 4]


def test_a_class_without_truth_has_no_interval_and_a_draw_without_it_is_left_out():
    truth = make_truth(truth_row(1, [0, 0, 50, 50]), categories=2)
    draws = resample_boxes(truth, [answer([0, 0, 50, 50]), answer([0, 0, 50, 50], category=2)], count=200)
    assert draws.interval("AP", "class 2") is None
    drawn = draw_weights(2, 200, 0)[0] > 0
    assert 0 < drawn.sum() < 200
    assert len(draws.of("AP", "class 1")) == len(draws.of("AP")) == drawn.sum()
    assert set(draws.of("AP").round(6)) == {1}


@pytest.mark.parametrize("answers", [[], [answer([0, 0, 50, 50])]])
def test_nothing_found_and_nothing_to_find_are_no_mistake(answers):
    assert resample_boxes(make_truth(), answers).interval("AP") is None
    truth = make_truth(*(truth_row(n, [0, 60, 9, 9], image=n) for n in SIX), images=6)
    assert resample_boxes(truth, answers).interval("AP") == (0, 0)


def test_sums_that_no_lane_holds_are_right_too():
    """40,000 predictions of one image that is drawn twice, or five times: more than 16 bits."""
    count = 40_000
    zeros, marks = np.zeros(count, np.int64), np.ones((count, 2), bool)
    marks[0] = [False, True]
    steps = find_steps(marks, zeros, zeros, (1, 1))
    sums = steps.add_up(np.array([[2], [5]], np.float32))
    assert sums[0, :, 0].tolist() == [[79_998, 199_995], [80_000, 200_000]]


def test_parts_of_images_are_added_up_too():
    marks, zeros = np.ones((3, 2), bool), np.zeros(3, np.int64)
    sums = find_steps(marks, zeros, np.arange(3), (1, 1)).add_up(np.array([[0.5, 0.25, 2]], np.float32))
    assert sums[0, :, 0].tolist() == [[2.75], [2.75]]


def test_the_interval_corrects_what_few_images_make_too_good():
    """AP of 30 images lies above that of all 210 on average; the middle of the interval is closer."""
    truth, answers = draw_case(11, images=210, categories=1)
    everything = resample_boxes(truth, answers, count=2).centre["AP"][0]
    numbers, middles = [], []
    for start in range(0, 210, 30):
        images = range(start + 1, start + 31)
        few = truth | {
            key: [row for row in truth[key] if row.get("image_id", row["id"]) in images]
            for key in ("images", "annotations")
        }
        draws = resample_boxes(few, [row for row in answers if row["image_id"] in images], count=100)
        numbers.append(draws.centre["AP"][0])
        middles.append(np.mean(draws.interval("AP")))
    assert np.mean(numbers) > everything + 0.01
    assert abs(np.mean(middles) - everything) < 0.5 * (np.mean(numbers) - everything)


# the plain loop


def redraw(truth, answers, weights):
    """The drawn images as a data set of its own, each as often as it is drawn."""
    images, rows, found = [], [], []
    for place, image in enumerate(truth["images"]):
        for _ in range(int(weights[place])):
            number = len(images) + 1
            images.append(image | {"id": number})
            for row in truth["annotations"]:
                if row["image_id"] == image["id"]:
                    rows.append(row | {"id": len(rows) + 1, "image_id": number})
            found += [row | {"image_id": number} for row in answers if row["image_id"] == image["id"]]
    return truth | {"images": images, "annotations": rows}, found


@pytest.mark.parametrize("seed", range(8))
def test_every_draw_is_what_scoring_the_drawn_images_gives(seed):
    truth, answers = draw_case(seed, images=6, crowds=0.3, truths=5, near=4)
    for place, row in enumerate(answers):
        row["score"] = (
            row["score"] / 2 + place * 1e-5
        )  # no two alike: copies of an image have ties of their own
    draws = resample_boxes(truth, answers, count=12, seed=seed)
    weights = draw_weights(6, 12, seed)
    for draw in range(12):
        drawn, found = redraw(copy.deepcopy(truth), answers, weights[:, draw])
        expected, _ = compute_coco_scores(drawn, found, kinds=("box",))
        for key in ("AP", "AP50", "AP75", "AR100"):
            rows = [expected["box"], *(one["box"] for one in expected["per_category"].values())]
            wanted = [np.nan if row[key] is None else row[key] for row in rows]
            assert draws.values[key][:, draw].tolist() == pytest.approx(wanted, abs=2e-6, nan_ok=True)


def test_the_middle_is_the_number_itself():
    truth, answers = draw_case(3, images=20)
    draws = resample_boxes(truth, answers, count=5)
    scores, _ = compute_coco_scores(truth, answers, kinds=("box",))
    for key in bootstrap.KEYS:
        assert draws.centre[key][0] == pytest.approx(scores["box"][key], abs=1e-12)
        low, high = draws.interval(key)
        assert 0 <= low <= draws.centre[key][0] <= high <= 1


def test_shared_bins_give_nearly_the_same_draws(monkeypatch):
    truth, answers = draw_case(5, images=80, categories=1, truths=8)
    for row in answers:  # scores that say something
        row["score"] = (row["bbox"][2] * 7 % 31 + row["image_id"] % 9) / 40
    assert len(answers) > 350
    binned = resample_boxes(truth, answers, count=300)
    monkeypatch.setattr(bootstrap, "_BINS", 10**6)
    single = resample_boxes(truth, answers, count=300)
    for key in ("AP", "AP50", "AP75"):
        assert np.corrcoef(binned.of(key), single.of(key))[0, 1] > 0.98
        assert binned.interval(key) == pytest.approx(single.interval(key), abs=0.01)
    assert binned.of("AR100").tolist() == pytest.approx(single.of("AR100").tolist(), abs=1e-6)


# two runs


def test_differences_are_taken_draw_by_draw():
    truth, answers = draw_case(2, images=20)
    better = [row | {"score": 0.99} if place % 3 == 0 else row for place, row in enumerate(answers)]
    one, other = resample_boxes(truth, better, count=100), resample_boxes(truth, answers, count=100)
    apart = one.minus(other)
    assert (apart.of("AP") == one.of("AP") - other.of("AP")).all()
    assert apart.of("AP").std() < np.hypot(one.of("AP").std(), other.of("AP").std())
    assert one.minus(one).interval("AP") == (0, 0)
    low, high = apart.interval("AP")
    assert low <= apart.centre["AP"][0] <= high
    assert other.minus(one).interval("AP")[0] < 0


def test_differences_of_other_classes_or_of_another_number_are_refused():
    one = resample_boxes(make_truth(truth_row(1, [0, 0, 9, 9])), [], count=10)
    for other in (
        resample_boxes(make_truth(truth_row(1, [0, 0, 9, 9])), [], count=11),
        resample_boxes(make_truth(truth_row(1, [0, 0, 9, 9]), categories=3), [], count=10),
    ):
        with pytest.raises(ValueError, match="must be of the same"):
            one.minus(other)


def test_masks_are_drawn_as_boxes_are():
    truth = make_truth(*(truth_row(n, [0, 0, 50, 50], image=n) for n in SIX), images=6, categories=1)
    masks = [answer([0, 0, 50, 50], image=n, segmentation=runs_of((0, 0, 50, 30))) for n in SIX]
    scene = scene_of(truth, masks)
    draws = resample(scene, match(scene, compute_pairs(scene, "mask")))
    assert draws.kind == "mask"
    assert draws.interval("AP") == pytest.approx((0.3, 0.3))  # 0.6 passes three thresholds of ten
