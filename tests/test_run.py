"""A run folder: its name, its lock, its record."""

import subprocess
import sys

import pytest

from workbench.errors import BUSY, InputMissing
from workbench.run import (
    Run,
    RunBusy,
    RunError,
    find_run,
    hold,
    is_held,
    list_runs,
    make_run,
    read_record,
    write_record,
)


def test_two_runs_of_one_second_have_two_folders(tmp_path):
    names = {make_run(tmp_path / "runs", "nano").name for _ in range(5)}
    assert len(names) == 5
    assert all(name.endswith("-nano") for name in names)


def test_a_run_is_found_by_path_and_by_name(tmp_path):
    run = make_run(tmp_path, "nano")
    write_record(run, {"state": "running"})
    assert find_run(str(run.folder)) == Run(folder=run.folder)
    assert find_run(run.name, tmp_path).folder == run.folder
    assert list_runs(tmp_path) == [run]
    with pytest.raises(InputMissing, match="workbench runs PROJECT"):
        find_run("nothing", tmp_path)


def test_a_second_training_in_one_folder_is_told_who_has_it(tmp_path):
    run = make_run(tmp_path, "nano")
    other = (
        "import sys, pathlib, workbench.run as w\nwith w.hold(w.Run(folder=pathlib.Path(sys.argv[1]))): pass"
    )
    with hold(run):
        assert is_held(run)
        done = subprocess.run([sys.executable, "-c", other, run.folder], capture_output=True, text=True)
        assert "must be free, but process" in done.stderr
        with pytest.raises(RunBusy) as busy, hold(run):
            pass
        assert busy.value.exit_code == BUSY
    assert not is_held(run)
    subprocess.run([sys.executable, "-c", other, run.folder], check=True)


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_spoiled_record_is_said(tmp_path, text):
    run = make_run(tmp_path, "nano")
    run.record.write_text(text, encoding="latin-1")
    with pytest.raises(RunError, match=r"run\.json: must be"):
        read_record(run)
