"""Kill one of two processes that train together; the group comes back and ends like one that nobody disturbed.

python -m tests.durability.ranks --kills 20
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.durability.server import Server
from tests.durability.tiny import KINDS
from tests.durability.trials import PATIENCE, Trials, fingerprint, is_alive, wait_for_step

WORLD = 2
MOST = 3  # kills in one run
TOGETHER = ("--gpus", str(WORLD))
# Two images a process, in two parts; long enough for something to happen.
MORE = {"batch": 4, "steps": 24, "evaluate_every": 12, "checkpoint_every": 3}


def find_ranks(run: Path) -> dict[int, int]:
    """The processes that train in a run folder, by their rank, as the system lists them."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(run).encode() in (place / "cmdline").read_bytes():
                words = (place / "environ").read_bytes().split(b"\0")
                ranks = [int(word[5:]) for word in words if word.startswith(b"RANK=")]
                if ranks and not _is_worker(place):
                    found[ranks[0]] = int(place.name)
    return found


def _is_worker(place: Path) -> bool:
    """A data worker is a fork of its rank: it has the same command line."""
    parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
    return b"RANK=" in Path(f"/proc/{parent}/environ").read_bytes().replace(b"_RANK=", b"")


def _watch(run: Path, process: int, former: dict[int, int]) -> Iterator[dict[int, int]]:
    """Yield the new ranks again and again, for as long as the launcher lives."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and is_alive(process):
        ranks = find_ranks(run)
        if len(ranks) == WORLD and not set(ranks.values()) & set(former.values()):
            yield ranks
        time.sleep(0.05)


def wait_for_a_step(
    run: Path, process: int, former: dict[int, int], *, early: bool = False
) -> dict[int, int]:
    """Wait for ranks other than the former ones, mostly until they took a step; none where it is over."""
    steps, begun = run / "speed.jsonl", None
    for ranks in _watch(run, process, former):
        size = steps.stat().st_size if steps.exists() else 0
        begun = size if begun is None else min(begun, size)  # a start cuts off what is behind its checkpoint
        if early or size > begun:
            return ranks
    return {}


def kill_one(run: Path, process: int, former: dict[int, int], chance: random.Random) -> dict[int, int]:
    """Kill a rank at a random moment, mostly one in which the group takes steps; return those that were there."""
    ranks = wait_for_a_step(run, process, former, early=chance.random() < 0.25)
    time.sleep(chance.uniform(0, 1.0) if ranks else 0)
    with suppress(ProcessLookupError, KeyError):
        os.kill(ranks[chance.randrange(WORLD)], signal.SIGKILL)
        return ranks
    return {}


def kill_then_stop(trials: Trials, number: int, chance: random.Random) -> tuple[int, str, list[str]]:
    """Kill a rank, let it come back, ask the launcher to stop, and go on; return its code, its words, what differs."""
    run = trials.copy(0)
    record = json.loads((run / "run.json").read_bytes())
    (run / "run.json").write_text(json.dumps(record | {"world": 1}))  # as if it had been begun by one process
    process = trials.start(run, *TOGETHER)
    ranks = kill_one(run, process, {}, chance)
    trials.counts["kills"] += len(ranks) == WORLD
    if wait_for_a_step(run, process, ranks):
        os.kill(process, signal.SIGTERM)
    code, told = trials.server.wait(process).code, trials.told(run)
    codes = [end.code for end in trials.go_on_as_group(run)]
    return code, told, trials.judge(run, max(codes), number)


def kill_in_one_run(trials: Trials, number: int, chance: random.Random, most: int) -> list[str]:
    """Kill up to so many ranks of one run that torchrun brings back; return what differs in the end."""
    run = trials.copy(0)
    process, ranks = trials.start(run, *TOGETHER), {}
    for _ in range(most):
        ranks = kill_one(run, process, ranks, chance)
        if not ranks:
            break
        trials.counts["kills"] += 1
    end = trials.server.wait(process)
    trials.counts["trainings"] += 1
    return trials.judge(run, end.code, number)


def kill_and_resume(trials: Trials, number: int, steps: tuple[int, ...]) -> list[str]:
    """Kill the last rank at these steps, and go on each time; what is left of a group must end by itself."""
    run, wrong = trials.copy(0), []
    for step in steps:
        processes = trials.start_group(run)
        if wait_for_step(run, step, processes[0]):
            os.kill(processes[-1], signal.SIGKILL)
        codes = [trials.server.wait(process).code for process in processes]
        trials.counts["kills"] += codes[-1] == -9
        wrong += [] if codes == [1] * (WORLD - 1) + [-9] else [f"step {step}: ended with {codes}"]
    codes = [end.code for end in trials.go_on_as_group(run)]
    return wrong + trials.judge(run, max(codes), number)


def prepare(server: Server, home: Path, kind: str) -> Trials:
    """Train once, undisturbed and without torchrun: what its groups end in must be equal to that, too."""
    trials = Trials(kind, home / kind, server, more=MORE, world=WORLD)
    trials.begin()
    run = trials.copy(0)
    codes = [end.code for end in trials.go_on_as_group(run)]
    assert codes == [0] * WORLD, trials.told(run)
    trials.whole = fingerprint(run)
    run.rename(trials.home / "undisturbed")
    return trials


def kill_ranks(trials: Trials, kills: int, seed: int = 0) -> list[str]:
    """Kill so many ranks of runs of one kind; return what went wrong."""
    chance, number, wrong = random.Random(f"{seed} {trials.kind}"), 0, []
    while trials.counts["kills"] < kills:
        wrong += kill_in_one_run(trials, number, chance, min(MOST, kills - trials.counts["kills"]))
        number += 1
    return wrong


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    args = parser.parse_args()
    home, server, failed = Path(tempfile.mkdtemp(prefix="workbench-ranks-")), Server(), 0
    try:
        for place, kind in enumerate(args.kinds):
            began, count = time.monotonic(), len(args.kinds)
            kills = args.kills * (place + 1) // count - args.kills * place // count
            trials = prepare(server, home, kind)
            wrong = kill_ranks(trials, kills, args.seed)
            sys.stdout.write("".join(f"{line}\n" for line in wrong))
            seconds = time.monotonic() - began
            sys.stdout.write(f"{kind}: {dict(trials.counts)}, {len(wrong)} runs differ, {seconds:.0f} s\n")
            failed += len(wrong)
    finally:
        server.close()
    if not failed:
        shutil.rmtree(home)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
