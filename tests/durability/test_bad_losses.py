"""D7: an image that makes every number a NaN in a real training."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

import torch

from tests.durability.trials import Trials
from workbench.engine.training.checkpoint import load_newest
from workbench.engine.training.weights_file import read_weights
from workbench.errors import FAILED, OK

POISON = "3.png"


def are_finite(tensors):
    return all(bool(torch.isfinite(one).all()) for one in tensors.values() if one.is_floating_point())


@pytest.fixture(scope="module")
def poisoned(server, tmp_path_factory):
    """A checkpoint each step; six images, so that each comes once in six."""
    more = {
        "steps": 12,
        "checkpoint_every": 1,
        "evaluate_every": 12,
        "accumulate": 1,
        "batch": 1,
        "warmup": 1,
    }
    trials = Trials("mask_rcnn_nano", tmp_path_factory.mktemp("poisoned"), server, more=more)
    trials.begin()
    return trials


@pytest.mark.slow
def test_d07_a_loss_that_is_no_number_names_step_and_image_and_keeps_the_last_finite_checkpoint(poisoned):
    run = poisoned.copy(0)
    assert poisoned.go_on(run, poison=POISON).code == FAILED
    record, told = json.loads((run / "run.json").read_bytes()), poisoned.told(run)
    kept = load_newest(run / "checkpoints")
    step = kept.step if kept else 0
    assert f"step {step + 1}: every loss must be a finite number, but loss" in told
    assert f"the images were {POISON}." in told and "Traceback" not in told
    assert (record["state"], record["reason"] in told) == ("failed", True)
    assert kept is None or are_finite(kept.content["model"])
    assert poisoned.go_on(run).code == OK  # and without the poison it goes on from there
    run.rename(poisoned.home / "mended")


@pytest.mark.slow
def test_d07_a_few_bad_losses_are_passed_over_and_leave_nothing_behind(poisoned):
    run = poisoned.copy(0, "passing")
    words = ("train.skip_bad_losses", "2", "--allow-changed", "train.skip_bad_losses", "--resume", run.name)
    end = poisoned.server.run("train", poisoned.project, *words, log=poisoned.log(run), poison=POISON)
    told = poisoned.told(run)
    assert end.code == OK, told
    assert "was passed over (1 of at most 2)" in told and "was passed over (2 of at most 2)" in told
    assert f"the images were {POISON}" in told
    assert load_newest(run / "checkpoints").content["progress"]["skipped"] == 2
    assert are_finite(read_weights(run / "model_final.pth")[0])  # running means among them
    scored = [json.loads(line) for line in (run / "metrics.jsonl").read_bytes().splitlines()]
    assert [row["loss"] is not None for row in scored if row["kind"] == "val"] == [True]


@pytest.mark.slow
def test_d07_more_of_them_than_allowed_are_the_end(poisoned):
    run = poisoned.copy(0, "ending")
    words = ("train.skip_bad_losses", "1", "--allow-changed", "train.skip_bad_losses", "--resume", run.name)
    end = poisoned.server.run("train", poisoned.project, *words, log=poisoned.log(run), poison=POISON)
    assert end.code == FAILED
    assert "(1 of at most 1)" in poisoned.told(run) and "every loss must be" in poisoned.told(run)
