"""The whole chain through the command line: check → convert → train → evaluate → gates, for each task."""

import json
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")
import torch

from tests.commands.test_train import FRAME
from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.run import hold, list_runs

MODELS = {"instance": "mask_rcnn_nano", "panoptic": "panoptic_nano", "semantic": "semantic_nano"}
HEADLINE = {"instance": "mask.AP", "panoptic": "panoptic.PQ", "semantic": "semantic.mIoU"}
STEPS = "4"


@pytest.fixture(autouse=True)
def _one_thread():
    before, threads = Path.cwd(), torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    os.chdir(before)


def make_home(home, task):
    """Six images of a cat and a dog: four to learn from, one to judge on, one to test on."""
    stuff = [] if task == "instance" else ["sky", "grass"]
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val", "test"))
    put_project(home, ["cat", "dog"], task=task, stuff=stuff, more=f"[split.lists]\n{lists}")
    for number in range(6):
        things = square("cat", 5 + 4 * number, 8, 26), square("dog", 60 - 4 * number, 40 - number, 30)
        ground = [square("sky", 0, 50, 29), square("grass", 30, 0, 40)] if stuff else []
        put(home / "annotations" / "p", f"{number}", *ground, *things)
    (home / "train.txt").write_text("0.png\n1.png\n2.png\n3.png\n")
    (home / "val.txt").write_text("4.png\n")
    (home / "test.txt").write_text("5.png\n")
    return home


def walk(home, task):
    """Everything up to a trained run, as a person types it."""
    os.chdir(home)
    for words in (["check", "p", "--no-pixels"], ["convert", "p"]):
        assert main(words) == 0
    typed = ["--model", MODELS[task], "--steps", STEPS, "--device", "cpu", "train.batch", "2"]
    typed += ["train.evaluate_every", STEPS, "train.watch", "()", *FRAME.split()]
    assert main(["train", "p", *typed]) == 0
    (run,) = list_runs(home / "projects" / "p" / "runs")
    return run


@pytest.fixture(scope="module", params=list(MODELS))
def trained(request, tmp_path_factory):
    """A finished run of each task, the scores as the training left them beside it."""
    before = Path.cwd()
    home = make_home(tmp_path_factory.mktemp(request.param), request.param)
    try:
        run = walk(home, request.param)
    finally:
        os.chdir(before)
    return request.param, home, run, json.loads(run.scores("val").read_bytes())


def evaluate(capsys, *words, code=0):
    capsys.readouterr()
    assert main(["evaluate", *map(str, words)]) == code
    return capsys.readouterr()


def test_evaluate_says_what_the_training_said_and_more(trained, capsys):
    task, home, run, before = trained
    os.chdir(home)
    shown = json.loads(evaluate(capsys, "p", "--json").out)
    family, _, key = HEADLINE[task].partition(".")
    assert shown[family][key] == before[family][key]
    for name, values in before.items():
        if name not in ("per_category", "notes"):
            assert shown[name] == values, name
    for name, row in before["per_category"].items():
        assert row.items() <= shown["per_category"][name].items()
    assert set(before["notes"]) <= set(shown["notes"])
    assert HEADLINE[task] not in shown["intervals"]  # of one image
    assert any(note.endswith("too few to say how sure the numbers are") for note in shown["notes"])
    assert json.loads(run.scores("val").read_bytes()) == shown


def test_equal_runs_give_equal_bytes(trained, capsys):
    _, _, run, _ = trained
    made = []
    for _ in range(2):
        evaluate(capsys, run.folder)
        made.append([path.read_bytes() for path in (run.scores("val"), run.mistakes("val")) if path.exists()])
    assert made[0] == made[1]


def test_gates_decide_the_exit_code(trained, capsys):
    task, _, run, _ = trained
    held = evaluate(capsys, run.folder, "--gate", f"{HEADLINE[task]}>=0")
    assert held.out.splitlines()[-1].startswith("passed")
    failed = evaluate(
        capsys, run.folder, "--gate", f"{HEADLINE[task]}>=0", "--gate", f"{HEADLINE[task]}>1.0", code=1
    )
    assert [line.split()[0] for line in failed.out.splitlines()[-2:]] == ["passed", "FAILED"]
    wrong = evaluate(capsys, run.folder, "--gate", f"cta:{HEADLINE[task]}>=0", code=2)
    assert 'did you mean "cat"?' in wrong.err


def test_a_part_that_nobody_predicted_is_predicted_now(trained, capsys):
    _, _, run, before = trained
    first = evaluate(capsys, run.folder, "--split", "test", "--json")
    assert "no predictions of test yet: predicting 1 image with the best weights" in first.err
    again = evaluate(capsys, run.folder, "--split", "test", "--json")
    assert "predicting" not in again.err
    assert json.loads(again.out) == json.loads(first.out)
    assert set(before) <= set(json.loads(first.out))
    assert run.scores("test").is_file()
    nowhere = evaluate(capsys, run.folder, "--split", "tset", code=65)
    assert "(test, train, val), but got 'tset'" in nowhere.err


def test_a_project_that_was_moved_is_still_judged(trained, tmp_path, capsys):
    _, home, run, before = trained
    moved = tmp_path / "elsewhere"
    shutil.copytree(home, moved)
    home.rename(home.with_name("gone"))
    try:
        folder = moved / run.folder.relative_to(home)
        assert json.loads(evaluate(capsys, folder, "--json").out)["images"] == before["images"]
    finally:
        home.with_name("gone").rename(home)


def test_a_dataset_that_changed_or_is_gone_is_told(trained, tmp_path, capsys):
    _, home, run, _ = trained
    (dataset,) = (home / "projects" / "p" / "datasets").glob("*/")
    truth = dataset / "val.json"
    content = truth.read_bytes()
    try:
        truth.write_bytes(content.replace(b"4.png", b"5.png"))
        changed = evaluate(capsys, run.folder, code=65)
        assert f"{truth}: must be as converted, but has changed since" in changed.err
    finally:
        truth.write_bytes(content)
    dataset.rename(tmp_path / "away")
    try:
        gone = evaluate(capsys, run.folder, code=66)
        assert "is gone; workbench convert makes it again" in gone.err
    finally:
        (tmp_path / "away").rename(dataset)


def test_a_run_that_trains_is_judged_and_left_alone(trained, tmp_path, capsys):
    _, _, run, _ = trained
    evaluate(capsys, run.folder)
    before = run.scores("val").read_bytes()
    with hold(run):
        shown = evaluate(capsys, run.folder, "--score", "0.2")
        assert "is being trained: nothing is written into it" in shown.err
        assert run.scores("val").read_bytes() == before
        evaluate(capsys, run.folder, "--out", tmp_path / "own")
    assert (tmp_path / "own" / "scores.json").is_file()


def test_what_is_printed_fits_the_terminal_and_needs_no_colour(trained, capsys, monkeypatch):
    _, _, run, _ = trained
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = evaluate(capsys, run.folder)
        assert "\x1b" not in shown.out and shown.err == ""
        text, _, places = shown.out.rpartition("\n\n")
        assert max(map(len, text.splitlines())) <= width
        assert places.startswith("scores ")
