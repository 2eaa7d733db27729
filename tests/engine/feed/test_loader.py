import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import torch
from PIL import Image

from tests.engine.feed.tiny import make_cfg, make_dataset
from workbench.engine.feed.handover import write_memory
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.records import read_records
from workbench.engine.feed.workers import WorkerDied, Workers
from workbench.errors import DatasetError, ProjectError
from workbench.settings import AugmentSettings

EVERYTHING = AugmentSettings(flip="both", crop=0.6, color=0.4, rotation=20.0)


@pytest.fixture(scope="module")
def panoptic(tmp_path_factory):
    return read_records(make_dataset(tmp_path_factory.mktemp("panoptic"), "panoptic"), "train")


def frozen(batch):
    """All bytes of a batch, by way of the handover."""
    descriptor, end = write_memory((batch.samples, batch.keys))
    try:
        return os.pread(descriptor, end, 0)
    finally:
        os.close(descriptor)


def feed(records, **more):
    settings = {"seed": 7, "batch": 4, "cache_mb": 0} | more
    return Feed(records, make_cfg(), settings.pop("augment", EVERYTHING), **settings)


def take(stream, count, start=0):
    batches = stream.batches(start)
    try:
        return [frozen(batch) for batch in islice(batches, count)]
    finally:
        batches.close()


def test_batches_are_the_same_for_any_number_of_workers_with_and_without_the_cache(panoptic):
    wanted = take(feed(panoptic), 6)
    assert len(set(wanted)) == 6
    for workers, cache_mb in ((0, -1), (1, 0), (2, -1), (4, 1)):
        assert take(feed(panoptic, workers=workers, cache_mb=cache_mb), 6) == wanted


def test_the_stream_goes_on_from_any_place(panoptic):
    wanted = take(feed(panoptic), 7)
    assert take(feed(panoptic, workers=2), 4, start=3) == wanted[3:]


def test_the_samples_of_two_ranks_are_those_of_one(panoptic):
    def samples(rank, world):
        stream = feed(panoptic, rank=rank, world=world).batches()
        return [[sample["image"] for sample in batch.samples] for batch in islice(stream, 3)]

    for whole, first, second in zip(samples(0, 1), samples(0, 2), samples(1, 2), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(whole, first + second, strict=True))
    with pytest.raises(ProjectError, match="multiple of the 3 processes"):
        feed(panoptic, world=3)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_vanishes_or_changes_is_named_and_the_next_takes_its_place(tmp_path, workers):
    records = read_records(make_dataset(tmp_path), "train")
    whole = feed(records, workers=workers)
    take(whole, 3)
    assert whole.bad == {}
    Path(records[1]["file_name"]).unlink()
    Image.new("RGB", (100, 80)).save(records[2]["file_name"])
    Path(records[3]["file_name"]).write_bytes(b"no picture")
    stream = feed(records, workers=workers)
    seen = [key for batch in islice(stream.batches(), 6) for key in batch.keys]
    stream.close()
    assert set(seen) == {records[index]["key"] for index in (0, 4, 5)}
    assert stream.quarantined == ("image1.png", "image2.png", "image3.png")
    assert "cannot be read (No such file" in stream.bad["image1.png"]
    assert "must be as it was converted" in stream.bad["image2.png"]


def test_a_resume_with_the_quarantine_goes_on_with_the_same_bytes_even_where_the_image_is_back(tmp_path):
    records = read_records(make_dataset(tmp_path), "train")
    path = Path(records[1]["file_name"])
    content = path.read_bytes()
    path.unlink()
    stream = feed(records)
    wanted = take(stream, 8)
    path.write_bytes(content)
    for workers in (0, 2):
        again = feed(records, workers=workers, quarantined=stream.quarantined)
        assert take(again, 4, start=4) == wanted[4:]


def test_without_one_good_image_there_is_a_word_about_it(tmp_path):
    records = read_records(make_dataset(tmp_path), "train")
    for record in records:
        Path(record["file_name"]).unlink()
    for workers in (0, 1):
        with pytest.raises(DatasetError, match="at least one image that can be read, but all 6 are bad"):
            take(feed(records, workers=workers), 1)


def test_a_worker_that_was_killed_is_replaced_and_the_stream_stays_the_same(panoptic):
    wanted = take(feed(panoptic), 8)
    stream = feed(panoptic, workers=2)
    batches = stream.batches()
    got = [frozen(next(batches)) for _ in range(2)]
    for worker in stream._open[0]._workers:
        os.kill(worker.process, signal.SIGKILL)
    got += [frozen(next(batches)) for _ in range(6)]
    stream.close()
    assert got == wanted


def test_a_worker_that_dies_over_its_batch_again_and_again_is_an_error_not_a_hang():
    pool = Workers(lambda number: os.kill(os.getpid(), signal.SIGKILL), 0, 1)
    with pytest.raises(WorkerDied, match=r"killed twice over batch 0 \(signal 9\)"):
        pool.take(0)
    pool.close()


def test_a_mistake_in_a_worker_comes_with_its_traceback():
    pool = Workers(lambda number: 1 // number, 0, 1)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        pool.take(0)
    pool.close()


def test_closing_leaves_no_process_behind(panoptic):
    stream = feed(panoptic, workers=2)
    batches = stream.batches()
    next(batches)
    processes = [worker.process for worker in stream._open[0]._workers]
    stream.close()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


PARENT = """
import sys, time
from workbench.engine.feed.workers import Workers
pool = Workers(lambda number: number, 0, 2)
print(pool.take(0), *(worker.process for worker in pool._workers), flush=True)
time.sleep(60)
"""


def test_workers_die_with_their_parent():
    kinds = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    command = [sys.executable, "-c", PARENT]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    parents = [subprocess.Popen(command, **quiet) for _ in kinds]
    processes = [int(word) for parent in parents for word in parent.stdout.readline().split()[1:]]
    for kind, parent in zip(kinds, parents, strict=True):
        parent.send_signal(kind)
        parent.communicate(timeout=60)
    end = time.monotonic() + 30
    while any(_lives(process) for process in processes) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(processes) == 6
    assert not any(_lives(process) for process in processes)


def _lives(process):
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_signal_to_the_whole_group_does_not_take_the_workers_from_a_parent_that_goes_on(panoptic):
    stream = feed(panoptic, workers=2)
    batches = stream.batches()
    next(batches)
    processes = [worker.process for worker in stream._open[0]._workers]
    for process in processes:
        os.kill(process, signal.SIGTERM)
        os.kill(process, signal.SIGINT)
    for _ in range(4):
        next(batches)
    assert [worker.process for worker in stream._open[0]._workers] == processes
    stream.close()
