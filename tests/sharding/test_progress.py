"""Shards that work: what is done stays done, and an item that ends its process costs nobody else anything."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sharding.work import behave, copy_out
from workbench.errors import IO_FAILED, JobError, OutputError
from workbench.sharding import progress, worker
from workbench.sharding.gather import (
    find_missing,
    finish,
    gather_once,
    read_gathered,
    read_lines,
    read_parts,
    require_whole,
)
from workbench.sharding.plan import make_plan, read_plan
from workbench.sharding.progress import Limits, describe_progress, measure_memory, work_on
from workbench.sharding.quarantine import Death, forget_deaths, judge, note_death, read_deaths
from workbench.sharding.standing import Share, find_set_aside, read_shares
from workbench.sharding.worker import Place

WORK = Path(__file__).with_name("work.py")


def make(folder, items, *, shards=1, chunk=3):
    return make_plan(folder / "p", items, shards=shards, asked={}, chunk=chunk)


def gather(plan):
    require_whole(plan)
    return [line.decode().split()[1] for line in read_lines(plan, "lines")]


def work(plan, shard=1, **more):
    said = []
    work_on(plan, shard, lambda: copy_out, tell=said.append, **more)
    return said


def test_all_shards_together_are_the_list(tmp_path):
    names = [f"{number}" for number in range(20)]
    plan = make(tmp_path, names, shards=3)
    for shard in (2, 1, 3):
        work(plan, shard)
    assert gather(plan) == names
    assert sum(part.sums["count"] for part in read_parts(plan)) == 20


def test_what_is_missing_is_said(tmp_path):
    plan = make(tmp_path, map(str, range(20)), shards=3)
    work(plan, 2)
    assert list(find_missing(plan)) == [0, 2, 3, 5, 6]
    assert describe_progress(plan, 2) == "shard 2 of 3: 6 of 6"
    assert read_shares(plan)[1:] == (Share(shard=2, done=6, count=6), Share(shard=3, done=0, count=6))
    with pytest.raises(JobError, match=r"all 7 chunks must be done, but 5 are not, of shard 1, 3; "):
        require_whole(plan)


def test_what_is_done_is_not_done_again(tmp_path):
    plan = make(tmp_path, map(str, range(9)))
    work(plan)
    before = [part.folder.stat().st_mtime_ns for part in read_parts(plan)]
    work(plan)
    assert [part.folder.stat().st_mtime_ns for part in read_parts(plan)] == before


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("raises", "2 times: ValueError: a bad thing"),
        ("crashes", "2 times: the process crashed (SIGSEGV)"),
        ("hangs", "2 times: it took longer than 0.3 seconds"),
        ("eats", "2 times: it took more than"),
        ("killed", "3 times: the process was killed, perhaps for lack of memory"),
        ("exits", "2 times: the process ended with code 0"),
    ],
)
def test_an_item_that_ends_the_process_is_set_aside(tmp_path, bad, reason):
    names = ["a", "b", f"{bad}-1", "c", "d", "e", "f", f"{bad}-2"]
    plan = make(tmp_path, names)
    limits = {
        "hangs": Limits(seconds=0.3),
        "eats": Limits(memory=measure_memory(os.getpid()) + 50_000_000),
    }.get(bad, Limits())
    said = work(plan, limits=limits)
    assert gather(plan) == list("abcdef")
    found = [one for part in read_parts(plan) for one in part.set_aside]
    assert [(one.number, one.item) for one in found] == [(2, f"{bad}-1"), (7, f"{bad}-2")]
    assert all(one.reason.startswith(reason) for one in found)
    assert sum(part.items for part in read_parts(plan)) == 8
    assert len(list(find_set_aside(plan))) == 2 and said[-1] == "shard 1 of 1: 8 of 8, 2 set aside"
    assert not list(plan.at.iterdir())


def test_where_nothing_succeeds_no_item_is_to_blame(tmp_path):
    plan = make(tmp_path, [f"crashes-{number}" for number in range(30)], chunk=4)
    with pytest.raises(JobError, match="it is not the items"):
        work(plan)
    assert not list(find_set_aside(plan))


def test_a_full_disk_is_no_item_s_fault(tmp_path):
    plan = make(tmp_path, ["a", "full", "b"])
    with pytest.raises(JobError, match="the disk is full") as caught:
        work(plan)
    assert caught.value.exit_code == IO_FAILED
    assert not list(find_set_aside(plan)) and not list(plan.part(0).parent.iterdir())


def test_work_that_cannot_even_begin_ends_the_shard(tmp_path):
    plan = make(tmp_path, ["a"])

    def open_nothing():
        raise OutputError("weights: must be there, but are not", 66)

    with pytest.raises(JobError, match="weights: must be there") as caught:
        work_on(plan, 1, open_nothing)
    assert caught.value.exit_code == 66
    for bad in ("crashes", "exits"):
        with pytest.raises(JobError, match="3 ended elsewhere"):
            work_on(plan, 1, lambda bad=bad: behave(bad))


def test_a_work_that_fails_after_its_items_ends_the_shard(tmp_path):
    plan = make(tmp_path, ["a", "b"])

    def fail(items, folder):
        list(items)
        raise KeyError("sum")

    with pytest.raises(JobError, match="KeyError: 'sum'"):
        work_on(plan, 1, lambda: fail)


def test_whoever_gathers_leaves_the_sums_and_nothing_else(tmp_path):
    plan = make(tmp_path, ["a", "b"])
    work(plan)
    assert read_gathered(plan) is None
    finish(plan, {"images": 2})
    assert read_gathered(plan) == {"images": 2}
    assert sorted(path.name for path in plan.folder.iterdir()) == ["gathered.json", "plan.json"]


def run(plan, *, shard=1):
    """As a job does, in a process of its own; its exit code."""
    words = [sys.executable, "-S", WORK, plan.folder, str(shard)]
    return subprocess.run([*map(str, words)], capture_output=True, check=False).returncode


def test_what_is_killed_together_with_its_watcher_three_times_is_set_aside(tmp_path):
    plan = make(tmp_path, ["a", "b", "kills all", "c"], chunk=2)
    assert [run(plan) for _ in range(4)] == [-9, -9, -9, 0]
    assert gather(plan) == ["a", "b", "c"]
    (aside,) = find_set_aside(plan)
    assert (aside.item, aside.reason) == (
        "kills all",
        "3 times: everything was killed at it, perhaps for lack of memory",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
@pytest.mark.parametrize("who", ["watcher", "worker"])
def test_whoever_is_asked_to_end_leaves_no_worker_and_blames_nobody(tmp_path, who, number):
    plan = make(tmp_path, ["a", "hangs"])
    process = subprocess.Popen([sys.executable, "-S", str(WORK), str(plan.folder), "1"])
    while not (workers := list_workers(process.pid)):
        time.sleep(0.01)
    os.kill(process.pid if who == "watcher" else workers[0], number)
    assert process.wait(30) == 143
    assert not Path(f"/proc/{workers[0]}").exists()
    assert not list(plan.suspects.iterdir()) and not list(plan.at.iterdir())


def list_workers(process):
    children = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in children.read_text().split()] if children.exists() else []


def test_a_worker_does_not_outlive_its_watcher(tmp_path):
    plan = make(tmp_path, ["a", "hangs"])
    process = subprocess.Popen([sys.executable, "-S", str(WORK), str(plan.folder), "1"])
    while not (workers := list_workers(process.pid)):
        time.sleep(0.01)
    process.kill()
    process.wait(10)
    end = time.monotonic() + 10
    while Path(f"/proc/{workers[0]}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{workers[0]}").exists()


def test_a_twin_that_is_late_finds_everything_gathered(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.sharding.progress.NEWS", 600.0)  # how far it is, is not what counts
    plan = make(tmp_path, map(str, range(6)), chunk=1)
    said = []

    def gather_meanwhile(items, folder):
        if not read_gathered(plan):
            work(plan)  # the twin
            finish(plan, {"images": 6})
        return copy_out(items, folder)

    work_on(plan, 1, lambda: gather_meanwhile, tell=said.append)
    assert not said
    assert sorted(path.name for path in plan.folder.iterdir()) == ["gathered.json", "plan.json"]


def test_a_line_that_a_power_cut_left_half_written_counts_for_nothing(tmp_path):
    plan = make(tmp_path, ["a", "crashes", "b"])
    note_death(plan, Death(number=1, reason="crashed", sure=True))
    with (plan.suspects / "00000000.jsonl").open("ab") as stream:
        stream.write(b'{"number": 1, "reason": "cra')
    assert not judge(plan, 0)
    work(plan)
    assert gather(plan) == ["a", "b"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
def test_a_disk_that_fills_up_ends_the_shard_and_it_goes_on_when_there_is_room(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        plan = make(place, map(str, range(12)), chunk=1)
        ballast = place / "ballast"
        work(make(place / "other", ["warm"]))
        for kept in (0, 8_000, 20_000):
            with ballast.open("wb") as stream, suppress(OSError):
                while True:
                    os.write(stream.fileno(), bytes(4096))
            os.truncate(ballast, max(0, ballast.stat().st_size - kept))
            with pytest.raises((JobError, OutputError)) as caught:
                work(plan)
            assert caught.value.exit_code == IO_FAILED
            assert "the disk is full" in str(caught.value)
            ballast.unlink()
            assert not list(find_set_aside(plan))
        work(plan)
        assert gather(plan) == [str(number) for number in range(12)]
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_part_without_a_file_that_all_have_is_no_part(tmp_path):
    plan = make(tmp_path, map(str, range(6)))
    work(plan)
    (plan.part(1) / "lines").unlink()
    with pytest.raises(JobError, match=r"00000001: must be whole, but is not"):
        gather(plan)


def begin_anew(plan, *, asked):
    """As somebody does who removes the list by hand, while a worker is at it."""
    shutil.rmtree(plan.folder)
    return make_plan(
        plan.folder, [str(number) for number in range(plan.count)], shards=1, asked=asked, chunk=3
    )


@pytest.mark.parametrize("asked", [{}, {"score": 0.3}])
def test_a_worker_whose_list_was_removed_adds_nothing_to_the_next_one(tmp_path, asked):
    plan = make(tmp_path, map(str, range(6)))

    def remove_meanwhile(items, folder):
        taken = [number for number, _ in items]
        begin_anew(plan, asked=asked)
        (folder / "more").mkdir(parents=True)  # as whoever writes below it would
        return {"count": len(taken)}

    with pytest.raises(JobError, match="another has taken its place" if asked else "is not there any more"):
        work_on(plan, 1, lambda: remove_meanwhile)
    new = read_plan(plan.folder)
    assert list(find_missing(new)) == [0, 1]
    work(new)
    assert gather(new) == [str(number) for number in range(6)]


def test_a_worker_whose_list_was_removed_stops_before_the_next_item(tmp_path):
    plan = make(tmp_path, map(str, range(6)))
    seen = tmp_path / "seen"

    def remove_meanwhile(items, folder):
        for number, _ in items:
            with seen.open("a") as stream:
                stream.write(str(number))
            begin_anew(plan, asked={})
        return {}

    with pytest.raises(JobError, match="was removed"):
        work_on(plan, 1, lambda: remove_meanwhile)
    assert seen.read_text() == "0"


def test_nobody_works_on_or_gathers_a_list_that_another_has_taken_the_place_of(tmp_path):
    old = make(tmp_path, map(str, range(6)))
    new = begin_anew(old, asked={"score": 0.3})
    place = Place(tmp_path / "place")
    for deed in (
        lambda: work(old),
        lambda: worker._do_chunk(old, 0, copy_out, place),
        lambda: gather_once(old, dict),
        lambda: finish(old, {}),
    ):
        with pytest.raises(JobError, match="another has taken its place"):
            deed()
    place.close()
    assert list(find_missing(new)) == [0, 1] and read_gathered(new) is None
    assert not list(new.part(0).parent.iterdir())


def test_items_that_end_the_process_are_not_in_a_row_where_others_succeed_between(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "IN_A_ROW", 2)
    plan = make(tmp_path, ["crashes-1", "a", "crashes-2", "b"], chunk=4)
    work(plan)
    assert gather(plan) == ["a", "b"] and len(list(find_set_aside(plan))) == 2


def test_only_the_items_that_are_forgotten_are_not_suspected_any_more(tmp_path):
    plan = make(tmp_path, ["a", "b", "c", "d"])
    for number in (0, 1, 1, 2, 3):
        note_death(plan, Death(number=number, reason="crashed", sure=True))
    forget_deaths(plan, [0, 2])
    assert [death.number for chunk in (0, 1) for death in read_deaths(plan, chunk)] == [1, 1, 3]


def test_everything_in_a_part_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    plan = make(tmp_path, ["a"])
    done, sync, rename = [], os.fsync, Path.rename

    def note_sync(descriptor):
        done.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    def note_rename(path, target):
        done.append("named")
        return rename(path, target)

    def go_deep(items, folder):
        (folder / "deep").mkdir()
        (folder / "deep" / "picture").write_text("painted")
        return copy_out(items, folder)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    place = Place(tmp_path / "place")
    worker._do_chunk(plan, 0, go_deep, place)
    place.close()
    part = plan.part(0)
    inside = [part, *(part / name for name in ("done.json", "lines", "deep", "deep/picture"))]
    assert {path.stat().st_ino for path in inside} <= {*done[: done.index("named")]}
    assert done[done.index("named") + 1] == part.parent.stat().st_ino


def test_a_worker_that_ends_after_its_list_was_removed_is_held_against_nobody_in_the_next_one(tmp_path):
    plan = make(tmp_path, map(str, range(6)))

    def end_meanwhile(items, folder):
        next(items)
        begin_anew(plan, asked={"score": 0.3})
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(JobError, match="another has taken its place"):
        work_on(plan, 1, lambda: end_meanwhile)
    assert not list(plan.suspects.iterdir())
