"""Files that are whole or not there, and names that stay in their folder."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from workbench.errors import IO_FAILED, OutputError
from workbench.files import atomic_file, claim, contained, is_locked, sweep, temporary_name, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_write_leaves_what_was_there_and_no_temporary_file(tmp_path):
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    with pytest.raises(RuntimeError), atomic_file(path) as stream:
        stream.write(b"new but never finished")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    code = (
        "import os, sys; from pathlib import Path; from workbench.files import atomic_file\n"
        "with atomic_file(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'x' * 100_000); stream.flush(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_bytes() == b"old"


def test_a_disk_that_fills_up_is_said_in_one_line_and_destroys_nothing(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from workbench.files import write_atomically\n"
        "from workbench.errors import OutputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomically(Path(sys.argv[1]), b'x' * 100_000)\n"
        "except OutputError as error: print(error.exit_code, error)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"{IO_FAILED} {path}: cannot be written")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("fill", [0, 50, 99])
def test_a_really_full_disk_keeps_the_old_file(tmp_path, fill):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        path = disk / "a.json"
        path.write_bytes(b"old")
        (disk / "ballast").write_bytes(b"x" * (fill * 10_000))
        with pytest.raises(OutputError) as caught:
            write_atomically(path, b"x" * 2_000_000)
        assert caught.value.exit_code == IO_FAILED
        assert "the disk is full" in str(caught.value)
        assert path.read_bytes() == b"old"
        assert names(disk) == ["a.json", "ballast"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    "name",
    ["../b.jpg", "/etc/passwd", "a/../../b.jpg", "C:/a.jpg", "~/a.jpg", "", "a\0b", "//host/a", "loop/x"],
)
def test_a_name_that_leaves_its_folder_is_refused(tmp_path, name):
    root = tmp_path / "root"
    root.mkdir()
    (root / "loop").symlink_to(tmp_path)
    assert contained(root, name) is None


@pytest.mark.parametrize("name", ["a.jpg", "sub/../a.jpg", "sub/b.jpg", "..a.jpg", "‮gpj.a", "a b\n.jpg"])
def test_a_name_inside_its_folder_is_found(tmp_path, name):
    assert contained(tmp_path, name) is not None


def test_a_link_that_stays_inside_is_followed(tmp_path):
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    assert contained(tmp_path, "link.jpg") == Path(os.path.realpath(tmp_path)) / "a.jpg"


def test_who_asks_whether_a_lock_is_held_is_not_in_the_way_of_who_wants_it(tmp_path):
    lock = tmp_path / "lock"
    lock.touch()
    assert not is_locked(lock)
    asking = os.open(lock, os.O_RDWR)  # as `is_locked` has it, for a moment
    assert claim(asking)
    assert is_locked(lock)
    threading.Timer(0.1, os.close, (asking,)).start()
    wanting = os.open(lock, os.O_RDWR)
    try:
        assert not claim(wanting)
        assert claim(wanting, patience=5)
    finally:
        os.close(wanting)


def test_two_machines_whose_processes_have_one_number_write_one_file_at_once(tmp_path):
    """As in two containers that share a disk."""
    code = (
        "from pathlib import Path; from workbench.files import temporary_name as name; print(name(Path('a')))"
    )
    number = "import os; os.getpid = lambda: 7; "
    run = [sys.executable, "-c", number + code]
    one, two = (subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in "ab")
    assert one != two
    assert all(said.startswith(".a.") and said.endswith(".7.workbench.tmp\n") for said in (one, two))


def test_what_a_process_left_that_had_the_number_of_this_one_is_swept_up(tmp_path):
    mine = temporary_name(tmp_path / "a.json")
    left = (f".b.json.{os.getpid()}.workbench.tmp", f".c.json.0123abcd.{os.getpid()}.workbench.tmp")
    for path in (mine, *(tmp_path / name for name in left)):
        path.touch()
    sweep(tmp_path)
    assert names(tmp_path) == [mine.name]
