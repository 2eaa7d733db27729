"""Throws mutated Labelme files at `workbench check` and `convert`: python -m tests.fuzz.labelme --count 100000

Every batch is a folder in a child process with little memory, watched for whatever it touches outside its folders.
A batch that crashes, stands still or lies is halved until the guilty files are left; those are kept to be looked at.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # each thread would take address space that children are short of

from tests.fuzz import drawn
from tests.fuzz.batch import WAYS, Mutant, Palette, breed, run_batch
from tests.fuzz.guard import run_in_child
from workbench.parallel import die_with_parent

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "labelme_corpus"
SECONDS = 120


@dataclass(slots=True)
class Tally:
    """How the files ended, and what must not have happened."""

    ends: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what another batch came to."""
        self.ends.update(other.ends)
        self.crashes += other.crashes
        self.problems += other.problems


@dataclass(frozen=True, slots=True)
class Batch:
    """All that a batch follows from."""

    seed: int
    number: int
    size: int

    @property
    def way(self) -> str:
        """Which command converts it; they take turns."""
        return WAYS[self.number % len(WAYS)]


def main(words: Sequence[str] | None = None) -> int:
    """Run, print the table, and return 1 when anything was lost."""
    args = _parse(words)
    memory = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    sizes = [min(args.batch, args.count - first) for first in range(0, args.count, args.batch)]
    batches = [Batch(args.seed, number, size) for number, size in enumerate(sizes)]
    started, tally = time.monotonic(), Tally()
    try:
        sound = drawn.draw_pictures(home / "pictures")
        palette = Palette(drawn.read_corpus(args.corpus), sound, drawn.odd_pictures(home / "pictures"))
        forking = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(args.workers, forking, die_with_parent, (os.getpid(),)) as pool:
            for done, one in enumerate(pool.map(partial(run, home, palette, args.keep), batches), 1):
                tally.add(one)
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{done} of {len(batches)} batches")
        _print(tally, args, time.monotonic() - started)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if tally.crashes or tally.problems else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2_000, help="files (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed makes the same files (%(default)s)"
    )
    parser.add_argument("--batch", type=int, default=250, help="files in a folder (%(default)s)")
    parser.add_argument(
        "--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes (%(default)s)"
    )
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, help="real files to spoil besides the drawn ones"
    )
    parser.add_argument("--keep", type=Path, help="where guilty files are kept")
    return parser.parse_args(words)


def run(home: Path, palette: Palette, keep: Path | None, batch: Batch) -> Tally:
    """Run one batch in a child; where that ends badly, find the files that do it."""
    folder = home / f"{batch.number}"
    random = Random(f"{batch.seed}/{batch.number}")
    mutants = [breed(random, palette, number, folder) for number in range(batch.size)]
    tally = _try(folder, batch, mutants)
    if tally.crashes or any(not problem.startswith("file ") for problem in tally.problems):
        guilty = _narrow(folder, batch, mutants)
        tally.problems.append(f"batch {batch.number} ({batch.way}): by {[mutant.name for mutant in guilty]}")
        _keep(keep, batch, guilty)
    named = {problem.split(": ")[0] for problem in tally.problems}
    _keep(keep, batch, [mutant for mutant in mutants if f"file {mutant.name!r}" in named])
    return tally


def _try(folder: Path, batch: Batch, mutants: Sequence[Mutant]) -> Tally:
    shutil.rmtree(folder, ignore_errors=True)
    end = run_in_child(lambda guard: run_batch(guard, folder, batch.way, mutants), SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    if end.failure:
        return Tally(crashes=[f"batch {batch.number} ({batch.way}): {end.failure}"])
    said = [f"file {name!r}: {text} ({batch.way})" if name else text for name, text in end.answer["problems"]]
    return Tally(ends=Counter(end.answer["ends"]), problems=said)


def _narrow(folder: Path, batch: Batch, mutants: Sequence[Mutant]) -> Sequence[Mutant]:
    """Halve a folder for as long as one of its halves ends as badly."""
    while len(mutants) > 1:
        middle = len(mutants) // 2
        for half in (mutants[:middle], mutants[middle:]):
            tally = _try(folder, batch, half)
            if tally.crashes or any(not problem.startswith("file ") for problem in tally.problems):
                mutants = half
                break
        else:
            return mutants
    return mutants


def _keep(keep: Path | None, batch: Batch, mutants: Sequence[Mutant]) -> None:
    for number, mutant in enumerate(mutants) if keep else ():
        place = keep / f"{batch.seed}-{batch.number}-{batch.way}-{number}"
        place.mkdir(parents=True, exist_ok=True)
        (place / Path(mutant.name).name).write_bytes(mutant.content)
        if mutant.picture:
            shutil.copy(
                mutant.picture, place / f"{Path(mutant.name).name.rpartition('.')[0]}{mutant.picture.suffix}"
            )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print(tally: Tally, args: argparse.Namespace, seconds: float) -> None:
    for end, number in sorted(tally.ends.items(), key=lambda item: (-item[1], item[0])):
        _say(f"{number:>8,}  {end}")
    total = tally.ends.total()
    _say(f"{total:>8,}  files of seed {args.seed} in {seconds:.0f} s: {total / seconds:.0f} a second")
    _say(f"{len(tally.crashes):>8,}  crashes, {len(tally.problems)} problems")
    for line in (*tally.crashes, *tally.problems)[:40]:
        _say(f"    {line[:2500]}")


if __name__ == "__main__":
    raise SystemExit(main())
