"""Kill trainings at random moments, go on with them until they are done, and compare with runs that nobody disturbed.

python -m tests.durability.kills --kills 1000
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.durability.server import Server
from tests.durability.tiny import KINDS
from tests.durability.trials import Trials

WORKERS = (0, 1, 2)


def try_once(trials: Trials, number: int, chance: random.Random, most: int) -> list[str]:
    """Kill one run up to `most` times; return what differs in the end."""
    run, left = trials.copy(WORKERS[number % len(WORKERS)]), most
    while left:
        end = trials.go_on(run, kill_after=chance.uniform(0.02, 0.5 * trials.seconds))
        if end.code != -9:
            break
        left -= 1
        trials.counts["kills"] += 1
        trials.counts["temporary files left"] += len(list(run.rglob(".*.tmp")))
    else:
        end = trials.go_on(run)
    trials.counts["trainings"] += 1
    return trials.judge(run, end.code, number)


def kill_many(
    home: Path, kills: int, seed: int, kinds: tuple[str, ...] = tuple(KINDS)
) -> tuple[Counter[str], list[str]]:
    """Spread so many kills over the kinds; return the counts and what went wrong."""
    server, wrong, counts = Server(), [], Counter()
    try:
        for place, kind in enumerate(kinds):
            trials = Trials(kind, home / kind, server, WORKERS)
            chance, number = random.Random(f"{seed} {kind}"), 0
            trials.prepare()
            wanted = kills * (place + 1) // len(kinds) - kills * place // len(kinds)
            while trials.counts["kills"] < wanted:
                most = min(chance.choice((4, 8, 16)), wanted - trials.counts["kills"])
                wrong += try_once(trials, number, chance, most)
                number += 1
            counts += trials.counts
    finally:
        server.close()
    return counts, wrong


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="workbench-kills-"))
    began = time.monotonic()
    counts, wrong = kill_many(home, args.kills, args.seed, tuple(args.kinds))
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{dict(counts)}, {len(wrong)} runs differ, {seconds:.0f} s, seed {args.seed}\n")
    if not wrong:
        shutil.rmtree(home)
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
