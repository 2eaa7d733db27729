"""The journal under kills, full disks and several writers; and that Optuna's own reader agrees."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import JobError
from workbench.sweeps.journal import Journal

WRITER = """
import sys
from pathlib import Path
from workbench.sweeps.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    journal.append_logs([{"who": sys.argv[2], "number": number, "room": "x" * 3000}])
"""


def test_lines_come_back_from_any_number_on_and_by_other_readers(tmp_path: Path) -> None:
    ours, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    assert list(ours.read_logs(0)) == []
    ours.append_logs([{"a": 1}, {"a": 2}])
    assert list(other.read_logs(1)) == [{"a": 2}]
    ours.append_logs([{"a": 3}])
    assert list(other.read_logs(2)) == [{"a": 3}]
    assert list(other.read_logs(3)) == []
    assert list(ours.read_logs(0)) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_line_that_was_cut_off_is_no_line_and_is_gone_before_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append_logs([{"a": 1}])
    whole = (tmp_path / "j").read_bytes()
    for rest in (b'{"a"', b"\x00" * 10_000, b"{"):
        (tmp_path / "j").write_bytes(whole + rest)
        assert list(Journal(tmp_path / "j").read_logs(0)) == [{"a": 1}]
    journal.append_logs([{"a": 2}])
    assert (tmp_path / "j").read_bytes() == whole + b'{"a":2}\n'


def test_a_spoiled_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b'{"a":1}\n{"a":\n{"a":3}\n')
    with pytest.raises(JobError, match="line 2: must be JSON"):
        list(Journal(tmp_path / "j").read_logs(0))


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from workbench.sweeps.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "Journal(Path(sys.argv[1])).append_logs([{'room': 'x' * 500}])"
    )
    journal = Journal(tmp_path / "j")
    journal.append_logs([{"a": 1}])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "j")], capture_output=True, text=True, check=False
    )
    assert "cannot be written" in done.stderr
    assert (tmp_path / "j").read_bytes() == b'{"a":1}\n'


def test_writers_that_are_killed_hold_nobody_up_and_spoil_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j"
    words = [sys.executable, "-c", WRITER, str(path)]
    victims = [subprocess.Popen([*words, f"victim {number}", "100000"]) for number in range(2)]
    while not path.exists() or path.stat().st_size < 100_000:
        time.sleep(0.01)
    for victim in victims:
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
    began = time.monotonic()
    subprocess.run([*words, "survivor", "20"], check=True)
    assert time.monotonic() - began < 10  # Optuna's own lock is taken for stale after 30
    found = list(Journal(path).read_logs(0))
    for who in {log["who"] for log in found}:
        mine = [log["number"] for log in found if log["who"] == who]
        assert mine == list(range(len(mine)))
    assert sum(log["who"] == "survivor" for log in found) == 20


def test_who_writes_at_once_takes_turns(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path / "j")]
    writers = [subprocess.Popen([*words, f"writer {number}", "150"]) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = list(Journal(tmp_path / "j").read_logs(0))
    for number in range(3):
        assert [log["number"] for log in found if log["who"] == f"writer {number}"] == list(range(150))


def test_optunas_own_file_reads_it(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    journals = optuna.storages.journal
    storage = optuna.storages.JournalStorage(Journal(tmp_path / "j"))
    study = optuna.create_study(storage=storage, study_name="s", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    theirs = optuna.storages.JournalStorage(journals.JournalFileBackend(str(tmp_path / "j")))
    again = optuna.load_study(storage=theirs, study_name="s")
    assert [trial.value for trial in again.trials] == [trial.value for trial in study.trials]
