"""Mean IoU and its relatives: by hand, then equal to Detectron2's SemSegEvaluator."""

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("hotcoco")

from workbench.errors import DatasetError
from workbench.evaluation.score_table import find_headline, format_scores
from workbench.evaluation.semantic_scores import compute_semantic_scores, count_confusion


def write(folder, pictures):
    folder.mkdir()
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(folder / f"{number}.png")
        Image.fromarray(picture.astype(np.uint8)).save(paths[-1])
    return paths


def test_two_classes_by_hand():
    """Class a: 3 of 4 right, b: 2 of 2 right and one too many; IoU 3/4 and 2/3."""
    scores, notes = compute_semantic_scores(np.array([[3, 1], [0, 2]]), ["a", "b"])
    assert scores["semantic"]["mIoU"] == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert scores["semantic"]["fwIoU"] == pytest.approx(3 / 4 * 4 / 6 + 2 / 3 * 2 / 6)
    assert scores["semantic"]["mACC"] == pytest.approx((3 / 4 + 1) / 2)
    assert scores["semantic"]["pACC"] == pytest.approx(5 / 6)
    assert notes == ()


def test_pixels_that_are_ignored_do_not_count(tmp_path):
    truth = write(tmp_path / "t", [np.array([[0, 1, 255, 1]])])
    answer = write(tmp_path / "p", [np.array([[0, 0, 1, 1]])])
    assert count_confusion(zip(truth, answer, strict=True), 2).tolist() == [[1, 0], [1, 1]]


def test_a_class_without_truth_is_left_out_with_a_note():
    scores, notes = compute_semantic_scores(np.array([[4, 0, 1], [0, 5, 0], [0, 0, 0]]), ["a", "b", "c"])
    assert scores["per_category"]["c"]["semantic"]["IoU"] is None
    assert scores["semantic"]["mIoU"] == pytest.approx((4 / 5 + 1) / 2)
    assert "c: no pixel of the truth has it" in notes[0]
    json.dumps(scores, allow_nan=False)


def test_nothing_labelled_scores_zero_with_a_note():
    scores, notes = compute_semantic_scores(np.zeros((2, 2), np.int64), ["a", "b"])
    assert scores["semantic"]["mIoU"] == 0
    assert "no labelled pixels" in notes[0]


def test_a_picture_of_another_size_gets_a_line(tmp_path):
    truth = write(tmp_path / "t", [np.zeros((4, 4))])
    answer = write(tmp_path / "p", [np.zeros((4, 5))])
    with pytest.raises(DatasetError, match="as large as its truth"):
        count_confusion(zip(truth, answer, strict=True), 2)


@pytest.mark.parametrize("seed", range(5))
def test_all_numbers_equal_detectron2(seed, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("detectron2")
    from detectron2.data import DatasetCatalog, MetadataCatalog
    from detectron2.evaluation import SemSegEvaluator

    generator = np.random.default_rng(seed)
    names = ["a", "b", "c", "d"]
    pictures = generator.choice([0, 1, 2, 255] if seed % 2 else [0, 1, 2, 3, 255], (5, 30, 40))
    guesses = np.where(
        generator.random(pictures.shape) < 0.6, pictures % 255, generator.integers(0, 4, pictures.shape)
    )
    truth, answer = write(tmp_path / "t", pictures), write(tmp_path / "p", guesses)
    name = f"semantic_referee_{seed}"
    rows = [{"file_name": f"{n}.jpg", "sem_seg_file_name": str(path)} for n, path in enumerate(truth)]
    DatasetCatalog.register(name, lambda: rows)
    MetadataCatalog.get(name).set(stuff_classes=names, ignore_label=255)
    try:
        # its own reader asks NumPy for copy=False, which NumPy 2 refuses
        judge = SemSegEvaluator(
            name, distributed=False, sem_seg_loading_fn=lambda path, dtype: np.array(Image.open(path), dtype)
        )
        judge.reset()
        for row, guess in zip(rows, guesses, strict=True):
            logits = torch.nn.functional.one_hot(torch.from_numpy(guess).long(), 4).permute(2, 0, 1)
            judge.process([row], [{"sem_seg": logits}])
        expected = judge.evaluate()["sem_seg"]
    finally:
        DatasetCatalog.remove(name)
        MetadataCatalog.remove(name)
    scores, _ = compute_semantic_scores(count_confusion(zip(truth, answer, strict=True), 4), names)
    for key in ("mIoU", "fwIoU", "mACC", "pACC"):
        assert 100 * scores["semantic"][key] == pytest.approx(expected[key], abs=1e-10)
    for one in names:
        found = scores["per_category"][one]["semantic"]
        for key in ("IoU", "ACC"):
            right = expected[f"{key}-{one}"]
            assert (found[key] is None) == bool(np.isnan(right))
            assert found[key] is None or 100 * found[key] == pytest.approx(right, abs=1e-10)


def test_scores_are_shown_in_percent_with_a_line_for_each_class():
    scores = {
        "mask": {"AP": 0.5, "AP50": 0.75, "APs": None},
        "box": {"AP": 0.6},
        "per_category": {
            "cat": {"mask": {"AP": 0.5}, "box": {"AP": 0.6}, "truths": 3, "predictions": 12},
            "sea\x1b[31m": {"mask": {"AP": None}, "box": {"AP": None}, "truths": 0, "predictions": 0},
        },
        "notes": ["sea: no truth here"],
    }
    text = format_scores(scores)
    assert "AP  50.0   AP50  75.0" in text
    assert "APs     –" in text
    assert "\x1b" not in text
    assert [line.split() for line in text.splitlines() if line.startswith("cat")] == [
        ["cat", "50.0", "60.0", "3", "12"]
    ]
    assert text.endswith("note: sea: no truth here")


def test_the_headline_is_the_number_that_chooses_the_best_weights():
    assert find_headline({"mask": {"AP": 0.4}, "box": {"AP": 0.5}}, "instance") == ("mask.AP", 0.4)
    assert find_headline({"box": {"AP": 0.5}}, "instance") == ("box.AP", 0.5)
    assert find_headline({"mask": {"AP": None}}, "instance") == ("mask.AP", 0.0)
