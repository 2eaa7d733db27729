"""workbench launch: what would be run, what is put into the queue, and trainings that are killed on the way."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.commands.launching.pattern import read_time
from workbench.errors import CANNOT_CREATE, OK, JobError
from workbench.jobs.daemon import Daemon
from workbench.jobs.folder import read_json
from workbench.jobs.job import FINISHED
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room

SMALL = (
    "INPUT.MIN_SIZE_TRAIN (64,) INPUT.MAX_SIZE_TRAIN 96 INPUT.MIN_SIZE_TEST 64 INPUT.MAX_SIZE_TEST 96 "
    "train.workers 0 train.device cpu train.precision fp32 train.watch ()"
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("workbench.jobs.waking.wake", lambda home: None)
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val"))
    put_project(tmp_path, ["cat"], more=f"[split.lists]\n{lists}")
    for number in range(4):
        put(tmp_path / "annotations" / "p", f"{number}", square("cat", 5 + 6 * number, 8, 26))
    (tmp_path / "train.txt").write_text("0.png\n1.png\n2.png\n")
    (tmp_path / "val.txt").write_text("3.png\n")
    monkeypatch.chdir(tmp_path)
    queue = Queue(tmp_path / "home")
    write_room(queue.home, Room(cores=2))
    return tmp_path


def launch(*words, code=0):
    assert main(["launch", "p", *words]) == code


def test_a_sweep_is_put_into_the_queue_with_what_follows(home, capsys):
    launch("--sweep", "SOLVER.BASE_LR=0.1,0.2", "--then", "evaluate,report", "--json", "--", "--steps", "5")
    found = json.loads(capsys.readouterr().out)["jobs"]
    assert [trial["numbers"] for trial in found] == [[1, 2, 3], [4, 5, 6]]
    assert [trial["values"] for trial in found] == [{"SOLVER.BASE_LR": "0.1"}, {"SOLVER.BASE_LR": "0.2"}]
    queue = Queue(home / "home")
    assert [entry.job.after for entry in queue.entries()] == [(), (1,), (2,), (), (4,), (5,)]
    assert {Path(entry.job.command[4]).resolve() for entry in queue.entries()} >= {home / "projects" / "p"}


def test_what_could_never_start_is_refused_and_nothing_is_queued(home, capsys):
    launch("--cores", "3", code=1)
    assert "wants 3 cores and 0 GPUs where there are 2 and 0" in capsys.readouterr().err
    assert Queue(home / "home").entries() == []


@pytest.mark.parametrize(("words", "told"), [
    (("--on", "locl"), "--on locl: must be one of inline, local, slurm, ray, but is not"),
    (("--sweep", "A"), "--sweep A: must be KEY=VALUE,VALUE"),
    (("--limit", "soon"), "--limit soon: must be a time such as 90m"),
    (("--seeds", "-1"), "--seeds: must be 0 or more, but got -1"),
    (("--seeds", "20261122"), "--seeds: must be 1000 or less, but got 20261122"),
    (("--folds", "20261122"), "--folds: must be 1000 or less, but got 20261122"),
    (("--cores", "0"), "--cores: must be 1 or more, but got 0"),
    (("--cores", "-4"), "--cores: must be 1 or more, but got -4"),
    (("--gpus", "-1"), "--gpus: must be 0 or more, but got -1"),
    (("--retries", "-1"), "--retries: must be 0 or more, but got -1"),
    (("--priority", "9" * 20), f"--priority: must be 1000000 or less, but got {'9' * 20}"),
    (("--priority", "-" + "9" * 20), f"--priority: must be -1000000 or more, but got -{'9' * 20}"),
    (("--after", "9" * 20), f"--after: must be {2**63 - 1} or less, but got {'9' * 20}"),
    (("--after", "0"), "--after: must be 1 or more, but got 0"),
    (("--after", "1", "--on", "inline"), "--after: must go with a queue, but --on is inline"),
    (("--sweep", "train.seed=7,8", "--seeds", "2"), "--sweep train.seed: must not stand with --seeds"),
    (("--sweep", "split.fold=a/1,a/2", "--folds", "2"), "--sweep split.fold: must not stand with --folds"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(home, capsys, words, told):
    launch(*words, code=2)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("90", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172800)]
)
def test_times_are_read(text, seconds):
    assert read_time(text) == seconds


@pytest.mark.parametrize("text", ["0", "m", "-1", "1w", "1h30", "9" * 400])
def test_other_times_are_refused(text):
    with pytest.raises(JobError):
        read_time(text)


def test_a_dry_run_prints_the_commands_and_measures(home, capsys):
    pytest.importorskip("detectron2")
    launch("--dry-run", "--seeds", "2", "--", "--model", "mask_rcnn_nano", "--steps", "9", *SMALL.split())
    told = capsys.readouterr()
    commands = told.out.splitlines()
    assert len(commands) == 4
    assert "train.seed 1 --run" in commands[2]
    assert "p: each training takes less than a minute and " in told.err
    assert not (home / "projects" / "p" / "runs").exists()


def test_a_training_whose_processes_are_killed_goes_on_in_its_own_run(home, capsys):
    pytest.importorskip("detectron2")
    launch("--then", "evaluate", "--", "--model", "mask_rcnn_nano", "--steps", "12", *SMALL.split(),
           "train.checkpoint_every", "2", "train.evaluate_every", "12")  # fmt: skip
    queue = Queue(home / "home")
    daemon, end, killed = Daemon(queue=queue), time.monotonic() + 100, False
    while queue.has_open():
        assert time.monotonic() < end, queue.folder(1).log.read_text()
        daemon.turn()
        if not killed and list(home.glob("projects/p/runs/*/checkpoints/*")):
            os.killpg(int((read_json(queue.folder(1).status) or {})["group"]), signal.SIGKILL)
            killed = True
        time.sleep(0.05)
    assert [entry.state for entry in queue.entries()] == [FINISHED, FINISHED]
    assert queue.find(1).losses == 1
    (run,) = (home / "projects" / "p" / "runs").iterdir()
    record = json.loads((run / "run.json").read_text())
    assert (record["state"], record["step"]) == ("finished", 12)
    assert len(record["resumed"]) == 1
    assert (run / "mistakes" / "val.json").exists()


def test_a_training_over_several_machines_says_so_in_its_command_and_what_follows_takes_one(home, capsys):
    launch("--on", "slurm", "--nodes", "2", "--gpus", "4", "--json")
    train, follow = json.loads(capsys.readouterr().out)["jobs"][0]["commands"]
    assert train[5:9] == ["--gpus", "4", "--nodes", "2"]
    assert "--nodes" not in follow


@pytest.mark.parametrize(("words", "told"), [
    (("--nodes", "2"), "--nodes 2: must go with --on slurm, but is on local"),
    (("--on", "slurm", "--nodes", "0"), "--nodes: must be 1 or more, but got 0"),
])  # fmt: skip
def test_machines_that_cannot_be_had_are_refused(home, capsys, words, told):
    launch(*words, code=2)
    assert told in capsys.readouterr().err


def test_launches_in_the_same_second_have_runs_and_sweeps_of_their_own(home, capsys, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form, *rest: "20260101-000000")
    for _ in range(3):
        launch("--then", "none")
    launch("--then", "none", "--seeds", "2")
    names = [entry.job.name.removeprefix("train 20260101-000000") for entry in Queue(home / "home").entries()]
    assert names == ["", "_2", "_3", "-01", "-02"]
    launch("--then", "none", "--seeds", "2")
    assert [path.name for path in sorted((home / "projects/p/sweeps").iterdir())] == [
        "20260101-000000",
        "20260101-000000_2",
    ]


def test_two_launches_at_once_cannot_choose_the_same_name(home, capsys, monkeypatch):
    """Between the look and the folder somebody else may come."""
    from workbench.commands.launching import naming

    monkeypatch.setattr("time.strftime", lambda form, *rest: "20260101-000000")
    look, other = naming._require_new, home / "projects/p/runs/20260101-000000"
    monkeypatch.setattr(
        naming, "_require_new", lambda *a, **k: (look(*a, **k), other.mkdir(parents=True, exist_ok=True))
    )
    launch("--then", "none")
    assert [entry.job.name for entry in Queue(home / "home").entries()] == ["train 20260101-000000_2"]


def test_a_single_training_does_not_go_on_with_a_run_that_is_there(home, capsys):
    run = home / "projects/p/runs/x"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    launch("--name", "x", code=CANNOT_CREATE)
    assert "runs/x: must be a new run, but is there; choose another --name" in capsys.readouterr().err
    launch("--name", "x", "--dry-run", code=CANNOT_CREATE)


def test_the_name_of_a_job_that_never_began_is_free_again(home, capsys):
    launch("--name", "x")
    launch("--name", "x", code=CANNOT_CREATE)
    assert main(["jobs", "stop", "--all"]) == OK
    launch("--name", "x")


def test_a_project_that_is_named_twice_is_trained_once(home, capsys):
    launch("projects/p", "--then", "none")
    assert len(Queue(home / "home").entries()) == 1


def test_what_is_run_here_has_a_document_and_what_it_says_is_not_in_it(home, capfd, monkeypatch):
    program = (sys.executable, "-S", "-c", "import sys; print('said'); sys.exit('evaluate' in sys.argv)")
    monkeypatch.setattr("workbench.sweeps.trials.PROGRAM", program)
    launch("--on", "inline", "--name", "x", "--retries", "0", "--json", code=1)
    told = capfd.readouterr()
    (found,) = json.loads(told.out)["jobs"]
    assert (found["numbers"], found["states"]) == ([], ["finished", "failed"])
    assert "said" in told.err
