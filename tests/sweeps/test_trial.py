"""Trials as processes: what they train, tell and end, and what is left when they are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps.chaos import describe, run_chaos
from tests.sweeps.searches import TRAIN, make_search, submit_search
from tests.sweeps.stand_in import measure
from workbench.errors import BUSY, OutputError
from workbench.jobs.daemon import Daemon
from workbench.jobs.job import FINISHED
from workbench.jobs.queue import Queue
from workbench.run import Run
from workbench.sweeps import following
from workbench.sweeps.curve import NO_NUMBER, read_curve
from workbench.sweeps.following import Asked, Follower
from workbench.sweeps.plan import Repeat, name_runs, plan_repeats, read_plan
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.search import open_study, report, take_up, tell
from workbench.sweeps.settling import list_trials
from workbench.sweeps.trial import Work

pytest.importorskip("optuna")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


def start(folder: SweepFolder, number: int, **more: str) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "workbench.sweeps.trial", str(folder.path), str(number)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stderr=pipe, text=True, env={**os.environ, "STAND_IN_PAUSE": "0", **more})


def run(folder: SweepFolder, number: int, **more: str) -> tuple[int, str]:
    process = start(folder, number, **more)
    told = process.communicate(timeout=60)[1]
    return process.returncode, told


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def plant(folder: SweepFolder, number: int, lr: float, kind: str = "b") -> Any:
    """Let a trial have these values."""
    plan, study = read_plan(folder), open_study(folder)
    import optuna

    study.sampler = optuna.samplers.RandomSampler(seed=0)
    trial = study.ask(
        {
            "lr": optuna.distributions.FloatDistribution(lr, lr),
            "kind": optuna.distributions.CategoricalDistribution((kind,)),
        }
    )
    trial.set_user_attr("number", number)
    return take_up(study, plan, number)


def test_a_trial_trains_with_its_values_tells_its_scores_and_lets_the_rest_follow(tmp_path: Path) -> None:
    follow = (sys.executable, "-S", "-c", "import pathlib, sys; pathlib.Path(sys.argv[1], 'after').touch()")
    folder = make_search(tmp_path / "p", then=(follow,))
    code, told = run(folder, 1)
    (trial,), (place,) = list_trials(folder), name_runs(folder, read_plan(folder), 1)
    assert (code, trial.state, trial.runs) == (0, "complete", ("hunt-01",))
    best = measure(float(trial.values["lr"]), trial.values["kind"])
    assert trial.value == pytest.approx(best)
    assert trial.curve == read_curve(place)
    assert (place.folder / "after").exists()
    assert f"trial 1 of 6: lr {trial.values['lr']} kind {trial.values['kind']}\ncomplete {best:.4f}" in told


def test_the_value_is_the_mean_over_the_seeds_and_scores_are_told_one_after_the_other(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p", repeats=plan_repeats(("0", "2"), ()))
    plant(folder, 1, 0.01)
    assert run(folder, 1)[0] == 0
    (trial,) = list_trials(folder)
    assert trial.runs == ("hunt-01-seed0", "hunt-01-seed2")
    assert trial.value == pytest.approx((1.0 + 1.2) / 2)
    assert sorted(trial.curve) == list(range(1, 13))
    assert trial.curve[9] == pytest.approx((1.0 + 1.2 / 2) / 2)


def test_what_falls_behind_is_ended_after_a_third_and_nothing_follows(tmp_path: Path) -> None:
    follow = (sys.executable, "-S", "-c", "import pathlib, sys; pathlib.Path(sys.argv[1], 'after').touch()")
    folder = make_search(tmp_path / "p", then=(follow,))
    study = open_study(folder)
    for number in range(1, 5):
        trial = plant(folder, number, 0.01)
        report(study, trial, 1, 1 / 6)
        report(study, trial, 2, 1 / 3)
        tell(study, trial, "complete", value=1.0)
    plant(folder, 5, 0.2)
    code, told = run(folder, 5, STAND_IN_PAUSE="0.5")
    last, place = list_trials(folder)[-1], name_runs(folder, read_plan(folder), 5)[0]
    assert (code, last.state, last.reason) == (0, "pruned", "half of the others were better by step 2")
    assert max(read_curve(place)) < 6
    assert json.loads(place.record.read_text())["state"] == "stopped"
    assert not (place.folder / "after").exists()
    assert "pruned: half of the others" in told
    assert run(folder, 5) == (0, told.splitlines()[0] + "\nit has ended before: pruned\n")


def test_what_is_behind_is_ended_neither_in_its_first_third_nor_at_its_last_step(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p")
    plan, study = read_plan(folder), open_study(folder)
    for number in range(1, 5):
        trial = plant(folder, number, 0.01)
        for step in (1, 2, 6):
            report(study, trial, step, 0.9)
        tell(study, trial, "complete", value=0.9)
    place = Run(folder=tmp_path / "p" / "runs" / "hunt-05")
    place.folder.mkdir(parents=True)
    place.record.write_text(json.dumps({"state": "running", "steps": 6}))
    work = Work(plan=plan, study=study, trial=plant(folder, 5, 0.2), asked=Asked())
    said = [work.see(place, step, 0.1) for step in (1, 2, 6)]
    assert said == ["", "half of the others were better by step 2", ""]


def test_a_loss_that_is_no_number_ends_a_trial_for_good(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p")
    plant(folder, 1, 1.5)
    assert run(folder, 1)[0] == 0
    assert [(one.state, one.value, one.reason) for one in list_trials(folder)] == [
        ("pruned", None, "the loss became no number")
    ]


def test_the_engine_says_so_in_these_words() -> None:
    assert NO_NUMBER in (Path(following.__file__).parents[1] / "engine" / "training" / "loop.py").read_text()


def test_a_training_that_fails_leaves_the_rest_to_the_queue(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p")
    plant(folder, 1, 0.01, "x")
    assert run(folder, 1)[0] == 65
    assert [(one.state, one.reason) for one in list_trials(folder)] == [("failed", "its process died")]


@pytest.mark.parametrize("whom", ["trial", "both"])
def test_a_trial_that_is_killed_goes_on_with_its_values_in_its_run(tmp_path: Path, whom: str) -> None:
    folder = make_search(tmp_path / "p")
    plant(folder, 1, 0.01, "s")
    process = start(folder, 1)
    (place,) = name_runs(folder, read_plan(folder), 1)
    wait_for(place.record.exists)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    if whom == "both":
        os.kill(int((place.folder / "started").read_text()), signal.SIGKILL)
    else:  # its training lives, and keeps the trial to itself
        assert run(folder, 1)[0] == BUSY
        assert [one.state for one in list_trials(folder)] == ["running"]
    (place.folder / "go").touch()
    process.communicate()  # until the training, which has the same pipe, is gone
    assert run(folder, 1)[0] == 0
    assert [(one.state, len(one.curve), one.values) for one in list_trials(folder)] == [
        ("complete", 6, {"lr": "0.01", "kind": "s"})
    ]
    assert len(place.metrics.read_bytes().splitlines()) == 6


def test_a_disk_that_is_full_for_a_while_loses_no_score_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the journal's disk; the training's own may have room."""
    monkeypatch.setenv("STAND_IN_PAUSE", "0.3")
    place = Run(folder=tmp_path / "p" / "runs" / "r")
    seen: dict[int, float] = {}
    tries: list[int] = []

    def see(step: int, value: float) -> str:
        tries.append(step)
        if len(tries) < 3:
            raise OutputError("journal.log: the disk is full")
        seen[step] = value
        return ""

    follower = Follower(run=place, metric="", asked=Asked(), seen=see, decided=str.strip)
    words = [*TRAIN, str(tmp_path / "p"), "lr", "0.01", "kind", "b", "--run", "r"]
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as log:  # on the same disk
        monkeypatch.setattr(sys, "stderr", log)
        code, ended = follower.follow(words, str(tmp_path))
    monkeypatch.undo()
    assert (code, ended, sorted(seen)) == (0, False, [1, 2, 3, 4, 5, 6])


