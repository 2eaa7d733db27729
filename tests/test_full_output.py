"""Output that finds no room: results are missed, and said to be; words for people, and the log of a job, are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import IO_FAILED, NO_INPUT, OK

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def run(tmp_path: Path, *words: str, full: str, **more: str) -> "subprocess.CompletedProcess[str]":
    with FULL.open("w") as nowhere:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, full: nowhere}
        return subprocess.run(
            [sys.executable, "-m", "workbench", *words],
            env={**os.environ, "WORKBENCH_HOME": str(tmp_path), **more},
            text=True,
            check=False,
            **streams,  # type: ignore[call-overload]
        )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_result_that_cannot_be_printed_is_an_error_of_one_line(tmp_path: Path, unbuffered: str) -> None:
    done = run(tmp_path, "jobs", full="stdout", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == IO_FAILED
    assert done.stderr.startswith("workbench: it could not write all that it had to: No space left")
    assert done.stderr.count("\n") == 1


def test_words_that_cannot_be_said_change_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "jobs", "clean", "--all", full="stderr").returncode == OK
    assert run(tmp_path, "jobs", "show", "7", full="stderr").returncode == NO_INPUT


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_job_has_done_its_work_whether_or_not_its_log_had_room(tmp_path: Path, unbuffered: str) -> None:
    told = {"WORKBENCH_JOB": "/gone#1", "PYTHONUNBUFFERED": unbuffered}
    assert run(tmp_path, "jobs", full="stdout", **told).returncode == OK
