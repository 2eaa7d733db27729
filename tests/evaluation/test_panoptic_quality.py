"""Panoptic quality: by hand, then equal to panopticapi's."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("hotcoco")

from workbench.errors import DatasetError
from workbench.evaluation.panoptic_quality import compute_panoptic_quality

CLASSES = [
    {"id": 1, "name": "cat", "isthing": 1},
    {"id": 2, "name": "dog", "isthing": 1},
    {"id": 3, "name": "sky", "isthing": 0},
    {"id": 4, "name": "sea", "isthing": 0},
]


def write(path: Path, pictures, infos):
    """Pictures of ids, and {id: (category, crowd)} for each."""
    folder = path.with_suffix("")
    folder.mkdir(parents=True)
    rows = []
    for number, (ids, info) in enumerate(zip(pictures, infos, strict=True), 1):
        colors = np.stack([ids >> shift & 255 for shift in (0, 8, 16)], -1).astype(np.uint8)
        Image.fromarray(colors).save(folder / f"{number}.png")
        segments = [
            {"id": key, "category_id": kind, "iscrowd": crowd, "area": int((ids == key).sum())}
            for key, (kind, crowd) in info.items()
        ]
        rows.append({"image_id": number, "file_name": f"{number}.png", "segments_info": segments})
    images = [
        {"id": n, "height": ids.shape[0], "width": ids.shape[1], "file_name": f"{n}.jpg"}
        for n, ids in enumerate(pictures, 1)
    ]
    path.write_text(json.dumps({"images": images, "categories": CLASSES, "annotations": rows}))
    return path


def referee(truth, answers):
    evaluation = pytest.importorskip("panopticapi.evaluation")
    right, found = (json.loads(path.read_text()) for path in (truth, answers))
    pairs = list(zip(right["annotations"], found["annotations"], strict=True))
    classes = {row["id"]: row for row in right["categories"]}
    with contextlib.redirect_stdout(io.StringIO()):
        counts = evaluation.pq_compute_single_core(
            0, pairs, str(truth.with_suffix("")), str(answers.with_suffix("")), classes
        )
    return counts, classes


def test_a_thing_found_by_nine_tenths_and_stuff_found_whole(tmp_path):
    truth = np.repeat(np.array([5, 5, 300, 300]), 10)[:, None] * np.ones((1, 10), int)
    answer = truth.copy()
    answer[18:20] = 0
    right = write(tmp_path / "t.json", [truth], [{5: (1, 0), 300: (3, 0)}])
    found = write(tmp_path / "p.json", [answer], [{5: (1, 0), 300: (3, 0)}])
    scores, notes = compute_panoptic_quality(right, found)
    values = scores["panoptic"]
    assert (values["PQ"], values["SQ"], values["RQ"]) == pytest.approx((0.95, 0.95, 1))
    assert (values["PQ_th"], values["PQ_st"]) == pytest.approx((0.9, 1))
    assert scores["per_category"]["dog"]["panoptic"]["PQ"] is None
    assert notes == tuple(
        f"{name}: neither truth nor predictions have it, so it has no PQ" for name in ("dog", "sea")
    )


def draw(seed, images=4):
    """Blocks of segments: void, crowds, and predictions that take some over, shifted and renamed."""
    generator = np.random.default_rng(seed)
    truths, right, answers, found = [], [], [], []
    for _ in range(images):
        ids = np.kron(generator.integers(0, 9, (6, 6)), np.ones((8, 8), int)) * 257
        names = {
            int(key): (kind, int(generator.random() < 0.2 and kind < 3))
            for key in np.unique(ids)
            if key and (kind := int(generator.integers(1, 5)))
        }
        guess = np.roll(ids, int(generator.integers(0, 4)), axis=1) // 257 * 999
        guess[generator.random(guess.shape) < 0.1] = 0
        guessed = {
            int(key): (names.get(int(key) // 999 * 257, (1, 0))[0], 0) for key in np.unique(guess) if key
        }
        guessed = {
            k: (int(generator.integers(1, 5)) if generator.random() < 0.2 else c, 0)
            for k, (c, _) in guessed.items()
        }
        truths.append(ids), right.append(names), answers.append(guess), found.append(guessed)
    return truths, right, answers, found


@pytest.mark.parametrize("seed", range(8))
def test_all_numbers_equal_panopticapi(seed, tmp_path):
    truths, right, answers, found = draw(seed)
    truth, answer = write(tmp_path / "t.json", truths, right), write(tmp_path / "p.json", answers, found)
    counts, classes = referee(truth, answer)
    scores, _ = compute_panoptic_quality(truth, answer)
    for ending, thing in (("", None), ("_th", True), ("_st", False)):
        average, _ = counts.pq_average(classes, isthing=thing)
        for key in ("pq", "sq", "rq"):
            assert scores["panoptic"][key.upper() + ending] == pytest.approx(average[key], abs=1e-12)
    _, per_class = counts.pq_average(classes, isthing=None)
    for category, row in classes.items():
        assert (scores["per_category"][row["name"]]["panoptic"]["PQ"] or 0.0) == pytest.approx(
            per_class[category]["pq"], abs=1e-12
        )


def test_no_predicted_segments_score_zero_with_a_note(tmp_path):
    ids = np.full((20, 20), 7)
    truth = write(tmp_path / "t.json", [ids], [{7: (1, 0)}])
    answer = write(tmp_path / "p.json", [ids * 0], [{}])
    scores, notes = compute_panoptic_quality(truth, answer)
    assert scores["panoptic"]["PQ"] == 0
    assert "there are no predicted segments: every value is 0" in notes
    json.dumps(scores, allow_nan=False)


def test_no_images_score_zero_with_a_note(tmp_path):
    scores, notes = compute_panoptic_quality(
        write(tmp_path / "t.json", [], []), write(tmp_path / "p.json", [], [])
    )
    assert scores["panoptic"]["PQ"] == 0
    assert "no images" in notes[0]


def test_a_picture_that_does_not_fit_its_json_gets_a_line(tmp_path):
    ids = np.full((20, 20), 7)
    truth = write(tmp_path / "t.json", [ids], [{7: (1, 0)}])
    answer = write(tmp_path / "p.json", [ids], [{8: (1, 0)}])
    with pytest.raises(DatasetError, match="must fit its PNGs"):
        compute_panoptic_quality(truth, answer)
