"""Programs that look on: the real TensorBoard, read back; and any that fails is let go."""

import pytest

pytest.importorskip("tensorboard")
np = pytest.importorskip("numpy")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

from workbench.engine.watching.adapters import Watchers, open_watchers  # noqa: E402
from workbench.errors import ProjectError  # noqa: E402
from workbench.run import Run  # noqa: E402


def read(folder):
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def steps(folder, tag):
    return [event.step for event in read(folder).Scalars(tag)]


def test_train_and_validation_loss_share_a_chart_and_scores_have_their_own(tmp_path):
    run, said = Run(folder=tmp_path), []
    watchers = open_watchers(["tensorboard"], run, say=said.append)
    watchers.scalars(1, {"loss": 0.5, "loss_mask": 0.25, "lr": 0.01, "note": "text", "none": None})
    watchers.scalars(1, {"loss": 0.75, "mask": {"AP": 0.5}}, "val")
    watchers.close()
    assert set(read(run.events / "train").Tags()["scalars"]) == {"loss/total", "loss/mask", "training/lr"}
    assert set(read(run.events / "val").Tags()["scalars"]) == {"loss/total", "scores/mask.AP"}
    assert read(run.events / "val").Scalars("scores/mask.AP")[0].value == 0.5
    assert not said


def test_a_picture_comes_back_pixel_for_pixel(tmp_path):
    from io import BytesIO

    from PIL import Image

    run = Run(folder=tmp_path)
    array = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    watchers = open_watchers(["tensorboard"], run, say=print)
    watchers.picture(7, "predictions", array)
    (image,) = read(run.events / "val").Images("predictions")
    assert image.step == 7
    assert np.array_equal(np.asarray(Image.open(BytesIO(image.encoded_image_string))), array)


def test_a_resume_shows_no_step_twice(tmp_path):
    run = Run(folder=tmp_path)
    first = open_watchers(["tensorboard"], run, say=print)
    for step in range(1, 9):
        first.scalars(step, {"loss": 1.0})
    second = open_watchers(["tensorboard"], run, say=print, step=4)
    for step in range(5, 11):
        second.scalars(step, {"loss": 2.0})
    assert steps(run.events / "train", "loss/total") == [*range(1, 11)]
    values = [event.value for event in read(run.events / "train").Scalars("loss/total")]
    assert values == [1.0] * 4 + [2.0] * 6


def test_an_unknown_program_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ProjectError, match='did you mean "tensorboard"'):
        open_watchers(["tensorbord"], Run(folder=tmp_path), say=print)


def test_one_that_is_not_installed_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    said = []
    watchers = open_watchers(["tensorboard"], Run(folder=tmp_path), say=said.append)
    watchers.scalars(1, {"loss": 1.0})
    watchers.close()
    assert watchers.names == ()
    assert len(said) == 1
    assert "tensorboard must be" in said[0]


class Failing:
    def __init__(self, at):
        self.at, self.seen = at, []

    def scalars(self, step, kind, values):
        self.seen.append(step)
        if step == self.at:
            raise ConnectionResetError("https://me:hunter22@host is gone")

    def picture(self, step, tag, array):
        raise AttributeError("a bug of theirs")

    def close(self):
        raise ZeroDivisionError


def test_one_that_fails_is_let_go_with_one_warning_and_the_others_look_on():
    said = []
    watchers, bad, good = Watchers(said.append), Failing(2), Failing(None)
    watchers.open("bad", lambda: bad)
    watchers.open("good", lambda: good)
    for step in (1, 2, 3):
        watchers.scalars(step, {"loss": 1.0})
    assert (bad.seen, good.seen) == ([1, 2], [1, 2, 3])
    assert len(said) == 1
    assert "hunter22" not in said[0]
    watchers.close()
    assert len(said) == 2


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "tensorboard").write_text("in the way")
    said = []
    open_watchers(["tensorboard"], Run(folder=tmp_path), say=said.append)
    assert "the training goes on without it" in said[0]
