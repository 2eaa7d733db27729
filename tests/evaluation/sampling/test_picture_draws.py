"""PQ and IoU of drawn images: with each image once they are the scores themselves; else those of counting anew."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from workbench.evaluation.image_scores import score_pixels, score_segments
from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.sampling.picture_draws import confusions_to_pixels, draw_pixels, draw_segments
from workbench.evaluation.semantic_scores import compute_semantic_scores

NAMES = ("board", "chip", "rare")
THINGS = np.array([False, True, True])


def segments(*images):
    """Each image: for each class found, false, missed, overlap."""
    return Segments(np.array(images, float), NAMES, THINGS)


def once(images):
    return np.ones((images, 1))


def test_panoptic_quality_by_hand():
    """Board: 2 found with IoU 0.8 and 0.6, 1 missed: PQ 1.4 / 2.5. Chip: 1 false: 0. Rare: not there."""
    counts = segments(
        [[1, 0, 0, 0.8], [0, 1, 0, 0.0], [0, 0, 0, 0.0]], [[1, 0, 1, 0.6], [0, 0, 0, 0.0], [0, 0, 0, 0.0]]
    )
    table = draw_segments(counts, once(2))
    assert table.classes["PQ"][0] == pytest.approx([0.56, 0, np.nan], nan_ok=True)
    assert table.classes["SQ"][0] == pytest.approx([0.7, 0, np.nan], nan_ok=True)
    assert {key: table.overall[key][0] for key in ("PQ", "PQ_th", "PQ_st", "RQ")} == pytest.approx(
        {"PQ": 0.28, "PQ_th": 0.0, "PQ_st": 0.56, "RQ": 0.4}
    )


def test_an_image_that_was_drawn_twice_counts_twice():
    counts = segments(
        [[1, 0, 0, 0.8], [0, 0, 0, 0], [0, 0, 0, 0]], [[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    )
    drawn = draw_segments(counts, np.array([[2.0, 0.0, 1.0], [0.0, 2.0, 1.0]]))
    assert drawn.overall["PQ"] == pytest.approx([0.8, 0.0, 0.8 / 1.5])


def test_pixels_score_as_they_do_all_at_once():
    rng = np.random.default_rng(0)
    tables = rng.integers(0, 50, (6, 3, 3))
    tables[:, 2] = 0  # the truth never has the last class
    wanted = compute_semantic_scores(tables.sum(0), NAMES).scores
    table = draw_pixels(confusions_to_pixels(list(tables), NAMES), once(6))
    assert {key: values[0] for key, values in table.overall.items()} == pytest.approx(wanted["semantic"])
    ious = [wanted["per_category"][name]["semantic"]["IoU"] for name in NAMES]
    assert table.classes["IoU"][0] == pytest.approx([np.nan if v is None else v for v in ious], nan_ok=True)


def test_drawn_pixels_are_those_of_the_drawn_pictures():
    rng = np.random.default_rng(1)
    tables = rng.integers(0, 50, (5, 3, 3))
    weights = rng.multinomial(5, [0.2] * 5, 7).T.astype(float)
    drawn = draw_pixels(confusions_to_pixels(list(tables), NAMES), weights)
    for place in range(7):
        whole = np.einsum("i,ijk->jk", weights[:, place], tables).astype(int)
        wanted = compute_semantic_scores(whole, NAMES).scores["semantic"]
        assert {key: values[place] for key, values in drawn.overall.items()} == pytest.approx(wanted)


def test_segments_of_an_image_score_together():
    counts = segments(
        [[1, 0, 0, 0.8], [1, 1, 0, 0.6], [0, 0, 0, 0]], [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    )
    scores = score_segments(counts)
    assert scores.score == pytest.approx([1.4 / 2.5, 1.0])
    assert (scores.missed.tolist(), scores.false.tolist()) == ([0, 0], [1, 0])


def test_pixels_of_an_image_score_by_the_classes_that_are_there():
    tables = [np.array([[8, 2, 0], [0, 10, 0], [0, 0, 0]]), np.zeros((3, 3), int)]
    assert score_pixels(confusions_to_pixels(tables, NAMES)).score == pytest.approx(
        [(0.8 + 10 / 12) / 2, 1.0]
    )
