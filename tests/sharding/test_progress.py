"""Shards that work: what is done stays done, and an item that ends its process costs nobody else anything."""

import os

import pytest

from tests.sharding.work import behave, copy_out
from workbench.errors import IO_FAILED, JobError, OutputError
from workbench.sharding.gather import (
    find_missing,
    finish,
    read_gathered,
    read_lines,
    read_parts,
    require_whole,
)
from workbench.sharding.plan import make_plan
from workbench.sharding.progress import Limits, describe_progress, measure_memory, work_on
from workbench.sharding.standing import Share, find_set_aside, read_shares


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
    with pytest.raises(JobError, match="3 ended elsewhere"):
        work_on(plan, 1, lambda: behave("crashes"))


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
