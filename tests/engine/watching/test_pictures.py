"""Pictures of what is found, and of how it went."""

import pytest

pytest.importorskip("detectron2")
pytest.importorskip("matplotlib")
np = pytest.importorskip("numpy")

from PIL import Image  # noqa: E402

from workbench.data.dataset import Category  # noqa: E402
from workbench.data.mask import array_to_mask  # noqa: E402
from workbench.engine.prediction.answers import Answer  # noqa: E402
from workbench.engine.prediction.found import Found  # noqa: E402
from workbench.engine.watching.curves import draw_curves, find_curve, smooth  # noqa: E402
from workbench.engine.watching.metrics import Metrics, read_metrics  # noqa: E402
from workbench.engine.watching.pictures import Pair, Seen, draw_sheet, name_picture, read_answer  # noqa: E402

KITE = Category(id=1, name="kite", thing=True, color=(200, 30, 30))
SKY = Category(id=2, name="sky", thing=False, color=(30, 30, 200))


def square(height=20, width=30):
    array = np.zeros((height, width), np.uint8)
    array[5:15, 5:15] = 1
    return array


def test_only_objects_with_a_fair_score_are_drawn():
    found = Found(
        image_id=1,
        size=(20, 30),
        boxes=np.array([[5, 5, 15, 15]] * 2, np.float32),
        scores=np.array([0.75, 0.2], np.float32),
        categories=np.array([1, 1]),
        soft=np.ones((2, 28, 28), np.float32),
    )
    (seen,) = read_answer(Answer(found=found), (KITE, SKY))
    assert (seen.category.name, seen.score) == ("kite", 0.75)
    assert seen.mask == array_to_mask(square())


def test_segments_and_classes_become_masks_of_their_categories():
    ids = square().astype(np.int64) * 7
    (seen,) = read_answer(Answer(segment_ids=ids, segments=({"id": 7, "category_id": 2},)), (KITE, SKY))
    assert (seen.category.name, seen.mask) == ("sky", array_to_mask(square()))
    found = read_answer(Answer(semantic=square()), (KITE, SKY))
    assert [seen.category.name for seen in found] == ["kite", "sky"]
    assert found[1].mask == array_to_mask(square())


def test_truth_stands_left_of_what_was_found(tmp_path):
    Image.new("RGB", (30, 20), (90, 90, 90)).save(tmp_path / "a.png")
    seen = Seen(mask=array_to_mask(square()), category=KITE)
    pair = Pair(path=tmp_path / "a.png", name="a.png", truth=(seen,), found=())
    pixels = np.asarray(draw_sheet("step 1", [pair], (KITE, SKY)))
    tinted = np.argwhere((pixels[66:270] == KITE.color).all(axis=2))
    assert len(tinted)
    assert tinted[:, 1].max() < 12 + 300


def test_a_sheet_without_any_object_is_drawn(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    assert (
        draw_sheet("step 1", [Pair(path=tmp_path / "a.png", name="a", truth=(), found=())], ()).width >= 640
    )


def test_names_of_pictures_sort_as_their_steps():
    assert sorted(map(name_picture, (1000, 200, 30))) == [name_picture(step) for step in (30, 200, 1000)]


def test_a_curve_leaves_out_what_was_not_measured(tmp_path):
    metrics = Metrics(tmp_path / "m")
    for step, value in ((10, 0.5), (20, float("nan")), (30, 0.75)):
        metrics.append(step, "val", {"mask.AP": value})
    assert find_curve(read_metrics(tmp_path / "m"), "val", "mask.AP") == ([10, 30], [0.5, 0.75])


def test_smoothing_averages_over_neighbours_and_fewer_at_the_ends():
    assert smooth([0, 3, 6, 9], 1) == [1.5, 3, 6, 7.5]


def test_equal_metrics_give_equal_pictures(tmp_path):
    metrics = Metrics(tmp_path / "m")
    for step in range(1, 20):
        metrics.append(step, "train", {"loss": 1 / step})
    metrics.append(19, "val", {"loss": 0.5, "mask": {"AP": 0.5}})
    for name in ("a.png", "b.png"):
        assert draw_curves(tmp_path / "m", tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1320, 480)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    blue = np.argwhere(np.abs(pixels[:, :660] - (0x2F, 0x66, 0x90)).sum(axis=2) < 30)
    assert np.ptp(blue[:, 1]) > 500  # the curve goes all the way, as the steps do


def test_without_measurements_nothing_is_drawn(tmp_path):
    (tmp_path / "m").write_bytes(b"")
    assert not draw_curves(tmp_path / "m", tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
