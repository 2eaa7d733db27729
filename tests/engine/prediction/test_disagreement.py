"""What looks at one image contradict each other in: worked by hand, then with a model."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
import torch
from PIL import Image

from tests.engine.feed.tiny import make_dataset
from tests.engine.prediction.rows import build
from tests.engine.prediction.test_predictor import put_run
from workbench.engine.models.table import MODELS
from workbench.engine.prediction.contradiction import Look, compare_classes, compare_looks, pair_masks
from workbench.engine.prediction.disagreement import judge_pixels, measure_disagreement
from workbench.engine.prediction.images import ready

torch.set_num_threads(1)
NAMES = {1: "cat", 2: "dog"}
VIEWS = ("mirrored", "smaller")


def look(*objects):
    """Objects are (category, score, first pixel, last pixel) on a row of 100."""
    masks = np.zeros((len(objects), 100), np.float32)
    for row, (_, _, begin, end) in zip(masks, objects, strict=True):
        row[begin:end] = 1
    scores = np.array([one[1] for one in objects], float)
    return Look(categories=tuple(one[0] for one in objects), scores=scores, masks=masks)


CAT, DOG = (1, 1.0, 0, 20), (2, 1.0, 50, 70)


def test_equal_looks_agree_wholly():
    assert compare_looks([look(CAT, DOG)] * 3, VIEWS, NAMES) == (0.0, "all looks agree")


def test_what_is_not_found_again_counts_by_its_score():
    score, why = compare_looks([look(CAT, DOG), look(CAT)], VIEWS[:1], NAMES)
    assert score == pytest.approx(1 / 3)
    assert why == "1 of 2 objects are not found again when mirrored"


def test_the_view_that_loses_most_is_named():
    _, why = compare_looks([look(CAT, DOG), look(CAT, DOG), look(CAT)], VIEWS, NAMES)
    assert why == "1 of 2 objects are not found again when smaller"


def test_what_appears_counts_as_much_as_what_is_lost():
    score, why = compare_looks([look(CAT), look(CAT, DOG)], VIEWS[:1], NAMES)
    assert score == pytest.approx(1 / 3)
    assert why == "more objects are found when mirrored"


def test_another_name_for_the_same_place_is_said():
    score, why = compare_looks([look(CAT), look((2, 1.0, 0, 20))], VIEWS[:1], NAMES)
    assert (score, why) == (1.0, "cat or dog: it depends on the look")


def test_another_outline_counts_by_what_is_not_shared():
    score, why = compare_looks([look(CAT), look((1, 1.0, 5, 20))], VIEWS[:1], NAMES)
    assert score == pytest.approx(0.25)
    assert why == "outlines change from look to look (IoU 0.75)"


def test_another_score_is_doubt():
    score, why = compare_looks([look(CAT), look((1, 0.5, 0, 20))], VIEWS[:1], NAMES)
    assert score == pytest.approx(1 / 3)
    assert why == "the model is not sure of what it finds"


def test_what_no_look_is_sure_of_is_doubt_too():
    unsure = (1, 0.5, 0, 20)
    assert compare_looks([look(unsure), look(unsure)], VIEWS[:1], NAMES)[0] == pytest.approx(0.5)


def test_a_faint_guess_weighs_little():
    faint = (1, 0.1, 80, 90)
    assert compare_looks([look(CAT, faint), look(CAT)], VIEWS[:1], NAMES)[0] == pytest.approx(
        0.1 / 2.1, abs=1e-6
    )


def test_where_nothing_is_found_nothing_is_contradicted():
    assert compare_looks([look(), look()], VIEWS[:1], NAMES) == (0.0, "nothing is found")


def test_an_object_is_paired_once_and_with_its_like_first():
    pairs = list(pair_masks(look((2, 1, 0, 20), (1, 1, 0, 19)), look((1, 1, 0, 20), (1, 1, 2, 20))))
    assert [pair[:2] for pair in pairs] == [(1, 0), (0, 1)]


def test_pixels_that_change_their_class_are_counted():
    first = np.zeros((10, 10), np.uint8)
    other = first.copy()
    other[:2] = 1
    score, why = compare_classes([first, first, other], ("cat", "dog"))
    assert score == pytest.approx(0.1)
    assert why == "10% of the pixels change their class, most between cat and dog"
    assert compare_classes([first, first], ("cat", "dog")) == (0.0, "all looks agree")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    make_dataset(home, "instance", images=3)
    net, cfg = build("mask_rcnn_nano", stuff=0)
    return ready(
        put_run(home / "run", net, cfg, MODELS["mask_rcnn_nano"], next(home.rglob("project.toml"))), "cpu"
    )


def noise(seed, size=(60, 90)):
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


def test_images_are_judged_one_after_the_other_and_bad_ones_reported(model, tmp_path):
    for seed in (1, 2):
        Image.fromarray(noise(seed)).save(tmp_path / f"{seed}.png")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    told = []
    paths = sorted(tmp_path.iterdir())
    found = list(measure_disagreement(model, paths, tell=lambda path, reason: told.append(path.name)))
    assert [path.name for path, _, _ in found] == ["1.png", "2.png"]
    assert all(0 < score <= 1 and why for _, score, why in found)
    assert told == ["torn.png"]
    assert list(measure_disagreement(model, paths)) == found


def test_a_mirror_is_undone(model, monkeypatch):
    """With the mirrored view alone, an image that is its own mirror image is answered mirrored, and agrees."""
    from workbench.engine.prediction import disagreement

    monkeypatch.setattr(disagreement, "VIEWS", (disagreement.View(name="mirrored", mirrored=True),))
    half = noise(3, (64, 50))
    twice = np.concatenate([half, half[:, ::-1]], axis=1)
    asked = []
    monkeypatch.setattr(
        disagreement, "compare_looks", lambda looks, views, names: asked.append(looks) or (0, "")
    )
    judge_pixels(model, twice, NAMES)
    first, other = asked[0]
    assert np.array_equal(first.scores, other.scores)
    canvas = (-1, 64, 100)
    assert np.array_equal(first.masks.reshape(canvas)[:, :, ::-1], other.masks.reshape(canvas))


@pytest.mark.parametrize("name", ["semantic_nano", "panoptic_nano"])
def test_models_of_pixels_and_segments_are_judged_too(name, tmp_path):
    make_dataset(tmp_path, "panoptic", images=3)
    net, cfg = build(name)
    project = next(tmp_path.rglob("project.toml"))
    model = ready(put_run(tmp_path / "run", net, cfg, MODELS[name], project), "cpu")
    score, why = judge_pixels(model, noise(4), NAMES)
    assert 0 <= score <= 1 and why
