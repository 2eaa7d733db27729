"""Training goes on from a run with fewer classes: said on the terminal, in run.json, and true of the weights."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
import torch

from tests.commands.test_train import FRAME
from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.engine.training.weights_file import read_weights
from workbench.errors import NO_INPUT, USAGE
from workbench.run import find_run, list_runs

WORDS = [
    "--steps",
    "1",
    "--device",
    "cpu",
    "train.batch",
    "2",
    "train.precision",
    "fp32",
    "train.watch",
    "()",
]
STILL = ["SOLVER.BASE_LR", "1e-30", "SOLVER.WEIGHT_DECAY", "0.0", "train.ema", "0"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project with a class and a run of it, and then with more classes, in another order."""
    before, threads = Path.cwd(), torch.get_num_threads()
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("more")
    os.chdir(place)
    (place / "train.txt").write_text("0.png\n1.png\n")
    (place / "val.txt").write_text("2.png\n")
    make_project(place, ["cat", "dog"])
    for number in range(3):
        things = square("cat", 5 + 6 * number, 8, 26), square("dog", 60 - 4 * number, 40 - number, 30)
        put(place / "annotations" / "p", f"{number}", *things, square("emu", 2, 2, 5))
    assert main(["train", "p", "--model", "mask_rcnn_nano", *WORDS, *FRAME.split()]) == 0
    make_project(place, ["emu", "dog", "cat"])
    yield place
    torch.set_num_threads(threads)
    os.chdir(before)


def make_project(home, classes):
    settings = home / "projects" / "p" / "project.toml"
    if settings.exists():
        settings.write_text(settings.read_text().replace('["cat", "dog"]', json.dumps(classes)))
        return
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val"))
    put_project(home, classes, more=f"[split.lists]\n{lists}")


def first(home):
    return list_runs(home / "projects" / "p" / "runs")[0]


@pytest.mark.parametrize("named", ["its name", "its folder"])
def test_what_was_learnt_is_kept_by_name_and_said(home, named, capsys):
    run = first(home)
    word = run.name if named == "its name" else str(run.folder.relative_to(home))
    capsys.readouterr()
    assert main(["train", "p", "--weights", word, *WORDS, *FRAME.split(), *STILL]) == 0
    said = capsys.readouterr()
    assert "weights: what was learnt of dog, cat is kept, emu starts anew" in said.err
    other = find_run(said.out.splitlines()[-1])
    record = json.loads(other.record.read_text())
    assert record["weights"]["classes"] == {"kept": ["dog", "cat"], "new": ["emu"], "gone": []}
    assert record["weights"]["source"] == str(run.best.resolve())
    assert (record["model"], record["weights"]["resized"]) == ("mask_rcnn_nano", [])
    (old, _), (new, about) = read_weights(run.best), read_weights(other.final)
    assert about["classes"]["things"] == ["emu", "dog", "cat"]
    scores, masks = "roi_heads.box_predictor.cls_score.weight", "roi_heads.mask_head.predictor.weight"
    assert torch.equal(new[scores][[2, 1, 3]], old[scores])
    assert torch.equal(new[masks][[2, 1]], old[masks])


def test_last_is_the_newest_run_and_preflight_takes_it_too(home, capsys):
    capsys.readouterr()
    assert main(["preflight", "p", "--weights", "last", *WORDS, *FRAME.split(), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    newest = list_runs(home / "projects" / "p" / "runs")[-1]
    assert (document["weights"], document["model"]) == (str(newest.best.resolve()), "mask_rcnn_nano")


def test_a_model_that_was_typed_is_not_exchanged_for_the_runs(home, capsys):
    assert main(["train", "p", "--weights", "last", "--model", "pointrend_lite0", *WORDS]) != 0
    assert "weights must be of this network" in capsys.readouterr().err


def test_a_run_without_weights_and_one_that_is_none_are_told(home, capsys):
    assert main(["train", "p", "--weights", "nosuch", *WORDS]) == NO_INPUT
    assert "must be a run or a project" in capsys.readouterr().err
    empty = home / "projects" / "p" / "runs" / "empty"
    empty.mkdir()
    (empty / "run.json").write_text("{}")
    assert main(["train", "p", "--weights", "empty", *WORDS]) == NO_INPUT
    assert "must have weights (model_best.pth)" in capsys.readouterr().err
    (empty / "run.json").unlink()
    empty.rmdir()


def test_weights_are_said_once(home, capsys):
    assert main(["train", "p", "--weights", "last", "model.weights", "x.pth"]) == USAGE
    assert "--weights says it too" in capsys.readouterr().err
