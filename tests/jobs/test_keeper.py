"""A try of a job from its start to its end: codes, limits, stops, kills, and nothing left running."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.errors import BUSY
from workbench.jobs import keeper as keeping
from workbench.jobs.folder import (
    JobFolder,
    give_token,
    is_running,
    make_folder,
    read_exit_code,
    read_job,
    read_json,
    write_json,
)
from workbench.jobs.job import Job
from workbench.jobs.keeper import ABANDONED, REPLACED
from workbench.jobs.processes import find_members

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


def prepare(tmp_path: Path, script: str, **more: object) -> JobFolder:
    job = Job(command=(sys.executable, "-c", script), place=str(tmp_path), **more)  # type: ignore[arg-type]
    folder = make_folder(tmp_path / "job", job)
    assert give_token(folder, 1)
    return folder


def start(
    folder: JobFolder, token: int = 1, *more: str, grace: float = 5.0, stdin: int | None = None
) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "workbench.jobs.keeper", str(folder.path), str(token)]
    return subprocess.Popen([*words, "--grace", str(grace), *more], start_new_session=True, stdin=stdin)


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def members(folder: JobFolder) -> list[int]:
    return list(find_members(0, f"WORKBENCH_JOB={folder.path}#1"))


@pytest.fixture(autouse=True)
def leave_nothing(tmp_path: Path) -> Iterator[None]:
    yield
    for number in members(JobFolder(path=tmp_path / "job")):
        os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("code", [0, 1, 75, 143])
def test_the_code_of_the_command_is_written_down(tmp_path: Path, code: int) -> None:
    folder = prepare(tmp_path, f"print('said'); raise SystemExit({code})")
    assert start(folder).wait(20) == code
    assert (read_json(folder.end(1)) or {})["code"] == code
    assert folder.log.read_text() == "said\n"
    assert not is_running(folder)


def test_the_command_has_its_place_its_environment_and_no_input(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd(), os.environ['GIVEN'], repr(sys.stdin.read()))"
    folder = prepare(tmp_path, script, environment={"GIVEN": "this"})
    start(folder).wait(20)
    assert folder.log.read_text() == f"{tmp_path} this ''\n"


def test_while_one_try_is_alive_no_other_begins(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(60)")
    first = start(folder)
    wait_for(lambda: is_running(folder))
    began = time.monotonic()
    assert start(folder).wait(20) == BUSY
    assert time.monotonic() - began < 5
    assert not give_token(folder, 2)
    folder.stop.touch()
    first.wait(20)


def test_a_keeper_that_was_slow_to_start_finds_that_its_try_counts_no_more(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "print('never')")
    assert give_token(folder, 2)
    assert start(folder, 1).wait(20) == BUSY
    assert not folder.log.exists()


def test_stop_lets_the_command_end_by_itself(tmp_path: Path) -> None:
    script = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(143)); print('up'); time.sleep(60)"
    )
    folder = prepare(tmp_path, script)
    keeper = start(folder)
    wait_for(lambda: folder.log.exists() and folder.log.read_text())
    folder.stop.touch()
    assert keeper.wait(10) == 143
    assert (read_json(folder.end(1)) or {})["reason"] == "stopped"


def test_a_job_whose_folder_is_cleared_away_is_ended(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(60)")
    keeper = start(folder)
    wait_for(lambda: folder.status.exists() and len(members(folder)) == 2)
    shutil.rmtree(folder.path)
    keeper.wait(10)
    assert members(folder) == []
    assert not folder.path.exists()


def test_what_does_not_end_by_itself_is_killed_with_all_it_started(tmp_path: Path) -> None:
    script = """
import os, signal, subprocess, sys, time
signal.signal(15, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"],
                 start_new_session=True)
print("up")
time.sleep(60)
"""
    folder = prepare(tmp_path, script)
    keeper = start(folder, grace=0.3)
    wait_for(lambda: folder.log.exists() and folder.log.read_text() and len(members(folder)) >= 3)
    folder.stop.touch()
    keeper.wait(10)
    assert members(folder) == []
    assert not is_running(folder)


def test_what_a_command_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    script = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
"""
    folder = prepare(tmp_path, script)
    assert start(folder).wait(20) == 0
    assert members(folder) == []