def test_a_trial_whose_words_find_no_room_goes_on_without_them(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p")
    words = [sys.executable, "-m", "workbench.sweeps.trial", str(folder.path), "1"]
    with Path("/dev/full").open("w") as log:
        code = subprocess.run(words, stderr=log, env={**os.environ, "STAND_IN_PAUSE": "0"}).returncode
    assert (code, [one.state for one in list_trials(folder)]) == (0, ["complete"])


def test_who_is_asked_to_end_lets_the_training_end_first_and_goes_on_later(tmp_path: Path) -> None:
    folder = make_search(tmp_path / "p", repeats=(Repeat(),))
    plant(folder, 1, 0.01, "s")
    process = start(folder, 1)
    (place,) = name_runs(folder, read_plan(folder), 1)
    wait_for(place.record.exists)
    process.terminate()
    assert process.wait(60) == 143
    process.communicate()
    assert json.loads(place.record.read_text())["state"] == "stopped"
    assert [trial.state.name for trial in open_study(folder).trials] == ["RUNNING"]


def test_a_search_runs_in_a_terminal_as_it_does_in_a_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_PAUSE", "0")
    folder, queue = make_search(tmp_path / "p", count=3), Queue(tmp_path / "home")
    submit_search(queue, folder, 3, engine="inline")
    work = Daemon(queue=queue)
    while queue.has_open():
        work.turn()
    assert [entry.state for entry in queue.entries()] == [FINISHED] * 3
    queue.close()
    assert [(one.number, one.state) for one in list_trials(folder)] == [
        (1, "complete"),
        (2, "complete"),
        (3, "complete"),
    ]


@pytest.mark.slow
def test_a_search_whose_processes_are_killed_at_random_has_every_trial_once(tmp_path: Path) -> None:
    """`python -m tests.sweeps.chaos` is the long version."""
    result = run_chaos(tmp_path, count=6, kills=12, workers=3, seed=3)
    assert not result.wrong, describe(result)
    assert result.kills.total() >= 6, describe(result)
