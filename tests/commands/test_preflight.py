"""`workbench preflight` on a project of a few drawn images, as a person would run it."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
import torch

from tests.conversion.folders import put, put_project
from workbench.cli import main
from workbench.data.annotation import Shape


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Six images with a square each, and one with nothing."""
    folder = tmp_path_factory.mktemp("preflight")
    put_project(folder, ["kite"], more="\n[split]\nval = 0.3\nhash_distance = 0\n")
    for number in range(7):
        corners = ((10 + number, 10), (50, 10), (50, 60), (10 + number, 60))
        shapes = [Shape(label="kite", kind="polygon", points=corners)] if number else []
        put(folder / "annotations" / "p", f"picture{number}", *shapes)
    before, threads = Path.cwd(), torch.get_num_threads()
    os.chdir(folder)
    torch.set_num_threads(1)
    yield folder
    torch.set_num_threads(threads)
    os.chdir(before)


def preflight(capsys, *words):
    code = main(["preflight", "p", "--model", "mask_rcnn_nano", "--device", "cpu", *words])
    return code, capsys.readouterr()


def test_it_makes_real_steps_and_tells_what_they_took(home, capsys):
    code, said = preflight(capsys, "--steps", "50", "train.precision", "fp32", "--json")
    assert code == 0, said.err
    found = json.loads(said.out)
    assert found["ok"]
    assert found["steps"] == 50
    pace = found["pace"]
    assert pace["seconds"] > 0
    assert pace["memory_gb"] > 0.1
    assert set(pace["losses"]) == {"loss_cls", "loss_box_reg", "loss_mask", "loss_rpn_cls", "loss_rpn_loc"}
    assert pace["loss"] == pytest.approx(sum(pace["losses"].values()))
    assert found["hours"] == pytest.approx(50 * pace["seconds"] / 3600)
    assert sum(level["best"] for level in found["anchors"]["levels"]) == pytest.approx(1)
    assert all(change["reason"] for change in found["changes"])


def test_a_person_reads_the_diff_and_the_verdict(home, capsys):
    code, said = preflight(capsys, "train.precision", "fp32")
    assert code == 0
    assert "1 class: kite" in said.out
    assert said.out.rstrip().endswith("ready to train")
    assert "smaller than the smallest anchor" in said.out


def test_the_words_fit_a_terminal_of_80_columns(home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, said = preflight(capsys, "train.precision", "fp32")
    assert max(map(len, said.out.splitlines()[1:])) <= 80


def test_images_are_prepared_by_as_many_processes_as_in_the_training(home, capsys, monkeypatch):
    from workbench.engine.config import preflight as module

    asked = []
    feed = module.Feed
    monkeypatch.setattr(module, "Feed", lambda *a, **k: asked.append(k["workers"]) or feed(*a, **k))
    code, said = preflight(capsys, "train.precision", "fp32", "train.workers", "2")
    assert (code, asked) == (0, [2]), said.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("MODEL.ROI_HEADS.NUM_CLASSES", "80"), "must be 1 (1 class: kite), but 80 is typed"),
        (("MODEL.WEIGHTS", "/nowhere/model.pth"), "/nowhere/model.pth"),
        (("MODEL.RPN.IN_FEATURES", "['p9']", "train.precision", "fp32"), "a step must be possible"),
    ],
)
def test_what_will_fail_is_said_in_a_line_with_exit_1(home, capsys, words, reason):
    code, said = preflight(capsys, *words)
    assert code == 1
    assert any(reason in line for line in said.err.splitlines())


def test_a_word_that_is_no_key_is_a_mistake_of_the_config(home, capsys):
    code, said = preflight(capsys, "SOLVER.BASELR", "1")
    assert code == 78
    assert 'did you mean "SOLVER.BASE_LR"' in said.err


def test_a_yaml_takes_the_place_of_a_row(home, capsys):
    from workbench.engine.models.build import row_config
    from workbench.engine.models.table import MODELS

    (home / "mine.yaml").write_text(row_config(MODELS["mask_rcnn_nano"]).dump())
    code, said = preflight(capsys, "--config", "mine.yaml", "train.precision", "fp32", "--json")
    assert code == 0, said.err
    assert json.loads(said.out)["model"] == "mine"
