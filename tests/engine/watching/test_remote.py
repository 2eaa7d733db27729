"""MLflow and W&B: stand-ins with the same functions on the path of a process of its own, since neither is installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")

ROOT = Path(__file__).resolve().parents[3]

WANDB = """
import json, os
def note(*what):
    with open(os.environ["NOTES"], "a") as stream: stream.write(json.dumps(what) + "\\n")
class Image:
    def __init__(self, array): self.shape = array.shape
def Settings(**given): return given
class _Run:
    def log(self, values, step):
        if step == int(os.environ.get("FAIL_AT", 0)): raise ConnectionError("https://me:hunter22@host went away")
        note("log", step, {k: getattr(v, "shape", v) for k, v in values.items()})
    def finish(self): note("finish")
def init(**given):
    note("init", given)
    return _Run()
"""
MLFLOW = """
import json, os
from types import SimpleNamespace as _S
def note(*what):
    with open(os.environ["NOTES"], "a") as stream: stream.write(json.dumps(what) + "\\n")
entities = _S(Metric=lambda *a: list(a), Param=lambda *a: list(a))
class MlflowClient:
    def __init__(self, tracking_uri): pass
    def get_experiment_by_name(self, name): return None
    def create_experiment(self, name, place): note("experiment", name); return "7"
    def search_runs(self, ids, filter_string, max_results):
        return [_S(info=_S(run_id="old"))] if os.environ.get("RESUMED") else []
    def create_run(self, experiment, tags, run_name):
        note("run", experiment, tags); return _S(info=_S(run_id="new"))
    def log_batch(self, run, metrics=(), params=()):
        note("batch", run, [[m[0], m[1], m[3]] for m in metrics], list(params))
    def log_image(self, run, image, path): note("image", run, path)
    def set_terminated(self, run): note("end", run)
"""
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from workbench.engine.watching.adapters import open_watchers
from workbench.run import Run
about = {"project": "projects/kites", "seed": 3, "settings": {"train": {"lr": 0.1}}, "url": "https://me:hunter22@host/"}
watchers = open_watchers([sys.argv[1]], Run(folder=Path(sys.argv[2])), say=print, about=about)
import time
for step in (1, 2, 3):
    watchers.scalars(step, {"loss": 0.5})
    time.sleep(0.05)
watchers.picture(3, "predictions", np.zeros((4, 6, 3), np.uint8))
watchers.close()
print("trained")
"""


def watch(tmp_path, name, **settings):
    (tmp_path / "mlflow.py").write_text(MLFLOW)
    (tmp_path / "wandb.py").write_text(WANDB)
    (tmp_path / "a-run").mkdir()
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "NOTES": str(tmp_path / "notes"),
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, str(tmp_path / "a-run")],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    notes = tmp_path / "notes"
    text = notes.read_text() if notes.exists() else ""
    assert done.returncode == 0, done.stderr
    assert "hunter22" not in text + done.stdout
    return done.stdout.splitlines(), [json.loads(line) for line in text.splitlines()]


def test_wandb_without_a_key_stays_in_the_run_folder_and_gets_every_step(tmp_path):
    said, notes = watch(tmp_path, "wandb")
    assert said == ["trained"]
    given = notes[0][1]
    assert (given["project"], given["id"], given["mode"]) == ("kites", "a-run", "offline")
    assert given["dir"] == str(tmp_path / "a-run")
    assert notes[1:] == [
        *(["log", step, {"train/loss": 0.5}] for step in (1, 2, 3)),
        ["log", 3, {"predictions": [4, 6, 3]}],
        ["finish"],
    ]


def test_wandb_with_a_key_is_online_and_the_key_is_not_passed_on(tmp_path):
    _, notes = watch(tmp_path, "wandb", WANDB_API_KEY="secret-key-0001")
    assert notes[0][1]["mode"] == "online"
    assert "secret-key-0001" not in json.dumps(notes)


def test_a_network_that_goes_away_is_one_warning_without_the_password(tmp_path):
    said, _ = watch(tmp_path, "wandb", FAIL_AT="2")
    assert len(said) == 2
    assert said[0].startswith("warning: wandb does not look on: https://***@host went away")
    assert said[1] == "trained"


def test_mlflow_gets_parameters_once_and_numbers_with_their_steps(tmp_path):
    said, notes = watch(tmp_path, "mlflow")
    assert said == ["trained"]
    assert notes[:2] == [["experiment", "kites"], ["run", "7", {"workbench.run": "a-run"}]]
    assert ["settings.train.lr", "0.1"] in notes[2][3]
    assert notes[3:] == [
        *(["batch", "new", [["train/loss", 0.5, step]], []] for step in (1, 2, 3)),
        ["image", "new", "predictions/step_0000003.png"],
        ["end", "new"],
    ]


def test_a_resumed_run_goes_on_in_the_same_mlflow_run(tmp_path):
    _, notes = watch(tmp_path, "mlflow", RESUMED="1")
    assert notes[1] == ["batch", "old", [["train/loss", 0.5, 1]], []]


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_one_that_is_not_installed_is_a_warning_only(tmp_path, name):
    try:
        __import__(name)
    except ModuleNotFoundError:
        from workbench.engine.watching.adapters import open_watchers
        from workbench.run import Run

        said = []
        open_watchers([name], Run(folder=tmp_path), say=said.append)
        assert f"{name} must be installed" in said[0]
        assert f"install-{name}" in said[0]
