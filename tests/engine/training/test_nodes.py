"""Several machines without any: what is refused, what each agent is told, and how often a group is started again.

Whole trainings over two machines: tests/jobs/engines/test_training.py.
"""

import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from workbench.engine.training.group import Group, GroupError
from workbench.engine.training.launch import (
    GROUP,
    VAIN,
    _environment,
    _find_problem,
    _held,
    _sweep,
    _work,
)
from workbench.engine.training.nodes import (
    MEETING,
    Span,
    choose_meeting,
    find_interface,
    find_place,
    place_agents,
)
from workbench.engine.training.stop import Stopped
from workbench.errors import OK
from workbench.parallel import available_cores
from workbench.run import Run, write_record

TWO = Span(nodes=2, each=4)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job of two machines, and a place for programs of SLURM that are none."""
    place = tmp_path / "programs"
    place.mkdir()
    put(
        place,
        "scontrol",
        'case "$2" in hostnames) echo n1; echo n2;; *) echo "NodeName=n1 NodeAddr=10.0.0.7 State=IDLE";; esac',
    )
    put(place, "srun", "exit 1")
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "n[1-2]")
    return place


def put(place: Path, name: str, script: str) -> None:
    (place / name).write_text(f"#!/bin/sh\n{script}\n")
    (place / name).chmod(0o755)


@pytest.fixture(params=[TWO, Span(each=2)], ids=["two machines", "one machine"])
def span(request: pytest.FixtureRequest, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Span:
    """On one machine torchrun itself is what srun is on several."""
    monkeypatch.setattr(sys, "executable", str(programs / "srun"))
    return request.param


def work(tmp_path: Path, span: Span) -> tuple[int, list[int], list[str], Group]:
    said: list[str] = []
    group = Group(folder=tmp_path / "group")
    group.folder.mkdir()
    return *_work(group, span, ["-m", "workbench"], said.append), said, group


def test_several_machines_are_refused_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_NUM_NODES", raising=False)
    with pytest.raises(
        GroupError, match="within a SLURM job of 2 machines, but is in none; workbench launch --on slurm"
    ):
        TWO.require_here()
    Span(each=4).require_here()


def test_a_job_of_another_number_of_machines_is_refused(programs: Path) -> None:
    TWO.require_here()
    with pytest.raises(GroupError, match="must be within a SLURM job of 3 machines, but is in one of 2"):
        Span(nodes=3).require_here()


def test_all_meet_on_the_first_machine_by_the_address_that_slurm_knows(programs: Path) -> None:
    meeting = choose_meeting()
    address, _, port = meeting.partition(":")
    assert address == "10.0.0.7" and int(port) > 1023
    told = find_place(TWO, {MEETING: meeting, "SLURM_NODEID": "1"})
    assert {"--nnodes=2", "--node-rank=1", "--master-addr=10.0.0.7", f"--master-port={port}"} <= set(told)


def test_each_machine_gets_one_agent_with_all_cores(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "8")
    words = place_agents(TWO, ["agent"])
    assert {"--nodes=2", "--ntasks=2", "--ntasks-per-node=1", "--cpus-per-task=8"} <= set(words)
    assert words[-1] == "agent"


def test_the_way_to_the_first_machine_tells_the_interface() -> None:
    assert find_interface("127.0.0.1:4711") == "lo"
    assert find_interface("no such name:4711") == ""


def test_a_group_that_gets_nowhere_is_given_up(span: Span, tmp_path: Path) -> None:
    code, told, said, _ = work(tmp_path, span)
    assert (code, told) == (1, [])
    assert said == ["a process was lost; all start again from the newest checkpoint"] * (VAIN - 1)


def test_a_group_that_gets_further_is_started_again_until_it_is_done(
    span: Span, programs: Path, tmp_path: Path
) -> None:
    put(programs, "srun", 'echo 0 >> "$WORKBENCH_GROUP/starts"; [ $(wc -l < "$WORKBENCH_GROUP/starts") = 6 ]')
    code, _, said, group = work(tmp_path, span)
    assert (code, len(said), group.count_starts()) == (0, 5, 6)


def test_a_process_that_ends_on_purpose_ends_the_group(span: Span, programs: Path, tmp_path: Path) -> None:
    put(programs, "srun", """echo '["the disk is full", 74]' > "$WORKBENCH_GROUP/end-0"; exit 1""")
    _, _, said, group = work(tmp_path, span)
    assert not said
    assert group.find_end().exit_code == 74


def test_who_is_asked_to_stop_asks_all_machines_and_starts_nothing_again(
    programs: Path, tmp_path: Path
) -> None:
    mine = f"kill -TERM {os.getpid()}"
    put(
        programs,
        "srun",
        f"trap 'echo told > {tmp_path}/told; exit 1' USR2; {mine}; for i in $(seq 400); do sleep 0.05; done",
    )
    _, told, said, group = work(tmp_path, TWO)
    assert (told, said) == ([signal.SIGTERM], [])
    assert (tmp_path / "told").read_text() == "told\n"
    assert group.asked.exists()


def test_who_still_waits_for_one_that_ended_on_purpose_is_ended(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NCCL does not notice that a process is gone, and waits."""
    monkeypatch.setattr(sys, "executable", str(programs / "srun"))
    monkeypatch.setattr("workbench.engine.training.launch.GRACE", 0.2)
    words = """echo '["out of memory", 71]' > "$WORKBENCH_GROUP/end-1"; exec sleep 60"""
    put(programs, "srun", f'echo $$ > "$WORKBENCH_GROUP/process-0"; {words}')
    code, told, said, group = work(tmp_path, Span(each=2))
    assert (code, told, said, group.find_end().exit_code) == (-signal.SIGKILL, [], [], 71)


def test_what_a_launch_left_is_swept_and_what_one_uses_is_not(tmp_path: Path) -> None:
    run = Run(folder=tmp_path)
    left, used = tmp_path / f"{GROUP}left", tmp_path / f"{GROUP}used"
    left.mkdir()
    used.mkdir()
    with _held(used):
        _sweep(run)
        assert (left.exists(), used.exists()) == (False, True)
    _sweep(run)
    assert not used.exists()


@pytest.mark.parametrize(("allowed", "threads"), [("", None), ("8", "4"), ("1", "1")])
def test_processes_share_the_threads_that_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str, threads: str | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", allowed)
    told = _environment(Group(folder=tmp_path), Span(each=2))
    assert told["OMP_NUM_THREADS"] == (threads or str(max(1, available_cores() // 2)))


def test_who_asks_a_run_to_stop_in_its_last_moment_comes_too_late(tmp_path: Path) -> None:
    run, group = Run(folder=tmp_path), Group(folder=tmp_path)
    write_record(run, {"state": "finished"})
    assert _find_problem(run, group, OK, [signal.SIGTERM]) is None
    write_record(run, {"state": "new"})
    problem = _find_problem(run, group, OK, [signal.SIGTERM])
    assert isinstance(problem, Stopped) and str(problem).endswith("stopped before it began")
