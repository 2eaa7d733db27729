"""What a sweep becomes: names, commands, what follows what."""

import sys
from pathlib import Path

import pytest

from workbench.errors import JobError
from workbench.jobs.job import Job
from workbench.jobs.words import show_command
from workbench.sweeps.axes import read_sweeps
from workbench.sweeps.trials import plan_trials

PATTERN = Job(command=(), place="/here", retries=1)


def test_every_combination_is_a_trial_and_names_sort() -> None:
    sweeps = {"A": ("1", "2"), "train.seed": tuple(map(str, range(5)))}
    trials = plan_trials([Path("/p")], sweeps, ["--steps", "9"], PATTERN, stamp="S")
    assert [trial.name for trial in trials] == [f"S-{number:02}" for number in range(1, 11)]
    assert [tuple(trial.values.values()) for trial in trials[:6]] == [
        ("1", "0"),
        ("1", "1"),
        ("1", "2"),
        ("1", "3"),
        ("1", "4"),
        ("2", "0"),
    ]
    assert trials[5].jobs[0].command == (
        sys.executable,
        *("-m", "workbench", "train", "/p", "--steps", "9", "A", "2", "train.seed", "0", "--run", "S-06"),
    )


def test_without_a_sweep_there_is_one_training_for_each_project() -> None:
    trials = plan_trials([Path("/p"), Path("/q")], {}, [], PATTERN, stamp="S")
    assert [trial.run for trial in trials] == [Path("/p/runs/S"), Path("/q/runs/S")]


def test_what_follows_a_training_is_about_its_run() -> None:
    (trial,) = plan_trials([Path("/p")], {}, [], PATTERN, stamp="S", then=("evaluate", "report"))
    assert [show_command(job).split("&& ")[1] for job in trial.jobs[1:]] == [
        "workbench evaluate /p/runs/S",
        "workbench report /p/runs/S",
    ]


def test_values_with_commas_stand_in_brackets() -> None:
    assert read_sweeps(["SIZES=(1,2),[3,4],5"]) == {"SIZES": ("(1,2)", "[3,4]", "5")}


@pytest.mark.parametrize("text", ["A", "=1", "A=", "A=1,,2", "A=1,1"])
def test_a_sweep_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(JobError, match="--sweep"):
        read_sweeps([text])


def test_a_key_is_swept_once() -> None:
    with pytest.raises(JobError, match="must be given once"):
        read_sweeps(["A=1", "A=2"])


def test_nothing_else_follows_a_training() -> None:
    with pytest.raises(JobError, match="--then repot: must be evaluate or report"):
        plan_trials([Path("/p")], {}, [], PATTERN, stamp="S", then=("repot",))
