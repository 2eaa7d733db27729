"""What only SLURM has: arrays, and a scheduler that says no, or nothing."""

from pathlib import Path

import pytest

from tests.jobs.engines.test_engines import all_ended, ask, work
from workbench.jobs import daemon
from workbench.jobs.daemon import Daemon
from workbench.jobs.job import FAILED, FINISHED, QUEUED, STOPPED
from workbench.jobs.queue import Queue

pytestmark = [pytest.mark.optional, pytest.mark.usefixtures("on_slurm")]


def test_a_group_becomes_one_array_whose_tasks_are_jobs_of_their_own(queue: Queue, tmp_path: Path) -> None:
    script = f"""
import os, pathlib, signal, sys, time
tries = pathlib.Path('{tmp_path}', sys.argv[1])
tries.write_text((tries.read_text() if tries.exists() else '') + 'x')
if sys.argv[1] == 'killed' and tries.read_text() == 'x':
    os.kill(os.getpid(), 9)
if sys.argv[1] == 'stopped':
    signal.signal(15, lambda *_: sys.exit(143))
    print('up', flush=True)
    time.sleep(60)
sys.exit(sys.argv[1] == 'failed')
"""
    names = ("fine", "killed", "failed", "stopped")
    numbers = {}
    for name in names:
        numbers[name] = ask(queue, "slurm", script, name, group="sweep")
        ask(queue, "slurm", "", after=(numbers[name],), group="sweep")  # so that their numbers have gaps
    mine = Daemon(queue=queue, grace=5.0)
    mine.turn()
    handles = [queue.find(number).handle for number in numbers.values()]
    assert {handle.partition("_")[0] for handle in handles} == {handles[0].partition("_")[0]}
    assert [handle.partition("_")[2] for handle in handles] == ["0", "2", "4", "6"]
    stopped = queue.folder(numbers["stopped"])
    work(
        queue, lambda: stopped.log.exists() and stopped.log.read_text()
    )  # by a daemon that knows of no array
    queue.ask_to_stop(numbers["stopped"])
    work(queue, lambda: all_ended(queue))
    states = [queue.find(number).state for number in numbers.values()]
    assert states == [FINISHED, FINISHED, FAILED, STOPPED]
    assert [(tmp_path / name).read_text() for name in names] == ["x", "xx", "x", "x"]


def test_a_task_that_waits_for_its_turn_can_be_stopped_alone(queue: Queue) -> None:
    first, second = (
        ask(queue, "slurm", "import time; time.sleep(2)", group="sweep", options={"array_parallelism": "1"})
        for _ in range(2)
    )
    work(queue, lambda: queue.folder(first).status.exists())
    queue.ask_to_stop(second)
    work(queue, lambda: all_ended(queue))
    assert (queue.find(first).state, queue.find(second).state) == (FINISHED, STOPPED)
    assert not queue.folder(second).log.exists()


def test_what_slurm_refuses_has_failed_with_its_words_and_the_daemon_goes_on(queue: Queue) -> None:
    number = ask(queue, "slurm", "", options={"partition": "nowhere"})
    Daemon(queue=queue).turn()
    entry = queue.find(number)
    assert entry.state == FAILED
    assert "SLURM must take it, but does not: " in entry.reason and "invalid partition" in entry.reason


def test_jobs_wait_for_a_slurm_that_does_not_answer(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, mine = ask(queue, "slurm", ""), Daemon(queue=queue, grace=5.0)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", "/usr/bin:/bin")
        mine.turn()
        assert queue.find(number).state == QUEUED
        assert "sbatch and srun must be on the path" in queue.find(number).reason
        mine.turn()
        assert queue.find(number).token == 1  # it is not asked again at once
    monkeypatch.setattr(daemon, "PAUSE", 0.0)
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 0)
