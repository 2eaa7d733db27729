"""D3: two real processes train one run; what they end in does not depend on who was killed on the way."""

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.ranks import kill_and_resume, kill_in_one_run, prepare
from workbench.engine.prediction.evaluator import evaluate_part
from workbench.engine.prediction.predictor import load_predictor
from workbench.run import Run


@pytest.fixture(scope="module")
def trials(server, tmp_path_factory):
    """A run of two processes that nobody disturbed."""
    return prepare(server, tmp_path_factory.mktemp("ranks"), "mask_rcnn_nano")


@pytest.mark.slow
def test_d03_a_group_that_loses_a_rank_is_brought_back_and_ends_like_one_that_did_not(trials):
    """Through the command, with torchrun; twenty of them: `python -m tests.durability.ranks --kills 20`."""
    trials.counts.clear()
    wrong = kill_in_one_run(trials, 0, random.Random(1), 1)
    assert not wrong, "\n".join(wrong)
    assert trials.counts["kills"] == 1


@pytest.mark.slow
def test_d03_what_is_left_of_a_group_ends_by_itself_and_its_resume_ends_alike(trials):
    trials.counts.clear()
    wrong = kill_and_resume(trials, 1, (2, 5))
    assert not wrong, "\n".join(wrong)
    assert trials.counts["kills"] == 2


def test_scores_and_predictions_of_two_processes_are_those_of_one(trials, tmp_path):
    run = Run(folder=trials.home / "undisturbed")
    record, model = json.loads(run.record.read_bytes()), load_predictor(run)
    evaluate_part(
        model.model, Path(record["dataset"]["folder"]), "val", model.cfg, out=tmp_path, task="instance"
    )
    for name in ("predictions/val.json", "scores/val.json"):
        assert (tmp_path / name).read_bytes() == (run.folder / name).read_bytes()
