"""D9, D10: disks that are full, read-only or gone, under a real training."""

import json
import os
import shutil
import subprocess
import time
from contextlib import suppress

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.trials import Trials, find_spoiled, is_alive, wait_for_step
from workbench.engine.training.checkpoint import load_newest
from workbench.errors import CANNOT_CREATE, IO_FAILED, NO_INPUT, NO_PERMISSION

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
SHARES = (0, 0.5, 0.99)  # of a checkpoint that there is still room for
EVERY = 3


@pytest.fixture(scope="module")
def trials(server, tmp_path_factory):
    more = {"steps": 30, "checkpoint_every": EVERY, "evaluate_every": 5, "patience": 0, "accumulate": 1}
    trials = Trials("mask_rcnn_nano", tmp_path_factory.mktemp("disks"), server, more=more)
    trials.prepare()
    return trials


@pytest.fixture
def disk(trials):
    """The runs of the project are on a disk of their own, which can be filled."""
    place = trials.project / "runs"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(place)], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def newest(run):
    path = run / "checkpoints" / "last.json"
    return json.loads(path.read_bytes())["step"] if path.exists() else 0


def fill_when(run, disk, step, process, left):
    """Once a checkpoint of that step is there, fill the disk but for so many bytes, and keep it so to the end."""
    while is_alive(process):
        if newest(run) >= step:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            with suppress(OSError), (disk / "filler").open("ab") as stream:
                stream.write(bytes(max(0, free - left)))
        time.sleep(0.005)


@ROOT
@pytest.mark.slow
def test_d09_a_training_on_a_disk_that_fills_up_tries_again_then_ends_and_goes_on_from_there(trials, disk):
    run = trials.copy(0)
    for share in SHARES:
        step = newest(run) + EVERY
        process = trials.start(run)
        size = max((path.stat().st_size for path in run.rglob("step-*.pth")), default=0)
        fill_when(run, disk, step, process, int(size * share))
        end = trials.server.wait(process)
        told = trials.told(run)
        assert end.code == IO_FAILED, told
        assert "the disk is full" in told.splitlines()[-1] and "Traceback" not in told
        assert find_spoiled(run) == [] and newest(run) >= step
        assert load_newest(run / "checkpoints", strict=True).step == newest(run)
        assert not list(run.rglob(".*"))  # neither temporary files nor shards of predictions
        for path in (*run.rglob("predictions/*.json"), *run.rglob("scores/*.json"), run / "run.json"):
            json.loads(path.read_bytes())
        trials.log(run).unlink()
        (disk / "filler").unlink()
        assert "The training goes on and tries again later; it ends after 1 more of these" in told
    end = trials.go_on(run)
    assert trials.judge(run, end.code, "full") == []


@ROOT
@pytest.mark.slow
def test_d10_a_read_only_disk_is_refused_before_anything_is_computed(trials, disk):
    run = trials.copy(0)
    trials.log(run).unlink(missing_ok=True)
    before = sorted(disk.rglob("*"))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    ends = [
        trials.go_on(run),
        trials.server.run("train", trials.project, "--model", "mask_rcnn_nano", log=trials.log(run)),
    ]
    assert [end.code for end in ends] == [NO_PERMISSION] * 2, trials.told(run)
    assert trials.told(run).count("read-only") == 2 and len(trials.told(run).splitlines()) == 2
    assert all(end.processor < 2 for end in ends)
    assert sorted(disk.rglob("*")) == before


@pytest.mark.slow
def test_d10_a_run_folder_that_is_deleted_meanwhile_ends_the_training_in_words(trials):
    run = trials.copy(0)
    trials.log(run).unlink(missing_ok=True)
    process = trials.start(run)
    assert wait_for_step(run, 2, process)
    shutil.rmtree(run, ignore_errors=True)
    shutil.rmtree(run, ignore_errors=True)  # what it wrote meanwhile
    end = trials.server.wait(process)
    told = trials.told(run)
    assert end.code in (CANNOT_CREATE, NO_INPUT), told
    assert str(run) in told.splitlines()[-1] and "Traceback" not in told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000])
def test_d10_names_that_no_disk_takes_are_not_found(name, trials):
    log = trials.home / "names.log"
    log.unlink(missing_ok=True)
    ends = [trials.server.run("train", trials.project, "--resume", name, log=log)]
    ends.append(trials.server.run("train", name, log=log))
    assert [end.code for end in ends] == [NO_INPUT] * 2, log.read_text()


@pytest.mark.slow
def test_d10_a_file_where_the_runs_should_be_is_told(trials):
    runs, aside = trials.project / "runs", trials.project / "aside"
    runs.rename(aside)
    log = trials.home / "file.log"
    try:
        runs.write_text("mine")
        end = trials.server.run("train", trials.project, "--model", "mask_rcnn_nano", log=log)
        assert (end.code, runs.read_text()) == (CANNOT_CREATE, "mine"), log.read_text()
        assert end.processor < 2
    finally:
        runs.unlink()
        aside.rename(runs)
