"""metrics.jsonl: whole lines, no clock, and equal bytes after a resume."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.watching.append import append_lines
from workbench.engine.watching.metrics import Metrics, Row, format_row, parse_line, read_metrics
from workbench.errors import InputMissing

ROOT = Path(__file__).resolve().parents[3]


def write(path, steps):
    metrics = Metrics(path)
    for step in steps:
        metrics.append(step, "train", {"loss": 1 / step, "lr": 0.01})
        if step % 4 == 0:
            metrics.append(step, "val", {"loss": 2 / step, "mask": {"AP": step / 100}})
    return metrics


def test_a_line_has_sorted_keys_and_dotted_names_and_no_clock():
    line = format_row(3, "val", {"mask": {"AP": 0.5}, "loss": 0.25, "box": {"APs": float("nan")}})
    assert line == b'{"box.APs":null,"kind":"val","loss":0.25,"mask.AP":0.5,"step":3}\n'


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "m", [4])
    assert read_metrics(tmp_path / "m") == (
        Row(step=4, kind="train", values={"loss": 0.25, "lr": 0.01}),
        Row(step=4, kind="val", values={"loss": 0.5, "mask.AP": 0.04}),
    )


def test_a_measurement_may_not_be_called_step():
    with pytest.raises(ValueError, match='must not be called "step"'):
        format_row(1, "train", {"step": 2})


def test_a_file_that_is_not_there_says_who_writes_it(tmp_path):
    with pytest.raises(InputMissing, match="workbench train writes it"):
        read_metrics(tmp_path / "m")


@pytest.mark.parametrize("cut", range(0, 300, 7))
def test_a_resumed_run_leaves_the_bytes_of_one_that_never_stopped(tmp_path, cut):
    write(tmp_path / "whole", range(1, 13))
    write(tmp_path / "killed", range(1, 10))
    content = (tmp_path / "killed").read_bytes()
    step = 4  # of the checkpoint; the kill came later, in the middle of a line
    start = content.index(b'"val"')
    (tmp_path / "killed").write_bytes(content[: max(len(content) - cut, content.index(b"\n", start) + 1)])
    Metrics(tmp_path / "killed").truncate(step)
    write(tmp_path / "killed", range(step + 1, 13))
    assert (tmp_path / "killed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_an_evaluation_that_the_checkpoint_does_not_know_comes_again(tmp_path):
    metrics = write(tmp_path / "m", range(1, 9))
    metrics.truncate(8, evaluated=4)
    rows = read_metrics(tmp_path / "m")
    assert [row.step for row in rows if row.kind == "val"] == [4]
    assert [row.step for row in rows if row.kind == "train"] == [*range(1, 9)]


def test_what_needs_no_cutting_is_not_touched(tmp_path):
    metrics = write(tmp_path / "m", range(1, 5))
    before = (tmp_path / "m").stat().st_ino
    assert metrics.truncate(4) == 0
    assert (tmp_path / "m").stat().st_ino == before
    assert Metrics(tmp_path / "none").truncate(4) == 0


def test_a_torn_line_stays_a_line_of_its_own(tmp_path):
    (tmp_path / "m").write_bytes(b'{"kind":"tra')
    Metrics(tmp_path / "m").append(1, "train", {"loss": 1.0})
    assert [row.step for row in read_metrics(tmp_path / "m")] == [1]


def test_a_full_disk_is_told_once_and_what_it_refused_is_written_later(tmp_path):
    said = []
    metrics = Metrics(tmp_path / "gone" / "m", said.append)
    for step in (1, 2, 3):
        metrics.append(step, "train", {"loss": 1.0})
    assert len(said) == 1
    assert "the training goes on" in said[0]
    (tmp_path / "gone").mkdir()
    metrics.append(4, "train", {"loss": 1.0})
    assert [row.step for row in read_metrics(tmp_path / "gone" / "m")] == [1, 2, 3, 4]


def test_what_was_never_written_is_told_at_the_end(tmp_path):
    said = []
    metrics = Metrics(tmp_path / "gone" / "m", said.append)
    metrics.append(1, "train", {"loss": 1.0})
    metrics.close()
    assert "1 lines could not be written" in said[1]


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_whole_lines(tmp_path):
    """A limit on the size of files stands for the full disk: the write is cut short, then refused."""
    code = """
import resource, signal, sys
from pathlib import Path
from workbench.engine.watching.metrics import Metrics
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
metrics = Metrics(Path(sys.argv[1]), print)
for step in range(1, 9):
    metrics.append(step, "train", {"loss": 0.5})
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "m"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    content = (tmp_path / "m").read_bytes()
    assert len(done.stdout.splitlines()) == 1
    assert content.endswith(b"\n")
    assert [row.step for row in read_metrics(tmp_path / "m")] == [1, 2]


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(format_row(1, "val", {"a": 1.5})))))
def test_garbage_never_stops_reading_and_never_becomes_a_measurement(lines):
    for line in b"\n".join(lines).splitlines(keepends=True):
        row = parse_line(line)
        assert row is None or (isinstance(row.step, int) and isinstance(row.kind, str))


@given(st.data())
def test_spoiled_bytes_cost_only_their_own_lines(data):
    lines = [format_row(step, "train", {"loss": step / 7}) for step in range(1, 8)]
    place = data.draw(st.integers(0, 6))
    torn = data.draw(st.integers(0, len(lines[place]) - 2))
    lines[place] = lines[place][:torn] + b"\n"
    steps = [row.step for line in lines if (row := parse_line(line))]
    assert steps == [step for step in range(1, 8) if step != place + 1]


def test_appending_keeps_what_others_wrote(tmp_path):
    append_lines(tmp_path / "m", b"a\n")
    append_lines(tmp_path / "m", b"")
    append_lines(tmp_path / "m", b"b\n")
    assert (tmp_path / "m").read_bytes() == b"a\nb\n"
