"""MLflow and W&B themselves, where they are installed: what they are shown is kept beside the runs, nowhere else."""

import sqlite3

import pytest

pytest.importorskip("numpy")
import numpy as np

from workbench.engine.watching import beside
from workbench.engine.watching.adapters import open_watchers
from workbench.run import Run

pytestmark = pytest.mark.optional
ABOUT = {"project": "projects/kites", "seed": 3, "settings": {"train": {"lr": 0.1}}, "classes": ["a"] * 900}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder in the place where they lie, seen from a folder where nothing may be written."""
    for name in ("MLFLOW_TRACKING_URI", "WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(beside, "PATIENCE", 300)  # MLflow makes its tables at first
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    folder = tmp_path / "projects" / "kites" / "runs" / "20260101-000000-nano"
    folder.mkdir(parents=True)
    yield Run(folder=folder)
    assert list((tmp_path / "here").iterdir()) == []


def watch(name, run, steps):
    said = []
    watchers = open_watchers([name], run, say=said.append, about=ABOUT)
    for step in steps:
        watchers.scalars(step, {"loss": 1.0 / step, "lr": 0.1})
        watchers.scalars(step, {"mask": {"AP": 0.5}, "loss": 2.0}, "val")
    watchers.picture(steps[-1], "predictions", np.zeros((4, 6, 3), np.uint8))
    watchers.close()
    return said


def test_mlflow_keeps_its_numbers_beside_the_runs_and_goes_on_in_one_run(run):
    pytest.importorskip("mlflow")
    assert watch("mlflow", run, [1, 2]) == []
    assert watch("mlflow", run, [3]) == []
    with sqlite3.connect(run.folder.parent / "mlflow.db") as kept:
        assert kept.execute("select name, status from runs").fetchall() == [(run.name, "FINISHED")]
        rows = kept.execute(
            "select step, value from metrics where key = 'train/loss' order by step"
        ).fetchall()
        assert rows == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]
        assert kept.execute("select count(*) from params where key = 'settings.train.lr'").fetchone() == (1,)
    assert len(list((run.folder.parent / "mlflow").rglob("step_*.png"))) == 2


def test_mlflow_goes_where_it_is_told(run, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    monkeypatch.chdir(tmp_path)  # its pictures go to ./mlruns then
    assert watch("mlflow", run, [1]) == []
    assert (tmp_path / "elsewhere.db").exists()
    assert not (run.folder.parent / "mlflow.db").exists()
    monkeypatch.chdir(tmp_path / "here")


def test_mlflow_without_a_server_is_one_warning(run, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (said,) = watch("mlflow", run, [1, 2])
    assert "the training goes on without it" in said


def test_wandb_without_a_key_is_kept_in_the_run_folder(run):
    pytest.importorskip("wandb")
    assert watch("wandb", run, [1, 2]) == []
    (kept,) = (run.folder / "wandb").glob("offline-run-*")
    assert any(path.suffix == ".wandb" and path.stat().st_size for path in kept.iterdir())
