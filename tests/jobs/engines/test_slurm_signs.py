"""What is made of SLURM's words, without one: programs of the same names say them."""

import os
import time
from pathlib import Path

import pytest

from workbench.jobs.engines.engine import Sign, name_try
from workbench.jobs.engines.slurm import SILENCE, Slurm
from workbench.jobs.folder import JobFolder
from workbench.jobs.job import RUNNING, Entry, Job

ENTRY = Entry(number=3, job=Job(command=("true",), place="/", engine="slurm"), state=RUNNING, token=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFolder:
    """Of a job of which squeue says that it runs."""
    found = JobFolder(path=tmp_path / "jobs" / "000003")
    found.path.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    write_program(tmp_path / "squeue", f"echo {name_try(ENTRY, found)} 12 RUNNING")
    write_program(tmp_path / "scancel", f"echo $1 >> {tmp_path}/cancelled")
    return found


def write_program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def beat(folder: JobFolder, ago: float) -> None:
    folder.heartbeat.touch()
    os.utime(folder.heartbeat, (time.time() - ago, time.time() - ago))


def test_a_try_on_a_dead_node_is_gone_though_slurm_says_that_it_runs(
    folder: JobFolder, tmp_path: Path
) -> None:
    beat(folder, ago=SILENCE + 5)
    assert Slurm(home=tmp_path).look(ENTRY, folder) is Sign.GONE
    assert (tmp_path / "cancelled").read_text() == "12\n"


def test_a_try_that_gives_signs_of_life_or_has_not_had_the_time_for_one_is_alive(
    folder: JobFolder, tmp_path: Path
) -> None:
    assert Slurm(home=tmp_path).look(ENTRY, folder) is Sign.ALIVE
    beat(folder, ago=SILENCE - 5)
    assert Slurm(home=tmp_path).look(ENTRY, folder) is Sign.ALIVE
    assert not (tmp_path / "cancelled").exists()


def test_a_squeue_that_hangs_is_left_alone_for_a_while_and_no_job_is_lost(
    folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.jobs.engines.slurm.LIMIT", 0.2)
    monkeypatch.setattr("workbench.jobs.engines.slurm.PATIENCE", 0.0)
    write_program(tmp_path / "squeue", f"echo asked >> {tmp_path}/asked; exec sleep 30")
    beat(folder, ago=SILENCE + 5)
    mine = Slurm(home=tmp_path)
    assert [mine.look(ENTRY, folder) for _ in range(3)] == [Sign.ALIVE] * 3
    assert (tmp_path / "asked").read_text() == "asked\n"