def test_a_command_that_takes_longer_than_its_limit_is_ended_and_it_is_said(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(60)", limit=0.3)
    assert start(folder).wait(20) != 0
    assert (read_json(folder.end(1)) or {})["reason"] == "it took longer than its limit of 0.3 seconds"


def test_a_killed_keeper_costs_nothing_and_another_one_takes_over(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(1.5); print('done')")
    keeper = start(folder)
    wait_for(lambda: read_json(folder.status))
    keeper.kill()
    keeper.wait()
    assert is_running(folder)
    assert start(folder, 1, "--adopt").wait(20) == 0
    assert folder.log.read_text() == "done\n"
    assert (read_json(folder.end(1)) or {})["code"] == 0


def test_whoever_takes_over_does_not_take_the_word_of_an_older_try(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(1.5); print('done')")
    assert start(folder).wait(20) == 0
    older = folder.status.read_bytes()
    assert give_token(folder, 2)
    keeper = start(folder, 2)
    wait_for(lambda: (read_json(folder.status) or {}).get("token") == 2)
    keeper.kill()
    keeper.wait()
    folder.status.write_bytes(older)  # as if it had been killed before it could write down who it was
    assert start(folder, 2, "--adopt").wait(20) == 0
    assert folder.log.read_text() == "done\ndone\n"


def test_whoever_takes_over_grants_no_more_time(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(60)", limit=1000.0)
    keeper = start(folder)
    wait_for(lambda: read_json(folder.status))
    keeper.kill()
    keeper.wait()
    write_json(folder.status, {**(read_json(folder.status) or {}), "began": time.time() - 2000})
    start(folder, 1, "--adopt").wait(20)
    assert (read_json(folder.end(1)) or {})["reason"] == "it took longer than its limit of 1000 seconds"


def test_an_orphan_can_be_stopped(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(60)")
    keeper = start(folder)
    wait_for(lambda: read_json(folder.status))
    keeper.kill()
    keeper.wait()
    folder.stop.touch()
    start(folder, 1, "--adopt").wait(20)
    assert members(folder) == []
    assert (read_json(folder.end(1)) or {})["reason"] == "stopped"


def test_the_code_survives_the_shell_that_waited_for_it(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(1); raise SystemExit(7)")
    keeper = start(folder)
    wait_for(lambda: len(members(folder)) == 2 and read_json(folder.status))
    os.kill(int((read_json(folder.status) or {})["group"]), signal.SIGKILL)
    assert keeper.wait(20) == 7
    assert read_exit_code(folder, 1) is None


def test_the_code_of_who_ends_while_it_is_looked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = os.fork()  # a process of its own, so that no other child of the tests is waited for
    if ours:
        assert os.waitstatus_to_exitcode(os.waitpid(ours, 0)[1]) == 7
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    command = os.fork()
    if not command:
        os._exit(7 if signal.sigtimedwait([signal.SIGUSR1], 20) else 1)

    def end_and_look(_: int) -> bool:
        os.kill(command, signal.SIGUSR1)
        os.waitid(os.P_PID, command, os.WEXITED | os.WNOWAIT)
        return False

    monkeypatch.setattr(keeping, "has_group", end_and_look)
    shell = command + 1
    codes = {shell: -signal.SIGKILL}
    os._exit(keeping._choose_code(codes, shell) if keeping._reap(codes, shell) else 2)


def test_a_sign_of_life_is_given(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import time; time.sleep(0.5)")
    start(folder).wait(20)
    assert folder.heartbeat.exists()


def test_a_new_try_is_not_judged_by_the_signs_of_life_of_the_one_before(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "job", Job(command=("true",), place="/"))
    folder.heartbeat.touch()
    folder.stop.touch()
    assert give_token(folder, 2)
    assert not folder.heartbeat.exists()
    assert not folder.stop.exists()  # nor is it stopped for that


def test_signs_of_life_do_not_hang_on_what_the_clock_of_a_disk_says(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "job", Job(command=("true",), place="/"))
    folder.heartbeat.touch()
    later = time.time() + 3600
    os.utime(folder.heartbeat, (later, later))  # a server whose clock is ahead of this machine's
    keeping._beat(keeping.Try(folder=folder, token=1, job=read_job(folder), group=0, began=0.0))
    assert folder.heartbeat.stat().st_mtime < later - 1800


def test_a_tied_keeper_ends_its_command_kindly_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    script = """
import signal, sys, time
signal.signal(15, lambda *_: (print('checkpoint'), sys.exit(143)))
print('up')
time.sleep(60)
"""
    folder = prepare(tmp_path, script)
    keeper = start(folder, 1, "--tied", stdin=subprocess.PIPE)
    wait_for(lambda: folder.log.exists() and folder.log.read_text())
    assert keeper.poll() is None
    if keeper.stdin:
        keeper.stdin.close()
    assert keeper.wait(20) == 143
    assert folder.log.read_text().splitlines()[:2] == ["up", "checkpoint"]
    assert (read_json(folder.end(1)) or {})["reason"] == ABANDONED
    assert members(folder) == []


def test_a_try_that_was_taken_for_dead_ends_when_a_newer_one_counts(tmp_path: Path) -> None:
    folder = prepare(tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    keeper = start(folder)
    wait_for(lambda: read_json(folder.status))
    folder.token.write_text("2\n")  # given elsewhere, where its lock is not seen
    assert keeper.wait(20) != 0
    assert (read_json(folder.end(1)) or {})["reason"] == REPLACED
    assert members(folder) == []
    assert start(folder, 1, "--adopt").wait(20) == BUSY
