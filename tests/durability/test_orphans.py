"""C4: a job that trains in several processes, each with workers of its own, is killed and stopped: nothing is left."""

import os
import signal
import sys
import time

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.tiny import KINDS, make_project, typed
from tests.durability.trials import count_steps
from workbench.jobs.daemon import Daemon
from workbench.jobs.folder import read_json
from workbench.jobs.job import RUNNING, STOPPED, Job
from workbench.jobs.pointers import list_runs
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue
from workbench.jobs.words import PROGRAM

PATIENCE = 240.0
RANKS = 2


@pytest.fixture
def queue(tmp_path):
    queue = Queue(tmp_path / "home")
    yield queue
    for number in members(queue):
        os.kill(number, signal.SIGKILL)
    queue.close()


def members(queue):
    """Every process that carries the mark of a try of the only job."""
    return [
        number
        for token in range(1, queue.find(1).token + 1)
        for number in find_members(0, f"WORKBENCH_JOB={queue.folder(1).path}#{token}")
    ]


def work(daemon, until):
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end and daemon.queue.has_open(), daemon.queue.folder(1).log.read_text()[
            -3000:
        ]
        daemon.turn()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_c04_a_killed_and_a_stopped_job_leave_neither_ranks_nor_data_workers(queue, tmp_path):
    project = make_project(tmp_path, KINDS["mask_rcnn_nano"]).folder
    keys = typed(
        "mask_rcnn_nano", workers=1, steps=100_000, accumulate=1, evaluate_every=100_000, checkpoint_every=2
    )
    words = [word for pair in keys.items() for word in pair]
    command = (*PROGRAM, "train", str(project), *words, "--gpus", str(RANKS), "--run", "two")
    queue.submit(Job(command=command, place=str(tmp_path), environment={"OMP_NUM_THREADS": "1"}, cores=1))
    run, daemon = project / "runs" / "two", Daemon(queue=queue)
    work(daemon, lambda: count_steps(run) >= 3)
    assert list_runs(queue.folder(1)) == [str(run)]
    before = set(members(queue))
    assert len(before) >= 3 + 2 * RANKS  # shell, launcher, torchrun; each rank with a worker
    os.killpg(int((read_json(queue.folder(1).status) or {})["group"]), signal.SIGKILL)
    work(daemon, lambda: queue.find(1).losses == 1)
    assert not before & set(members(queue))
    reached = count_steps(run)
    work(daemon, lambda: queue.find(1).state == RUNNING and count_steps(run) > reached)
    queue.ask_to_stop(1)
    work(daemon, lambda: not queue.has_open())
    assert queue.find(1).state == STOPPED
    assert members(queue) == []
