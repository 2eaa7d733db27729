"""Kills whatever serves a search, at random, and sees that every trial ends once: python -m tests.sweeps.chaos.

Daemons, keepers, trials and trainings are killed with SIGKILL. Some jobs fail for good, some are stopped; their trials
must become failed. The trainings are stand-ins whose score is known, so that a value that was lost or mixed up is seen.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.sweeps.searches import make_search, submit_search
from tests.sweeps.stand_in import STEPS, measure
from workbench.jobs.job import FAILED, FINAL, FINISHED, RUNNING
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room
from workbench.jobs.waking import find_daemon, wake
from workbench.sweeps.curve import read_curve
from workbench.sweeps.plan import name_runs, read_plan
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.search import NUMBER, SearchTrial, open_study
from workbench.sweeps.settling import list_trials

KINDS = {
    b"workbench.jobs.daemon": "daemon",
    b"workbench.jobs.keeper": "keeper",
    b"workbench.sweeps.trial": "trial",
    b"stand_in.py": "training",
}


@dataclass(slots=True)
class Result:
    """What came of it."""

    trials: tuple[SearchTrial, ...] = ()
    jobs: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_chaos(place: Path, *, count: int, kills: int, workers: int, seed: int = 0) -> Result:
    """Search with one kind that always fails, under kills, to the end; look at all that is left."""
    chance, result, began = random.Random(seed), Result(), time.monotonic()
    folder = make_search(place / "p", axes={"lr": "0.0001..2", "kind": "a|b|x"}, count=count)
    queue = Queue(place / "home")
    write_room(queue.home, Room(cores=workers))
    numbers = submit_search(queue, folder, count, retries=1)
    unwanted = numbers[count // 2]  # somebody stops it while it runs
    try:
        while queue.has_open():
            if time.monotonic() - began > 60 + 5 * kills:
                result.wrong.append("it took too long")
                break
            wake(queue.home)
            if queue.find(unwanted).state == RUNNING:
                queue.ask_to_stop(unwanted)
            time.sleep(chance.uniform(0.05, 0.35))
            _kill_one(place, chance, kills, result.kills)
    finally:
        _end(queue, place)
    result.jobs = Counter(entry.state for entry in queue.entries())
    result.wrong += [f"job {one.number} is {one.state}" for one in queue.entries() if one.state not in FINAL]
    result.trials = list_trials(folder)
    result.wrong += _judge(folder, queue, numbers, result.trials)
    result.seconds = time.monotonic() - began
    queue.close()
    return result


def _kill_one(place: Path, chance: random.Random, kills: int, killed: Counter[str]) -> None:
    alive: dict[str, list[int]] = {}
    for kind, process in find_servants(place):
        alive.setdefault(kind, []).append(process)
    ripe = "training" in alive or chance.random() < 0.1  # who kills sooner than anything begins shows nothing
    if ripe and alive and killed.total() < kills:
        kind = chance.choice(sorted(alive))
        try:
            os.kill(chance.choice(alive[kind]), signal.SIGKILL)
        except ProcessLookupError:
            return
        killed[kind] += 1


def find_servants(place: Path) -> Iterator[tuple[str, int]]:
    """Every process that belongs to what lies below a folder."""
    for found in Path("/proc").glob("[0-9]*"):
        try:
            words = (found / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(place) in words and not words.startswith(b"/bin/sh"):
            yield from ((kind, int(found.name)) for name, kind in KINDS.items() if name in words)


def _judge(
    folder: SweepFolder, queue: Queue, numbers: list[int], trials: tuple[SearchTrial, ...]
) -> Iterator[str]:
    """Yield what is not as it must be."""
    plan = read_plan(folder)
    raw = [one for one in open_study(folder, plan).get_trials() if NUMBER in one.user_attrs]
    ended = Counter(one.user_attrs[NUMBER] for one in raw if one.state.name in ("COMPLETE", "PRUNED"))
    yield from (f"trial {number} ended {times} times" for number, times in ended.items() if times > 1)
    yield from (f"trial {one.user_attrs[NUMBER]} runs for ever" for one in raw if one.state.name == "RUNNING")
    seen = [trial.number for trial in trials]
    if len(set(seen)) < len(seen):
        yield f"numbers are there twice: {seen}"
    states = {one.number: one.state for one in trials}
    for place, job in enumerate(numbers, 1):
        end, state = queue.find(job), states.get(place, "not begun")
        good = state in ("complete", "pruned")
        if (end.state == FINISHED and not good) or (
            end.state == FAILED and good
        ):  # one is stopped, early or late
            yield f"job {job} is {end.state} ({end.reason}), but its trial is {state}"
    for trial in trials:
        (run,) = name_runs(folder, plan, trial.number)
        lr, kind = float(trial.values["lr"]), trial.values["kind"]
        curve = read_curve(run)
        if trial.state == "complete":
            if (
                abs((trial.value or 0.0) - measure(lr, kind) * (1 if measure(lr, kind) > 0 else 1 / STEPS))
                > 1e-9
            ):
                yield f"trial {trial.number} has {trial.value} for {lr} and {kind}"
            if sorted(curve) != list(range(1, STEPS + 1)) or dict(trial.curve) != curve:
                yield f"trial {trial.number} has steps {sorted(curve)}, and told {sorted(trial.curve)}"
        if kind == "x" and trial.state != "failed":
            yield f"trial {trial.number} of kind x is {trial.state}"


def _end(queue: Queue, place: Path) -> None:
    """Leave nothing behind."""
    server = find_daemon(queue.home)
    if server:
        os.kill(server, signal.SIGTERM)
    for _, process in find_servants(place):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def describe(result: Result) -> str:
    states = Counter(trial.state for trial in result.trials)
    killed = ", ".join(f"{number} of a {kind}" for kind, number in sorted(result.kills.items()))
    return (
        f"{len(result.trials)} trials, {result.kills.total()} kills ({killed}): trials {dict(states)}, "
        f"jobs {dict(result.jobs)}, {len(result.wrong)} wrong; {result.seconds:.0f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    typed = parser.parse_args()
    os.environ.setdefault("STAND_IN_PAUSE", "0.3")
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        place = Path(name)
        result = run_chaos(
            place, count=typed.trials, kills=typed.kills, workers=typed.workers, seed=typed.seed
        )
    sys.stdout.write("\n".join([describe(result), *result.wrong]) + "\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
