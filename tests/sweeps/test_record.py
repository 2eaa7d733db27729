"""sweep.json: what was launched together comes back as it was, and what cannot be read is said in one line."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import InputMissing
from workbench.sweeps.names import SweepError, name_trial
from workbench.sweeps.record import (
    Sweep,
    SweepFolder,
    SweepTrial,
    find_sweep,
    list_sweeps,
    make_sweep,
    read_sweep,
    remove_sweep,
    write_sweep,
)

SWEEP = Sweep(
    name="lr",
    axes={"SOLVER.BASE_LR": ("0.01", "0.02"), "INPUT.MIN_SIZE_TRAIN": ("(320,)",)},
    seeds=(0, 1),
    folds=5,
    trials=(
        SweepTrial(number=1, run="lr-01", values={"SOLVER.BASE_LR": "0.01"}, seed=0, fold=1, jobs=(4, 5)),
        SweepTrial(number=2, run="lr-02"),
    ),
    metric="mask.AP",
    words=("--steps", "20", 'a "b"\n'),
    home="/somewhere/ü",
    created="2026-11-22T01:30:00+00:00",
)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return make_sweep(tmp_path / "balloons", "lr")


def test_what_was_launched_comes_back_as_it_was(folder: SweepFolder) -> None:
    write_sweep(folder, SWEEP)
    assert read_sweep(folder) == SWEEP


def test_a_search_begins_without_values(folder: SweepFolder) -> None:
    search = Sweep(name="lr", kind="search", axes={"SOLVER.BASE_LR": ("0.001..0.1",)})
    write_sweep(folder, search)
    assert read_sweep(folder) == search


def test_every_file_of_a_sweep_lies_in_its_folder_and_its_runs_among_the_runs(folder: SweepFolder) -> None:
    files = [folder.record, folder.journal, folder.folds, folder.page, folder.best]
    assert {path.parent for path in files} == {folder.path}
    assert len({path.name for path in files}) == len(files)
    assert folder.run(SWEEP.trials[0]).folder == folder.project / "runs" / "lr-01"


def test_names_of_trials_sort_as_their_numbers_do() -> None:
    assert name_trial("lr", 3, 8) == "lr-03"
    names = [name_trial("lr", number, 120) for number in range(1, 121)]
    assert sorted(names) == names


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "..", "last"])
def test_a_name_that_would_leave_its_place_or_means_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SweepError, match="must be a name"):
        make_sweep(tmp_path, name)


def test_a_sweep_that_is_there_is_not_launched_over(folder: SweepFolder) -> None:
    make_sweep(folder.project, "lr")  # nothing was launched in it yet
    write_sweep(folder, SWEEP)
    with pytest.raises(SweepError, match="must be a new sweep"):
        make_sweep(folder.project, "lr")


def test_the_last_sweep_is_meant_where_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="must have a sweep"):
        find_sweep(tmp_path)
    for age, name in enumerate(("20261122-02", "20261122-01")):
        write_sweep(make_sweep(tmp_path, name), replace(SWEEP, name=name))
        os.utime(tmp_path / "sweeps" / name / "sweep.json", (age, age))
    (tmp_path / "sweeps" / "empty").mkdir()
    assert [one.name for one in list_sweeps(tmp_path)] == ["20261122-02", "20261122-01"]
    assert find_sweep(tmp_path).name == find_sweep(tmp_path, "last").name == "20261122-01"
    assert find_sweep(tmp_path, str(tmp_path / "sweeps" / "20261122-01")).name == "20261122-01"
    with pytest.raises(InputMissing, match='did you mean "20261122-01"'):
        find_sweep(tmp_path, "2026112-01")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "readable JSON"),
        ("[]", "version: must be 1, but got None"),
        ('{"version": 2}', "version: must be 1, but got 2"),
        ('{"version": 1}', "must be what launch wrote"),
    ],
)
def test_a_file_that_nobody_can_read_is_said_in_one_line(
    folder: SweepFolder, content: str, what: str
) -> None:
    folder.record.write_text(content)
    with pytest.raises(SweepError, match=what):
        read_sweep(folder)


def test_an_unknown_key_and_an_unknown_kind_are_not_passed_over(folder: SweepFolder) -> None:
    for change in ({"kind": "guess"}, {"more": 1}):
        folder.record.write_text(json.dumps(SWEEP.to_json() | change))
        with pytest.raises(SweepError, match="must be what launch wrote"):
            read_sweep(folder)


def test_a_folder_without_a_record_is_no_sweep(folder: SweepFolder) -> None:
    with pytest.raises(InputMissing, match=r"is .* a sweep"):
        read_sweep(folder)


def test_a_sweep_that_is_removed_is_gone(folder: SweepFolder) -> None:
    write_sweep(folder, SWEEP)
    remove_sweep(folder)
    assert list_sweeps(folder.project) == [] and list(folder.path.parent.iterdir()) == []
