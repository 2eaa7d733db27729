"""Shards as jobs of every engine, killed at random and run twice: each item once, and only bad ones left out."""

import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.engines.test_engines import ENGINES, all_ended, work
from workbench.jobs.folder import read_json
from workbench.jobs.job import FINISHED, RUNNING, Job
from workbench.jobs.queue import Queue
from workbench.sharding.gather import read_lines, read_parts, require_whole
from workbench.sharding.plan import Plan, make_plan
from workbench.sharding.quarantine import UNSURE

PROGRAM = Path(__file__).resolve().parents[2] / "sharding" / "work.py"
BAD = ("crashes", "hangs", "raises", "eats")


@pytest.fixture(params=ENGINES)
def pattern(request: pytest.FixtureRequest) -> Job:
    """What all jobs have in common."""
    name = str(request.param)
    found = {} if name == "local" else request.getfixturevalue(f"on_{name}")
    options = found if name == "ray" else {}
    return Job(command=(), place="/", engine=name, options=options, group="shards", retries=1)


def make(folder: Path, count: int, bad: tuple[str, ...], *, shards: int) -> Plan:
    names = [f"{number:03d}" for number in range(count)]
    for place, what in enumerate(bad, 1):
        names[place * count // (len(bad) + 1)] = what
    return make_plan(folder / "plan", names, shards=shards, asked={}, chunk=4)


def ask(queue: Queue, pattern: Job, plan: Plan, shard: int, **environment: str) -> int:
    words = (sys.executable, "-S", str(PROGRAM), str(plan.folder), str(shard))
    return queue.submit(replace(pattern, command=words, environment=environment))


def kill_something(queue: Queue, chance: random.Random, killed: Counter[str]) -> int:
    """Kill a keeper, a watcher or a whole job, as a failing machine would, but none at one item a third time."""
    entries = [one for one in queue.entries((RUNNING,)) if killed[one.job.command[-1]] < UNSURE - 1]
    chosen = chance.choice(entries) if entries else None
    status = read_json(queue.folder(chosen.number).status) if chosen else None
    if not chosen or not status:
        return 0
    try:
        if chance.random() < 0.3:
            os.kill(int(status["keeper"]), signal.SIGKILL)
        else:
            os.killpg(int(status["group"]), signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return 0
    killed[chosen.job.command[-1]] += 1
    return 1


def require_all_once(plan: Plan, bad: tuple[str, ...]) -> None:
    require_whole(plan)
    found = [line.decode().split()[1] for line in read_lines(plan, "lines")]
    aside = [one.item for part in read_parts(plan) for one in part.set_aside]
    assert aside == list(bad)
    everything = [item for chunk in range(plan.chunks) for _, item in plan.read_chunk(chunk)]
    assert found == [item for item in everything if item not in bad]


def test_bad_items_are_set_aside_and_twins_do_no_harm(queue: Queue, pattern: Job, tmp_path: Path) -> None:
    plan = make(tmp_path, 60, BAD, shards=2)
    for shard in (1, 2, 1, 2):
        ask(queue, pattern, plan, shard, SECONDS="2")
    work(queue, lambda: all_ended(queue), seconds=150)
    assert {entry.state for entry in queue.entries()} == {FINISHED}
    require_all_once(plan, BAD)


def test_kills_lose_nothing_and_blame_nobody(queue: Queue, pattern: Job, tmp_path: Path) -> None:
    plan = make(tmp_path, 80, (), shards=3)
    for shard in (1, 2, 3, 2):
        ask(queue, pattern, plan, shard, PACE="0.05")
    chance, next_kill, kills, killed = random.Random(1), time.monotonic(), 0, Counter[str]()

    def disturb() -> bool:
        nonlocal next_kill, kills
        if time.monotonic() > next_kill:
            kills += kill_something(queue, chance, killed)
            next_kill = time.monotonic() + 0.4
        return all_ended(queue)

    work(queue, disturb, seconds=150)
    assert {entry.state for entry in queue.entries()} == {FINISHED}
    assert kills >= 4
    require_all_once(plan, ())
