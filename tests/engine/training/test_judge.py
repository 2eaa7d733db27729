"""Whoever stops a run is heard while it is judged."""

import signal
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import torch

from tests.engine.feed.tiny import make_dataset
from tests.engine.prediction.rows import build
from workbench.engine.training import judge
from workbench.engine.training.judge import Validation
from workbench.engine.training.ranks import Ranks
from workbench.engine.training.stop import Stopped
from workbench.run import Run

torch.set_num_threads(1)


def test_a_stop_is_heard_before_each_image_that_is_predicted(tmp_path, monkeypatch):
    """A plain detector gives its masks before they are pasted, and is not called as others are."""
    monkeypatch.setattr(judge, "PART", "train")
    model, cfg = build("mask_rcnn_nano", stuff=0)
    settings = SimpleNamespace(train=SimpleNamespace(validation_images=0, seed=0))
    dataset = make_dataset(tmp_path)
    course = SimpleNamespace(dataset=dataset, cfg=cfg, task="instance", settings=settings)
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise Stopped(signal.SIGTERM)

    @contextmanager
    def judged():
        yield model

    one = Validation(
        course=course,
        run=Run(folder=tmp_path / "run"),
        check=check,
        say=print,
        show=lambda *_: None,
        ranks=Ranks(),
    )
    with pytest.raises(Stopped):
        one.judge(SimpleNamespace(judged=judged, buffers=lambda: (), step=1))
    assert len(asked) == 3
    assert not list((tmp_path / "run").rglob("*.json"))
