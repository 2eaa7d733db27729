"""The trials of a search in the same table: their values from the journal, their scores from their runs."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from tests.sweeps.made import METRIC, put_run
from workbench.commands.sweep_lines import format_standings
from workbench.jobs.job import Job
from workbench.jobs.queue import Queue
from workbench.sweeps.outcome import BEHIND
from workbench.sweeps.plan import SearchPlan, name_runs, plan_repeats, write_plan
from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial, make_sweep, write_sweep
from workbench.sweeps.search import open_study, take_up, tell
from workbench.sweeps.standing import read_standings

PLAN = SearchPlan(
    axes={"SOLVER.BASE_LR": "0.001..0.1"}, count=4, train=(), place="/", repeats=plan_repeats(("0", "1"), ())
)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    """Four trials of two seeds in the queue; none has begun."""
    folder = make_sweep(tmp_path / "p", "hunt")
    write_plan(folder, PLAN)
    queue = Queue(tmp_path / "home")
    numbers = [
        queue.submit(Job(command=("true",), place="/", name=f"trial hunt-0{trial}")) for trial in range(1, 5)
    ]
    trials = tuple(
        SweepTrial(number=number, run=run.name, seed=seed, jobs=(numbers[number - 1],))
        for number in range(1, 5)
        for seed, run in enumerate(name_runs(folder, PLAN, number))
    )
    sweep = Sweep(name="hunt", kind="search", axes={"SOLVER.BASE_LR": ("0.001..0.1",)}, seeds=(0, 1))
    write_sweep(folder, replace(sweep, trials=trials, home=str(queue.home)))
    queue.ask_to_stop(numbers[3])
    queue.close()
    return folder


def begin(folder: SweepFolder, number: int, *scores: float) -> None:
    """Let a trial have its values, and trainings with these scores."""
    take_up(open_study(folder), PLAN, number)
    for run, score in zip(name_runs(folder, PLAN, number), scores, strict=False):
        put_run(folder, SweepTrial(number=number, run=run.name), score)


def test_trials_without_values_are_to_come_or_will_never(folder: SweepFolder) -> None:
    found = read_standings(folder)
    assert found.rows == () and found.best is None and found.is_open
    assert found.states == {"to come": 6, "stopped": 2}


def test_a_trial_is_the_mean_of_its_seeds_and_a_pruned_one_is_no_rival(folder: SweepFolder) -> None:
    begin(folder, 1, 0.2, 0.4)
    begin(folder, 2, 0.9)
    study = open_study(folder)
    tell(study, take_up(study, PLAN, 1), "complete", value=0.3)
    tell(study, take_up(study, PLAN, 2), "pruned", reason="half of the others were better")
    found = read_standings(folder)
    assert found.metric == METRIC and found.best is not None
    assert found.best.mean == pytest.approx(0.3)
    assert [(one.run, one.seed, one.state) for one in found.best.outcomes] == [
        ("hunt-01-seed0", 0, "finished"),
        ("hunt-01-seed1", 1, "finished"),
    ]
    assert found.rows[1].mean is None and [one.state for one in found.rows[1].outcomes] == ["pruned"]
    assert set(found.best.values) == {"SOLVER.BASE_LR"} and found.best.values != found.rows[1].values
    assert found.states == {"finished": 2, "pruned": 1, "to come": 2, "stopped": 2}


def test_a_trial_that_failed_takes_nothing_from_one_with_the_same_values(tmp_path: Path) -> None:
    """Best: what Optuna calls best, whatever became of its equals."""
    plan = SearchPlan(axes={"train.schedule": "step|cosine"}, count=6, train=(), place="/")
    folder = make_sweep(tmp_path / "p", "hunt")
    write_plan(folder, plan)
    study = open_study(folder)
    trials = [take_up(study, plan, number) for number in range(1, 7)]
    failed = [one.number for one in trials if one.params["train.schedule"] == "cosine"][1] + 1
    for number, one in enumerate(trials, 1):
        score = (0.6 if one.params["train.schedule"] == "cosine" else 0.3) + number / 1000
        run = SweepTrial(number=number, run=f"hunt-{number:02d}")
        put_run(folder, run, score, state="failed" if number == failed else "finished")
        if number == failed:
            tell(study, one, "failed", reason="no memory")
        else:
            tell(study, one, "complete", value=score)
    listed = tuple(SweepTrial(number=number, run=f"hunt-{number:02d}") for number in range(1, 7))
    write_sweep(folder, Sweep(name="hunt", kind="search", trials=listed))
    found = read_standings(folder)
    assert found.best is not None and found.best.values == {"train.schedule": "cosine"}
    assert found.best.outcomes[0].trial == study.best_trial.number + 1
    assert found.best.mean == study.best_value
    assert [row.mean is None for row in found.rows] == [False] * 5 + [True]


def test_a_trial_that_diverged_before_its_first_score_stays_with_its_reason_and_once(
    folder: SweepFolder,
) -> None:
    begin(folder, 1, 0.2, 0.4)
    begin(folder, 2)
    study = open_study(folder)
    tell(study, take_up(study, PLAN, 1), "complete", value=0.3)
    tell(study, take_up(study, PLAN, 2), "pruned", reason="the loss became no number")
    found = read_standings(folder)
    assert found.states == {"finished": 2, "pruned": 1, "to come": 2, "stopped": 2}
    assert [(one.run, one.reason) for one in found.rows[1].outcomes] == [
        ("hunt-02-seed0", "the loss became no number")
    ]
    assert "hunt-02-seed0 pruned: the loss became no number" in format_standings(found)


def test_the_second_training_of_a_trial_that_diverged_is_listed_too(folder: SweepFolder) -> None:
    begin(folder, 1, 0.2, 0.4)
    run = name_runs(folder, PLAN, 1)[1]
    run.metrics.unlink()
    study = open_study(folder)
    tell(study, take_up(study, PLAN, 1), "pruned", reason="the loss became no number")
    assert [one.run for one in read_standings(folder).outcomes] == ["hunt-01-seed0", "hunt-01-seed1"]


def test_what_half_of_the_others_were_better_than_is_no_trouble(folder: SweepFolder) -> None:
    begin(folder, 1, 0.2)
    study = open_study(folder)
    tell(study, take_up(study, PLAN, 1), "pruned", reason=f"{BEHIND} by step 20")
    assert BEHIND not in format_standings(read_standings(folder))
