"""A real training over two machines of a real SLURM: whatever is taken from it, it ends in the same weights."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.ranks import prepare, wait_for_a_step
from tests.durability.server import Server
from tests.durability.trials import Trials
from tests.jobs.engines.test_engines import all_ended, work
from workbench.jobs.folder import read_json
from workbench.jobs.job import FINISHED, Job
from workbench.jobs.queue import Queue

pytestmark = [pytest.mark.optional, pytest.mark.slow]


@pytest.fixture
def trials(tmp_path: Path) -> Iterator[Trials]:
    """A run of two processes that nobody disturbed, and one that is to end like it."""
    server = Server()
    try:
        yield prepare(server, tmp_path / "training", "mask_rcnn_nano")
    finally:
        server.close()


def test_a_training_over_two_machines_survives_the_loss_of_a_process_and_of_its_place(
    on_slurm: Mapping[str, str], queue: Queue, trials: Trials
) -> None:
    run = trials.copy(0)
    words = ("train", str(trials.project), "--resume", run.name, "--nodes", "2")
    command = (sys.executable, "-m", "workbench", *words)
    number = queue.submit(
        Job(
            command=command,
            place=str(Path.cwd()),
            environment={"OMP_NUM_THREADS": "1"},
            engine="slurm",
            nodes=2,
        )
    )
    folder = queue.folder(number)
    work(queue, lambda: read_json(folder.status))
    keeper = int((read_json(folder.status) or {})["keeper"])
    former = wait_for_a_step(run, keeper, {})
    assert len({_find_node(process) for process in former.values()}) == 2, folder.log.read_text()
    os.kill(former[1], signal.SIGKILL)
    again = wait_for_a_step(run, keeper, former)
    assert again, folder.log.read_text()
    urgent = ["sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true"]
    subprocess.run(urgent, check=True, capture_output=True)
    work(queue, lambda: all_ended(queue), seconds=400)
    entry = queue.find(number)
    assert (entry.state, entry.token, entry.failures, entry.losses) == (FINISHED, 2, 0, 0), (
        folder.log.read_text()
    )
    assert not trials.judge(run, 0, "slurm")


def _find_node(process: int) -> bytes:
    words = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return next(word for word in words if word.startswith(b"SLURMD_NODENAME="))
