"""From a run to its job and back: what `runs` says of a run whose lock nobody here can see, and `jobs` of its runs."""

import json
import os
import socket
from pathlib import Path

import pytest

from workbench.commands.job_lines import describe, to_json
from workbench.commands.run_lines import LOST, describe_run, format_list, summarise_run
from workbench.jobs.folder import JobFolder, make_folder, write_json
from workbench.jobs.job import FAILED, FINISHED, Entry, Job
from workbench.jobs.owners import find_owner
from workbench.jobs.pointers import join_run, list_runs
from workbench.jobs.queue import Queue
from workbench.run import Run


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "home")


def begin(queue: Queue, *words: str) -> tuple[Entry, JobFolder]:
    """A job that runs, for all that the queue and its folder know."""
    number = queue.submit(Job(command=("python", "-m", "workbench", *words), place="/"))
    entry = queue.start(queue.find(number), ())
    assert entry is not None
    folder = make_folder(queue.folder(number).path, entry.job)
    return entry, folder


def keep(folder: JobFolder, host: str) -> None:
    """A keeper has just given a sign of life there."""
    write_json(folder.status, {"token": 1, "keeper": 1, "group": 1, "host": host, "began": 0.0})
    folder.heartbeat.touch()


def train(tmp_path: Path, folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A training of that job has begun and holds no lock that is seen here."""
    monkeypatch.setenv("WORKBENCH_JOB", f"{folder.path}#1")
    run = Run(folder=tmp_path / "projects" / "p" / "runs" / "one")
    run.folder.mkdir(parents=True, exist_ok=True)
    run.record.write_text(json.dumps({"state": "running", "job": join_run(run.folder)}))
    return run


def test_a_job_knows_its_runs_before_and_after_they_begin(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, folder = begin(queue, "train", f"{tmp_path}/projects/p", "--run", "one")
    run = tmp_path / "projects" / "p" / "runs" / "one"
    assert list_runs(folder, entry.job.command) == [str(run)]
    for _ in range(2):
        train(tmp_path, folder, monkeypatch)
    assert list_runs(folder) == [str(run)]
    assert f"run        {run}" in describe(entry, folder, 0.0).splitlines()
    assert to_json(entry, folder)["runs"] == [str(run)]


def test_a_training_without_a_job_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in ("", "nonsense", f"{tmp_path}/gone#1"):
        monkeypatch.setenv("WORKBENCH_JOB", word)
        assert join_run(tmp_path) is None
    monkeypatch.delenv("WORKBENCH_JOB")
    assert join_run(tmp_path) is None


def test_a_run_in_a_folder_whose_name_is_no_utf8_is_known_as_well(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = begin(queue, "train", "p")
    monkeypatch.setenv("WORKBENCH_JOB", f"{folder.path}#1")
    run = tmp_path / os.fsdecode(b"caf\xe9")
    for _ in range(2):
        join_run(run)
    assert list_runs(folder) == [str(run)]


def test_a_run_on_another_machine_runs_as_long_as_its_job_gives_signs_of_life(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, folder = begin(queue, "train", "p")
    run = train(tmp_path, folder, monkeypatch)
    keep(folder, "node7")
    assert summarise_run(run)["state"] == "running"
    assert f"job      {entry.number} (running on node7): workbench jobs show {entry.number}" in describe_run(
        run, "p"
    )
    os.utime(folder.heartbeat, (0, 0))
    assert summarise_run(run)["state"] == "interrupted"
    keep(folder, "node7")
    write_json(folder.end(1), {"code": 137})
    assert summarise_run(run)["state"] == "interrupted"


def test_an_interrupted_run_says_whether_a_job_goes_on_with_it(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, folder = begin(queue, "train", "p")
    run = train(tmp_path, folder, monkeypatch)
    keep(folder, socket.gethostname())
    row = summarise_run(run)
    assert (row["state"], row["reason"], row["job"]) == ("interrupted", "job 1 goes on with it", 1)
    assert "go on:" not in format_list([row], "p")
    queue.end(entry, FAILED, code=1)
    row = summarise_run(run)
    assert (row["state"], row["reason"]) == ("interrupted", LOST)
    assert "go on: workbench train p --resume one" in format_list([row], "p")


def test_a_run_outlives_the_queue_that_knew_its_job(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, folder = begin(queue, "train", "p")
    run = train(tmp_path, folder, monkeypatch)
    queue.end(entry, FINISHED, code=0)
    queue.remove([entry.number])
    assert summarise_run(run)["reason"] == LOST
    for told in (None, "job", {"folder": 3}, {"folder": str(tmp_path / "gone" / "jobs" / "000001")}):
        owner = find_owner(told)
        assert owner is None or owner.state == "unknown"
    assert not (tmp_path / "gone").exists()
