"""What Optuna is asked and told: each number once, values that come back, dead trials that end."""

import math
import os
import random
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.sweeps.searches import make_search, submit_search
from workbench.files import claim
from workbench.jobs.job import FAILED, RUNNING
from workbench.jobs.queue import Queue
from workbench.sweeps.names import SweepError
from workbench.sweeps.plan import SearchPlan, plan_repeats, read_plan
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.search import NUMBER, find_trial, open_study, report, show_values, take_up, tell
from workbench.sweeps.settling import list_trials

optuna = pytest.importorskip("optuna")


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return make_search(tmp_path / "p", count=12)


def begin(folder: SweepFolder, number: int) -> tuple[Any, Any]:
    plan = read_plan(folder)
    study = open_study(folder, plan)
    return study, take_up(study, plan, number)


def test_a_number_has_one_trial_and_the_same_values_whoever_asks(folder: SweepFolder) -> None:
    _, first = begin(folder, 3)
    study, again = begin(folder, 3)
    assert (again.number, again.params) == (first.number, first.params)
    tell(study, again, "complete", value=0.5)
    assert begin(folder, 3)[1].state.name == "COMPLETE"
    assert [(one.number, one.state, one.value) for one in list_trials(folder)] == [(3, "complete", 0.5)]


def test_the_first_word_about_an_end_holds(folder: SweepFolder) -> None:
    study, trial = begin(folder, 1)
    tell(study, trial, "pruned", reason="half of the others were better")
    tell(study, trial, "complete", value=1.0, reason="late")
    (one,) = list_trials(folder)
    assert (one.state, one.reason) == ("pruned", "half of the others were better")


def test_who_dies_before_a_trial_has_its_number_leaves_nothing_that_counts(folder: SweepFolder) -> None:
    study = open_study(folder)
    study.ask({"lr": optuna.distributions.FloatDistribution(0.0001, 0.5, log=True)})
    assert list_trials(folder) == ()
    begin(folder, 1)
    assert [one.state.name for one in open_study(folder).trials] == ["FAIL", "RUNNING"]
    assert [one.number for one in list_trials(folder)] == [1]


def test_a_failed_trial_that_is_tried_again_has_its_values_again(folder: SweepFolder) -> None:
    for number in range(1, 6):
        study, trial = begin(folder, number)
        tell(study, trial, "complete", value=number / 10)
    study, trial = begin(folder, 6)
    tell(study, trial, "failed", reason="exit code 65")
    tell(study, begin(folder, 7)[1], "complete", value=0.9)
    _, again = begin(folder, 6)
    assert again.state.name == "RUNNING"
    assert (again.number != trial.number, again.params) == (True, trial.params)
    assert [one.number for one in list_trials(folder)] == list(range(1, 8))


def test_a_step_is_told_once_and_who_is_behind_half_of_four_is_named(folder: SweepFolder) -> None:
    for number in range(1, 5):
        study, trial = begin(folder, number)
        assert not report(study, trial, 10, number / 10)
        assert not report(study, trial, 10, 0.99)
        tell(study, trial, "complete", value=number / 10)
    study, trial = begin(folder, 5)
    assert report(study, trial, 10, 0.15)
    study, trial = begin(folder, 6)
    assert not report(study, trial, 10, 0.35)
    assert [one.curve for one in list_trials(folder)] == [
        {10: value} for value in (0.1, 0.2, 0.3, 0.4, 0.15, 0.35)
    ]


def test_trials_that_begin_at_once_are_spread_out_and_known_by_number(tmp_path: Path) -> None:
    """Whatever the order in which their jobs begin."""
    found = []
    for place, order in (("a", range(1, 7)), ("b", range(6, 0, -1))):
        folder = make_search(tmp_path / place, axes={"lr": "0.0001..1", "size": "1..9"}, count=6)
        found.append({number: begin(folder, number)[1].params for number in order})
    assert found[0] == found[1]
    assert len({tuple(one.values()) for one in found[0].values()}) == 6
    assert {type(one["size"]) for one in found[0].values()} == {int}


def test_a_trial_whose_job_failed_for_good_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    folder, queue = make_search(tmp_path / "p", count=4), Queue(tmp_path / "home")
    numbers = submit_search(queue, folder, 4)
    for number in (1, 2, 3):
        begin(folder, number)
    for job in numbers[:2]:
        assert queue.start(queue.find(job), ())
    queue.end(queue.find(numbers[0]), FAILED, code=65, reason="exit code 65")
    assert queue.find(numbers[1]).state == RUNNING
    assert [(one.number, one.state, one.reason) for one in list_trials(folder)] == [
        (1, "failed", "exit code 65"),
        (2, "running", ""),
        (3, "running", ""),
    ]
    queue.ask_to_stop(numbers[2])
    queue.remove([numbers[0], numbers[2]])
    assert [(one.state, one.reason) for one in list_trials(folder)] == [
        ("failed", "exit code 65"),
        ("running", ""),
        ("failed", f"job {numbers[2]} was cleared away before it ended"),
    ]


