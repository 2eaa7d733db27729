"""workbench launch --search: what is put into the queue, what each trial is told, and what is refused."""

import json
import sys

import pytest

from tests.conversion.folders import put_project
from workbench.cli import main
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room
from workbench.sweeps.plan import read_plan
from workbench.sweeps.record import find_sweep, read_sweep

pytest.importorskip("optuna")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("workbench.jobs.waking.wake", lambda home: None)
    put_project(tmp_path, ["cat"])
    monkeypatch.chdir(tmp_path)
    queue = Queue(tmp_path / "home")
    write_room(queue.home, Room(cores=2))
    queue.close()
    return tmp_path


def launch(*words, code=0):
    assert main(["launch", "p", "--search", "SOLVER.BASE_LR=0.001..0.1", *words]) == code


def test_each_trial_is_a_job_that_knows_where_to_ask(home, capsys):
    launch(
        "--search",
        "train.schedule=step|cosine",
        "--trials",
        "3",
        "--name",
        "lr",
        "--then",
        "report",
        "--",
        "--steps",
        "9",
    )
    project = home / "projects" / "p"
    folder = find_sweep(project, "lr")
    queue = Queue(home / "home")
    jobs = [entry.job for entry in queue.entries()]
    queue.close()
    here = (sys.executable, "-m", "workbench.sweeps.trial", str(folder.path))
    assert [job.command for job in jobs] == [(*here, "1"), (*here, "2"), (*here, "3")]
    assert {(job.group, job.after) for job in jobs} == {("lr", ())}
    plan, program = read_plan(folder), (sys.executable, "-m", "workbench")
    assert plan.train == (*program, "train", str(project), "--steps", "9")
    assert plan.then == ((*program, "report"),)
    sweep = read_sweep(folder)
    assert (sweep.kind, dict(sweep.axes)) == (
        "search",
        {"SOLVER.BASE_LR": ("0.001..0.1",), "train.schedule": ("step|cosine",)},
    )
    assert [(one.number, one.run, one.jobs) for one in sweep.trials] == [
        (number, f"lr-0{number}", (number,)) for number in (1, 2, 3)
    ]
    told = capsys.readouterr().out
    assert "SOLVER.BASE_LR  0.001 to 0.1, by orders of magnitude" in told
    assert f"jobs 1 to 3: 3 trials of {folder.path}" in told


def test_a_trial_trains_once_for_each_seed(home, capsys):
    launch("--trials", "2", "--seeds", "2", "--name", "lr", "--json")
    folder = find_sweep(home / "projects" / "p", "lr")
    assert [(one.number, one.run, one.seed, one.jobs) for one in read_sweep(folder).trials] == [
        (1, "lr-01-seed0", 0, (1,)),
        (1, "lr-01-seed1", 1, (1,)),
        (2, "lr-02-seed0", 0, (2,)),
        (2, "lr-02-seed1", 1, (2,)),
    ]
    assert [repeat.words for repeat in read_plan(folder).repeats] == [
        ("train.seed", "0"),
        ("train.seed", "1"),
    ]
    assert [one["numbers"] for one in json.loads(capsys.readouterr().out)["jobs"]] == [[1], [2]]


@pytest.mark.parametrize(("words", "told"), [
    (("--sweep", "A=1,2"), "--search and --sweep: must not stand together"),
    (("--trials", "0"), "--trials: must be 1 or more, but got 0"),
    (("--search", "train.seed=0..9", "--seeds", "2"), "--search train.seed: must not stand with --seeds"),
    (("--search", "B=2..1"), "--search B=2..1: must be a range from a lower to a higher number"),
    (("--then", "predict"), "--then predict: must be evaluate or report"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_is_made(home, capsys, words, told):
    launch(*words, code=2)
    assert told in capsys.readouterr().err
    assert not (home / "projects" / "p" / "sweeps").exists()
    queue = Queue(home / "home")
    assert queue.entries() == []
    queue.close()


def test_a_name_that_is_taken_is_refused_and_the_search_of_that_name_stays(home, capsys):
    launch("--trials", "2", "--name", "lr")
    folder = find_sweep(home / "projects" / "p", "lr")
    before = folder.search.read_bytes()
    launch("--trials", "5", "--name", "lr", code=73)
    assert "must be a new sweep" in capsys.readouterr().err
    assert folder.search.read_bytes() == before
