"""What became of each training: told by its run, by the queue, and by nobody."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.sweeps.made import METRIC, put_run, put_sweep
from workbench.jobs.job import FAILED, FINISHED, Job
from workbench.jobs.queue import Queue
from workbench.run import hold
from workbench.sweeps.outcome import INTERRUPTED, Outcome, read_jobs, read_outcomes
from workbench.sweeps.record import SweepFolder, read_sweep, write_sweep
from workbench.sweeps.standing import read_standings, standings_to_json


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return put_sweep(tmp_path / "p", "lr", [{"LR": "1"}, {"LR": "2"}, {"LR": "3"}])


def read(folder: SweepFolder) -> tuple[Outcome, ...]:
    sweep = read_sweep(folder)
    metric, outcomes = read_outcomes(folder, sweep, read_jobs(sweep))
    assert metric in ("", METRIC)
    return outcomes


def test_a_finished_training_has_score_classes_curve_and_time(folder: SweepFolder) -> None:
    trial = read_sweep(folder).trials[0]
    put_run(folder, trial, 0.4, classes={"cat": 0.3, "owl": 0.5})
    one = read(folder)[0]
    assert (one.state, one.score, one.seconds, one.counts) == ("finished", 0.4, 65, True)
    assert one.classes == {"cat": 0.3, "owl": 0.5}
    assert one.curve == {10: 0.2, 20: 0.4}


def test_what_has_no_run_has_not_begun_and_what_failed_says_why(folder: SweepFolder) -> None:
    trials = read_sweep(folder).trials
    put_run(folder, trials[1], 0.4, state="failed", reason="no memory")
    assert [(one.state, one.reason, one.counts) for one in read(folder)] == [
        ("not begun", "", False),
        ("failed", "no memory", False),
        ("not begun", "", False),
    ]


def test_a_run_that_says_it_runs_runs_while_somebody_holds_it(folder: SweepFolder) -> None:
    trial = read_sweep(folder).trials[0]
    put_run(folder, trial, 0.4, state="running")
    assert read(folder)[0].state == INTERRUPTED
    with hold(folder.run(trial)):
        assert read(folder)[0].state == "running"
        assert not read(folder)[0].counts


def test_the_queue_says_what_waits_and_why_it_failed_but_the_run_that_it_finished(
    folder: SweepFolder, tmp_path: Path
) -> None:
    queue = Queue(tmp_path / "home")
    sweep = read_sweep(folder)
    names = [*(f"train {trial.run}" for trial in sweep.trials[:2]), "train another-03"]
    numbers = [queue.submit(Job(command=("true",), place="/", name=name)) for name in names]
    known = tuple(replace(trial, jobs=(number,)) for trial, number in zip(sweep.trials, numbers, strict=True))
    write_sweep(folder, replace(sweep, trials=known, home=str(queue.home)))
    entry = queue.start(queue.find(numbers[1]), ())
    assert entry is not None
    queue.end(entry, FAILED, code=1, reason="exit code 1")
    assert [(one.state, one.reason) for one in read(folder)] == [
        ("queued", ""),
        ("failed", "exit code 1"),
        ("not begun", ""),
    ]
    put_run(folder, sweep.trials[1], 0.4)
    assert read(folder)[1].state == "finished"
    queue.close()


def test_a_sweep_whose_name_has_a_space_knows_its_jobs_and_is_open_while_one_waits(tmp_path: Path) -> None:
    folder, queue = put_sweep(tmp_path / "p", "my lr", [{"LR": "1"}]), Queue(tmp_path / "home")
    sweep = read_sweep(folder)
    (trial,) = sweep.trials
    first = queue.submit(Job(command=("true",), place="/", name="convert"))
    number = queue.submit(Job(command=("true",), place="/", name=f"train {trial.run}", after=(first,)))
    write_sweep(folder, replace(sweep, trials=(replace(trial, jobs=(number,)),), home=str(queue.home)))
    assert [one.state for one in read(folder)] == ["waiting"]
    assert read_standings(folder).is_open
    entry = queue.start(queue.find(first), ())
    assert entry is not None and queue.end(entry, FINISHED)
    assert [one.state for one in read(folder)] == ["queued"]
    assert read_standings(folder).is_open
    queue.ask_to_stop(number)
    assert not read_standings(folder).is_open
    queue.close()


def test_a_queue_that_is_gone_costs_nothing(folder: SweepFolder, tmp_path: Path) -> None:
    write_sweep(folder, replace(read_sweep(folder), home=str(tmp_path / "gone")))
    assert [one.state for one in read(folder)] == ["not begun"] * 3
    assert not (tmp_path / "gone").exists()


def test_spoiled_files_of_a_run_cost_the_others_nothing(folder: SweepFolder) -> None:
    trials = read_sweep(folder).trials
    for trial in trials:
        put_run(folder, trial, 0.4, classes={"cat": 0.3})
    folder.run(trials[0]).record.write_text("{")
    folder.run(trials[1]).scores("val").write_text("[")
    folder.run(trials[2]).metrics.write_bytes(b'{"kind": "val", "step": 1')
    assert [(one.state, one.score, len(one.classes), len(one.curve)) for one in read(folder)] == [
        ("not begun", 0.4, 0, 2),
        ("finished", 0.4, 0, 2),
        ("finished", 0.4, 1, 0),
    ]


def test_the_document_has_every_number(folder: SweepFolder) -> None:
    for trial, score in zip(read_sweep(folder).trials, (0.3, 0.5, 0.4), strict=True):
        put_run(folder, trial, score, classes={"cat": score})
    document = standings_to_json(read_standings(folder))
    assert document["metric"] == METRIC and document["states"] == {"finished": 3}
    assert [(row["values"]["LR"], row["mean"], row["behind"]) for row in document["rows"]] == [
        ("2", 0.5, None),
        ("3", 0.4, pytest.approx(0.1)),
        ("1", 0.3, pytest.approx(0.2)),
    ]
    assert document["rows"][0]["trials"][0]["run"] == "lr-02"
    assert document["rows"][0]["classes"] == {"cat": {"mean": 0.5, "spread": None, "count": 1}}