def test_where_no_queue_knows_of_it_a_trial_lives_as_long_as_its_process(folder: SweepFolder) -> None:
    begin(folder, 1)
    folder.lock(1).parent.mkdir()
    holder = os.open(folder.lock(1), os.O_RDWR | os.O_CREAT)
    assert claim(holder)
    assert [one.state for one in list_trials(folder)] == ["running"]
    os.close(holder)
    assert [(one.state, one.reason) for one in list_trials(folder)] == [("failed", "its process died")]


def test_a_search_finds_more_than_chance_with_as_many_trials() -> None:
    """Branin's function, whose three lowest points are at 0.398; `benchmarks.search` has more of them."""

    def search(seed: int) -> float:
        study = optuna.create_study(direction="maximize")
        plan = SearchPlan(axes={"x": "-5.0..10", "y": "0.0..15"}, count=20, train=(), place="", seed=seed)
        for number in range(1, 21):
            trial = take_up(study, plan, number)
            values = show_values(plan, trial)
            tell(study, trial, "complete", value=-compute_branin(float(values["x"]), float(values["y"])))
        return float(-study.best_value)

    def guess(seed: int) -> float:
        chance = random.Random(seed)
        return min(compute_branin(chance.uniform(-5, 10), chance.uniform(0, 15)) for _ in range(20))

    assert mean(map(search, range(6))) < 0.9 * mean(map(guess, range(100)))


def compute_branin(x: float, y: float) -> float:
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend * bend + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def test_a_plan_comes_back_as_it_was_and_a_spoiled_one_is_named(folder: SweepFolder) -> None:
    plan = read_plan(folder)
    assert (plan.count, dict(plan.axes)) == (12, {"lr": "0.0001..0.5", "kind": "a|b"})
    folder.search.write_text('{"axes": {}}')
    with pytest.raises(SweepError, match="must be what launch wrote"):
        read_plan(folder)


def test_seeds_and_folds_multiply() -> None:
    repeats = plan_repeats(("0", "1"), ("cv/1", "cv/2"))
    assert [one.suffix for one in repeats] == ["-seed0-fold1", "-seed0-fold2", "-seed1-fold1", "-seed1-fold2"]
    assert repeats[1].words == ("train.seed", "0", "split.fold", "cv/2")
    assert [one.suffix for one in plan_repeats((), ())] == [""]


def test_a_job_is_found_by_what_it_does_and_not_by_its_number_alone(tmp_path: Path) -> None:
    """A queue that was made anew counts from 1 again."""
    folder, queue = make_search(tmp_path / "p", count=2), Queue(tmp_path / "home")
    submit_search(queue, folder, 2)
    begin(folder, 1)
    queue._base.execute("UPDATE jobs SET job = json_set(job, '$.group', 'other')")
    assert [one.state for one in list_trials(folder)] == ["failed"]


def test_who_looks_at_a_search_writes_nothing(folder: SweepFolder) -> None:
    study, trial = begin(folder, 1)
    tell(study, trial, "complete", value=0.5)
    before = folder.journal.read_bytes()
    assert [one.state for one in list_trials(folder)] == ["complete"]
    assert folder.journal.read_bytes() == before


def test_trials_beside_each_other_are_not_alike() -> None:
    """What still runs is taken for bad; each by itself would go where the best was, within 0.1 of each other."""
    study = optuna.create_study(direction="maximize")
    plan = SearchPlan(axes={"lr": "0.0..1"}, count=16, train=(), place="")
    axis = optuna.distributions.FloatDistribution(0, 1)
    for number in range(1, 11):
        share, known = (number - 0.5) / 10, {NUMBER: number}
        value = -((share - 0.45) ** 2)
        study.add_trial(
            optuna.trial.create_trial(
                params={"lr": share}, distributions={"lr": axis}, value=value, user_attrs=known
            )
        )
    beside = [take_up(study, plan, number).params["lr"] for number in range(11, 17)]
    assert max(beside) - min(beside) > 0.3


def test_only_numbered_trials_are_listed_and_failed_ones_give_way(folder: SweepFolder) -> None:
    study, trial = begin(folder, 2)
    tell(study, trial, "failed")
    study, trial = begin(folder, 2)
    tell(study, trial, "complete", value=0.25)
    assert find_trial(study, 2).number == trial.number
    assert [one.user_attrs.get(NUMBER) for one in study.trials] == [2, 2]
    assert [(one.number, one.state) for one in list_trials(folder)] == [(2, "complete")]
