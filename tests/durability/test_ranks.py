"""D3: two real processes train one run; what they end in does not depend on who was killed on the way."""

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

import torch

from tests.durability.ranks import kill_and_resume, kill_then_stop, prepare
from tests.durability.tiny import EXACT
from tests.durability.trials import Trials
from workbench.engine.prediction.evaluator import evaluate_part
from workbench.engine.prediction.predictor import load_predictor
from workbench.engine.training.speed import tune_model
from workbench.engine.training.weights_file import read_weights
from workbench.errors import TERMINATED
from workbench.run import Run


@pytest.fixture(scope="module")
def trials(server, tmp_path_factory):
    """A run of two processes that nobody disturbed."""
    return prepare(server, tmp_path_factory.mktemp("ranks"), "mask_rcnn_nano")


@pytest.mark.slow
def test_d03_a_group_that_loses_a_rank_is_brought_back_and_ends_like_one_that_did_not(trials):
    """Through the command, with torchrun; twenty of them: `python -m tests.durability.ranks --kills 20`."""
    trials.counts.clear()
    code, told, wrong = kill_then_stop(trials, 0, random.Random(7))
    assert not wrong, "\n".join(wrong)
    assert (trials.counts["kills"], code) == (1, TERMINATED), told
    assert "processes: 1 → 2; the order of images stays, shared out anew" in told
    assert "another process of this run is gone" in told
    last = told.splitlines()[-1]
    assert last.startswith("workbench: stopped at step ") and last.endswith(" --resume run --gpus 2")
    assert "Traceback" not in told


@pytest.mark.slow
def test_d03_what_is_left_of_a_group_ends_by_itself_and_its_resume_ends_alike(trials):
    trials.counts.clear()
    wrong = kill_and_resume(trials, 1, (2, 14))
    assert not wrong, "\n".join(wrong)
    assert trials.counts["kills"] == 2


def test_two_processes_learn_what_one_learns(server, tmp_path):
    """A model that draws nothing at random: the same images in the same order, the same sums up to rounding."""
    weights, losses = {}, {}
    for world in (1, 2):
        more = {"batch": 4, "accumulate": 1, "steps": 4, "evaluate_every": 4}
        trials = Trials(EXACT, tmp_path / str(world), server, more=more, world=world)
        trials.begin()
        run = trials.copy(0)
        ends = trials.go_on_as_group(run) if world > 1 else [trials.go_on(run)]
        assert [end.code for end in ends] == [0] * world, trials.told(run)
        weights[world] = read_weights(run / "model_final.pth")[0]
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        losses[world] = [line["loss"] for line in lines]
    assert losses[2] == pytest.approx(losses[1], rel=1e-5)
    for name, value in weights[1].items():
        torch.testing.assert_close(weights[2][name], value, rtol=0, atol=1e-5, msg=name)


def test_scores_and_predictions_of_two_processes_are_those_of_one(trials, tmp_path):
    run = Run(folder=trials.home / "undisturbed")
    dataset = Path(json.loads(run.record.read_bytes())["dataset"]["folder"])
    one = load_predictor(run)
    torch.set_num_threads(1)
    tune_model(one.model)  # sums are rounded as in training
    evaluate_part(one.model, dataset, "val", one.cfg, out=tmp_path, task="instance")
    for name in ("predictions/val.json", "scores/val.json"):
        assert (tmp_path / name).read_bytes() == (run.folder / name).read_bytes()
