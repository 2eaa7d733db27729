"""Full disks, read-only ones and folders of other people: what was there stays, and one line says why."""

import os
import resource
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tests.engine.training.saving import draw_content, hashes, same  # noqa: E402
from workbench.engine.training.checkpoint import load_newest, save_checkpoint  # noqa: E402
from workbench.engine.training.saver import Saver  # noqa: E402
from workbench.engine.training.weights_file import read_weights, write_weights  # noqa: E402
from workbench.errors import CANNOT_CREATE, IO_FAILED, NO_PERMISSION, OutputError  # noqa: E402

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk or become somebody else")
ABOUT = {"task": "instance", "classes": {"things": ["cat"]}, "model": "nano", "config": "A: 1", "image": {}}
LARGE = 60_000  # numbers in a tensor: a checkpoint of about 0.96 MB


@pytest.fixture
def disk(tmp_path):
    """A disk of 3 MB that can be filled."""
    torch.set_num_threads(1)
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes."""
    size = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(max(0, size - free)))


@ROOT
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_d09_a_disk_that_fills_up_leaves_every_checkpoint_as_it_was(share, disk):
    folder = disk / "checkpoints"
    path = save_checkpoint(folder, 10, draw_content(1, LARGE), keep=2)
    before = hashes(folder)
    fill(disk, int(path.stat().st_size * share) // 4096 * 4096)
    with pytest.raises(OutputError) as error:
        save_checkpoint(folder, 20, draw_content(2, LARGE), keep=2)
    assert error.value.exit_code == IO_FAILED
    assert "disk is full" in str(error.value) and len(str(error.value).splitlines()) == 1
    assert hashes(folder) == before
    assert load_newest(folder, strict=True).step == 10
    (disk / "filler").unlink()
    save_checkpoint(folder, 20, draw_content(2, LARGE), keep=2)
    assert load_newest(folder, strict=True).step == 20


@ROOT
@pytest.mark.parametrize("pages", range(4))
def test_d09_room_for_the_checkpoint_but_not_for_what_belongs_to_it_loses_nothing(pages, disk):
    """Manifest and pointer take a page each: the disk is full before, at and behind each of them."""
    folder = disk / "checkpoints"
    path = save_checkpoint(folder, 10, draw_content(1, LARGE), keep=2)
    before = hashes(folder)
    fill(disk, -(-path.stat().st_size // 4096) * 4096 + pages * 4096)
    try:
        save_checkpoint(folder, 20, draw_content(2, LARGE), keep=2)
    except OutputError as error:
        assert error.exit_code == IO_FAILED
    assert before.items() - hashes(folder).items() <= {("last.json", before["last.json"])}
    loaded = load_newest(folder)
    assert same(loaded.content, draw_content(loaded.step // 10, LARGE))


@ROOT
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_d09_a_disk_that_fills_up_leaves_the_best_weights_as_they_were(share, disk):
    path = disk / "model_best.pth"
    write_weights(path, {"a": torch.ones(250_000)}, ABOUT)
    before = hashes(disk)
    fill(disk, int(path.stat().st_size * share) // 4096 * 4096)
    with pytest.raises(OutputError) as error:
        write_weights(path, {"a": torch.zeros(250_000)}, ABOUT)
    assert error.value.exit_code == IO_FAILED
    assert before.items() <= hashes(disk).items()
    assert len(list(disk.iterdir())) == 3  # the weights, their manifest, the filler
    assert bool(read_weights(path)[0]["a"].all())


@ROOT
def test_d09_a_training_goes_on_over_a_full_disk_and_gives_up_after_some_tries(disk):
    saver = Saver(folder=disk / "checkpoints", keep=2, tries=3)
    assert saver.save(10, draw_content(1, LARGE)) == ""
    fill(disk, 0)
    first, second = (saver.save(step, draw_content(step, LARGE)) for step in (20, 30))
    assert "disk is full" in first and "ends after 2 more" in first and "ends after 1 more" in second
    (disk / "filler").unlink()
    assert saver.save(40, draw_content(2, LARGE)) == ""  # room again: the count starts anew
    assert load_newest(saver.folder, strict=True).step == 40
    fill(disk, 0)
    assert all("disk is full" in saver.save(step, draw_content(step, LARGE)) for step in (50, 60))
    with pytest.raises(OutputError) as error:
        saver.save(70, draw_content(70, LARGE))
    assert error.value.exit_code == IO_FAILED
    assert load_newest(saver.folder, strict=True).step == 40


@ROOT
def test_d10_a_read_only_disk_ends_a_training_at_once(disk):
    saver = Saver(folder=disk / "checkpoints", keep=2)
    saver.save(10, draw_content(1))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(OutputError) as error:
        saver.save(20, draw_content(2))
    assert (error.value.exit_code, "read-only" in str(error.value)) == (NO_PERMISSION, True)
    assert load_newest(saver.folder, strict=True).step == 10  # and reading needs no writing


@ROOT
def test_d10_a_folder_of_somebody_else_is_told():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # pytest's own folders are closed to others
        Path(place).chmod(0o755)
        folder = Path(place) / "checkpoints"
        save_checkpoint(folder, 10, draw_content(1), keep=2)
        before, child = hashes(folder), os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                if load_newest(folder, strict=True).step == 10:  # reading is allowed
                    save_checkpoint(folder, 20, draw_content(2), keep=2)
            except OutputError as error:
                code = error.exit_code
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == NO_PERMISSION
        assert hashes(folder) == before


def test_d09_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path):
    torch.set_num_threads(1)
    save_checkpoint(tmp_path, 10, draw_content(1), keep=2)
    before, limits = hashes(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError) as error:
            save_checkpoint(tmp_path, 20, draw_content(2, LARGE), keep=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)
    assert error.value.exit_code == IO_FAILED
    assert hashes(tmp_path) == before


@pytest.mark.parametrize("case", ["a file in the way", "a file above", "a long name"])
def test_d10_a_place_that_cannot_be_is_told(case, tmp_path):
    (tmp_path / "file").write_text("mine")
    places = {"a file in the way": "file", "a file above": "file/below", "a long name": "x" * 300}
    with pytest.raises(OutputError) as error:
        save_checkpoint(tmp_path / places[case], 10, draw_content(1), keep=2)
    assert error.value.exit_code == CANNOT_CREATE
    assert (tmp_path / "file").read_text() == "mine"
