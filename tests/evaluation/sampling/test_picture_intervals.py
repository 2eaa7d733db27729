"""Intervals of PQ and mIoU: cases by hand, and the same averages as the scores themselves."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from workbench.evaluation.panoptic_quality import Segments, compute_panoptic_quality, count_segments
from workbench.evaluation.sampling import picture_intervals
from workbench.evaluation.sampling.bootstrap import draw_weights
from workbench.evaluation.sampling.picture_intervals import resample_pixels, resample_segments
from workbench.evaluation.semantic_scores import compute_semantic_scores


def segments(*images):
    """Images of classes of (found, false, missed, overlap)."""
    counts = np.array(images, float)
    names = tuple(f"class {n}" for n in range(counts.shape[1]))
    return Segments(counts, names, np.arange(counts.shape[1]) == 0)


def test_equal_images_leave_no_doubt():
    overall, classes = resample_segments(segments(*[[(2, 1, 1, 1.5), (1, 0, 0, 0.75)]] * 6))
    assert overall["panoptic.PQ"] == pytest.approx([(0.5 + 0.75) / 2] * 2)
    assert overall["panoptic.PQ_th"] == pytest.approx([0.5] * 2)
    assert overall["panoptic.SQ_th"] == overall["panoptic.PQ_st"] == pytest.approx([0.75] * 2)
    assert classes["class 0"]["panoptic.RQ"] == pytest.approx([2 / 3] * 2)


def test_three_good_images_and_three_bad_leave_much_open():
    overall, _ = resample_segments(segments(*[[(1, 0, 0, 1)], [(0, 0, 1, 0)]] * 3))
    low, high = overall["panoptic.PQ"]
    assert low <= 2 * (1 / 6) / (1 + 1 / 6) and high >= 2 * (5 / 6) / (1 + 5 / 6)


def test_of_fewer_than_six_images_nothing_is_said():
    assert resample_segments(segments(*[[(1, 0, 0, 1)]] * 5)) == ({}, {"class 0": {}})


def test_a_class_that_is_nowhere_has_no_interval():
    overall, classes = resample_segments(segments(*[[(1, 0, 0, 1), (0, 0, 0, 0)]] * 6))
    assert classes["class 1"] == {}
    assert "panoptic.PQ_st" not in overall
    assert overall["panoptic.PQ"] == [1, 1]


def test_equal_pictures_leave_no_doubt_about_pixels():
    confusion = np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    scores = compute_semantic_scores(confusion, "abc").scores
    overall, classes = resample_pixels([confusion] * 6, "abc")
    for key, value in scores["semantic"].items():
        assert overall[f"semantic.{key}"] == pytest.approx([value] * 2)
    assert classes["a"]["semantic.IoU"] == pytest.approx([6 / 9] * 2)
    assert classes["c"] == {}


def test_every_draw_is_what_the_scores_would_say_of_its_images(monkeypatch):
    generator = np.random.default_rng(3)
    confusions = generator.integers(0, 9, (6, 4, 4)) * generator.integers(0, 2, (6, 4, 1))
    monkeypatch.setattr(picture_intervals, "DRAWS", 1)
    for seed in range(20):
        weights = draw_weights(6, 1, seed)[:, 0].astype(int)
        expected = compute_semantic_scores(np.tensordot(weights, confusions, 1), "abcd").scores["semantic"]
        overall, _ = resample_pixels(list(confusions), "abcd", seed=seed)
        assert {name: ends[0] for name, ends in overall.items()} == pytest.approx(
            {f"semantic.{key}": value for key, value in expected.items()}
        )


def test_the_counts_of_all_images_make_the_quality_of_all(shared):
    folder = shared / "coco_panoptic" / "panopticapi_sample"
    truth, found = (next(folder.rglob(name)) for name in ("panoptic_examples.json", "panoptic_examples.json"))
    counted = count_segments(truth, found)
    scores = compute_panoptic_quality(truth, found).scores
    found_count, false, missed, overlap = counted.counts.sum(0).T
    there = found_count + false + missed > 0
    quality = (overlap / np.maximum(found_count + (false + missed) / 2, 1e-9))[there].mean()
    assert quality == pytest.approx(scores["panoptic"]["PQ"])
    assert counted.things.sum() + (~counted.things).sum() == len(counted.names)
