"""D4: who asks a real training to stop gets a checkpoint of the step that was just finished."""

import json
import os
import signal
import time

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.trials import Trials, count_steps, is_alive, wait_for_step
from workbench.engine.training.checkpoint import load_newest
from workbench.errors import INTERRUPTED, OK, TERMINATED

CODES = {signal.SIGTERM: TERMINATED, signal.SIGINT: INTERRUPTED, signal.SIGUSR2: TERMINATED}
LIMIT = 10.0


@pytest.mark.slow
def test_d04_each_signal_leaves_a_checkpoint_within_ten_seconds_and_the_end_is_the_same(server, tmp_path):
    more = {"steps": 30, "checkpoint_every": 10, "evaluate_every": 15}  # long enough for a signal to arrive
    trials = Trials("mask_rcnn_nano", tmp_path, server, more=more)
    trials.prepare()
    run = trials.copy(0)
    for step, number in zip((1, 8, 15), CODES, strict=True):
        process = trials.start(run)
        assert wait_for_step(run, step, process)
        os.kill(process, number)
        asked = time.monotonic()
        end = trials.server.wait(process)
        assert (end.code, time.monotonic() - asked < LIMIT) == (CODES[number], True), trials.told(run)
        record = json.loads((run / "run.json").read_bytes())
        assert (record["state"], record["step"]) == ("stopped", count_steps(run))
        assert load_newest(run / "checkpoints", strict=True).step == count_steps(run)
        assert f"stopped at step {record['step']}; go on with: workbench train" in trials.told(run)
    end = trials.go_on(run)
    assert (end.code, trials.judge(run, end.code, "stopped")) == (OK, [])


@pytest.mark.slow
def test_d04_a_second_ctrl_c_does_not_wait_for_the_step(server, tmp_path):
    trials = Trials("mask_rcnn_nano", tmp_path, server, more={"batch": 400, "accumulate": 200})
    trials.begin()
    run = trials.copy(0)
    process = trials.start(run)
    deadline = time.monotonic() + 120
    while not (run / "batches.png").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)  # in the middle of a step that takes long
    os.kill(process, signal.SIGINT)
    time.sleep(0.3)
    assert is_alive(process)
    os.kill(process, signal.SIGINT)
    end = server.wait(process)
    assert (end.code, count_steps(run)) == (INTERRUPTED, 0), trials.told(run)
    assert json.loads((run / "run.json").read_bytes())["state"] == "failed"
    assert not list(run.rglob(".*.tmp"))
