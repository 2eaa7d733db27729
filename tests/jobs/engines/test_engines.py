"""The same expectations of every engine that works behind a queue: this machine, a real SLURM, a real Ray."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.jobs.daemon import Daemon
from workbench.jobs.folder import read_json
from workbench.jobs.job import FAILED, FINISHED, RUNNING, SKIPPED, STOPPED, Job
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue

# Debian's SLURM is fetched by the tests themselves; where that cannot be, only they are left out.
ENGINES = ("local", pytest.param("slurm", marks=pytest.mark.optional), "ray")
OPTIONS: dict[str, str] = {}  # what the engine is told beside


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "slurm":
        found = request.getfixturevalue("slurm")
        for name in ("PATH", "LD_LIBRARY_PATH", "SLURM_CONF"):
            monkeypatch.setenv(name, found[name])
        monkeypatch.setattr("workbench.jobs.engines.slurm.SILENCE", 10.0)
        monkeypatch.setattr("workbench.jobs.engines.slurm.PATIENCE", 1.0)
    found = request.getfixturevalue("on_ray") if request.param == "ray" else {}
    monkeypatch.setattr("tests.jobs.engines.test_engines.OPTIONS", found)
    return str(request.param)


def ask(queue: Queue, engine: str, script: str, *words: str, **more: object) -> int:
    command = (sys.executable, "-S", "-c", script, *words)
    wanted: dict[str, object] = {"options": OPTIONS, **more}
    return queue.submit(Job(command=command, place="/", engine=engine, **wanted))  # type: ignore[arg-type]


def work(queue: Queue, until: Callable[[], object], *, seconds: float = 180.0) -> None:
    mine, end = Daemon(queue=queue, grace=5.0), time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, [(one.number, one.state, one.reason) for one in queue.entries()]
        mine.turn()
        time.sleep(0.05)


def all_ended(queue: Queue) -> bool:
    return not queue.has_open()


def find_text(path: Path) -> str:
    """What a file holds by now; one that is there may be empty yet."""
    return path.read_text() if path.exists() else ""


def test_jobs_run_in_the_order_of_their_needs_and_what_they_say_is_kept(queue: Queue, engine: str) -> None:
    first = ask(queue, engine, "print('one')")
    second = ask(queue, engine, "print('two'); raise SystemExit(3)", after=(first,))
    ask(queue, engine, "", after=(second,))
    work(queue, lambda: all_ended(queue))
    assert [entry.state for entry in queue.entries()] == [FINISHED, FAILED, SKIPPED]
    assert queue.find(second).code == 3
    assert [queue.folder(number).log.read_text() for number in (first, second)] == ["one\n", "two\n"]


def test_several_run_at_once(queue: Queue, engine: str) -> None:
    for _ in range(2):
        ask(queue, engine, "import time; time.sleep(3)")
    most = 0

    def look() -> bool:
        nonlocal most
        alive = [one for one in queue.entries((RUNNING,)) if queue.folder(one.number).status.exists()]
        most = max(most, len(alive))
        return all_ended(queue)

    work(queue, look)
    assert most == 2


def test_a_job_that_is_asked_to_stop_ends_by_itself_and_leaves_nothing(queue: Queue, engine: str) -> None:
    script = """
import signal, sys, time
signal.signal(15, lambda *_: sys.exit(143))
print('up', flush=True)
time.sleep(60)
"""
    number = ask(queue, engine, script)
    folder = queue.folder(number)
    work(queue, lambda: folder.log.exists() and folder.log.read_text())
    queue.ask_to_stop(number)
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).code) == (STOPPED, 143)
    assert not list(find_members(0, f"WORKBENCH_JOB={folder.path}#1"))


def test_a_limit_holds(queue: Queue, engine: str) -> None:
    number = ask(queue, engine, "import time; time.sleep(60)", limit=1.0)
    work(queue, lambda: all_ended(queue))
    assert queue.find(number).reason == "it took longer than its limit of 1 seconds"


def test_what_is_killed_with_its_keeper_is_run_again(queue: Queue, engine: str, tmp_path: Path) -> None:
    script = f"""
import os, pathlib, time
tries = pathlib.Path('{tmp_path}/tries')
tries.write_text((tries.read_text() if tries.exists() else '') + 'x')
time.sleep(60 if tries.read_text() == 'x' else 0)
"""
    number = ask(queue, engine, script)
    folder = queue.folder(number)
    work(queue, lambda: find_text(tmp_path / "tries") and read_json(folder.status))
    status = read_json(folder.status) or {}
    os.kill(int(status["keeper"]), signal.SIGKILL)
    os.killpg(int(status["group"]), signal.SIGKILL)
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 1)
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_daemon_that_is_killed_after_a_start_finds_the_job_again(queue: Queue, engine: str) -> None:
    number = ask(queue, engine, "import time; time.sleep(2)")
    work(queue, lambda: queue.find(number).state == RUNNING)  # this daemon is forgotten here
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).token) == (FINISHED, 1)


@pytest.mark.optional
def test_a_place_that_is_wanted_back_is_given_back_and_the_job_goes_on(
    queue: Queue, slurm: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PATH", "LD_LIBRARY_PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, slurm[name])
    script = f"""
import pathlib, signal, sys, time
tries = pathlib.Path('{tmp_path}/tries')
again = tries.exists()
def give_way(*_):
    tries.write_text('checkpoint')
    sys.exit(143)
signal.signal(15, give_way)
print('again' if again else 'up', flush=True)
time.sleep(0 if again else 60)
"""
    number = ask(queue, "slurm", script, cores=4)
    folder = queue.folder(number)
    work(queue, lambda: folder.log.exists() and folder.log.read_text())
    urgent = ["sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null"]
    subprocess.run([*urgent, "--wrap=sleep 3"], check=True, capture_output=True)
    work(queue, lambda: all_ended(queue), seconds=150)
    assert queue.find(number).state == FINISHED
    assert queue.find(number).losses <= 1  # the second try may be sent away before it can listen,
    said = folder.log.read_text().splitlines()
    assert [line for line in said if line != "Terminated"] == ["up", "again"]  # as its shell then says
