"""Let a real training die at each moment of its saves, go on with it, and compare with one that nobody disturbed.

python -m tests.durability.crashes
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.durability.server import Server
from tests.durability.tiny import KINDS
from tests.durability.trials import Trials, find_spoiled
from workbench.engine.training import crash

# Each checkpoint removes the one before; one evaluation, whose weights are the best.
SHORT = {"steps": 3, "warmup": 1, "checkpoint_every": 1, "evaluate_every": 3, "keep": 1, "accumulate": 1}
SAVES = ("first checkpoint", "second checkpoint", "best weights", "last checkpoint", "final weights")
# The same with room for a chain of deaths, of which the last ones each leave a checkpoint behind.
LONGER = SHORT | {"steps": 8, "evaluate_every": 8}
CHAIN = 15  # moments of a save that removes an older checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The n-th moment of a training at which it can be asked to die."""

    number: int
    save: str
    name: str


def trace_moments(path: Path, dies: Sequence[int] = ()) -> None:
    """Let this process write down each moment that it comes to, and die at the m-th moment of its n-th save."""
    place = [0, 0]

    class Recorder:
        def __next__(self) -> int:
            name = sys._getframe(1).f_locals["_moment"]
            with path.open("a") as stream:
                stream.write(f"{name}\n")
            place[:] = [place[0] + 1, 1] if name == "opened" else [place[0], place[1] + 1]
            return 1 if place == list(dies) else 0

    crash.os.environ[crash.VARIABLE] = "1"
    crash._passed = Recorder()  # type: ignore[assignment]


def list_moments(trials: Trials) -> list[Moment]:
    """Train once, undisturbed, and return the moments that it came to."""
    trace = trials.home.with_suffix(".moments")
    trials.prepare(trace=str(trace))
    names, saves, moments = trace.read_text().splitlines(), iter(SAVES), []
    save = ""
    for number, name in enumerate(names, start=1):
        save = next(saves) if name == "opened" else save
        moments.append(Moment(number=number, save=save, name=name))
    return moments


def crash_at(trials: Trials, moment: Moment) -> list[str]:
    """Die there; return what is spoiled then, and what differs once the run was gone on with."""
    run = trials.copy(0)
    end = trials.go_on(run, environment={crash.VARIABLE: str(moment.number)})
    if end.code != -9:
        return [f"{moment}: must die, but ended with {end.code}: {trials.told(run)[-2000:]}"]
    wrong = [f"{moment}: {error}" for error in find_spoiled(run)]
    code = trials.go_on(run).code
    return wrong + [f"{moment}: {line}" for line in trials.judge(run, code, moment.number)]


def crash_in_a_chain(server: Server, home: Path, kind: str) -> tuple[list[str], list[str]]:
    """Die at the first moment of a run's second save, go on, die at the second one, and so on; then let it finish.

    Return the names of the moments, and what went wrong. It takes half the time of a run for each. The first save of
    a run that goes on is that of its own step; the next one removes what was before.
    """
    trials = Trials(kind, home / kind, server, more=LONGER)
    trials.prepare()
    run, died, wrong = trials.copy(0), [], []
    for number in range(1, CHAIN + 1):
        trace = home / f"{kind}-{number}"
        end = trials.go_on(run, trace=str(trace), dies=[2, number])
        died.append(trace.read_text().splitlines()[-1])
        wrong += [f"{died[-1]}: must die, but ended with {end.code}"] if end.code != -9 else []
        wrong += [f"{died[-1]}: {error}" for error in find_spoiled(run)]
    code = trials.go_on(run).code
    return died, wrong + trials.judge(run, code, "chain")


def crash_everywhere(
    server: Server, home: Path, kind: str, saves: Sequence[str] = SAVES
) -> tuple[list[Moment], list[str]]:
    """Die at each moment of these saves of one kind of model; return the moments and what went wrong."""
    trials = Trials(kind, home / kind, server, more=SHORT)
    moments = [moment for moment in list_moments(trials) if moment.save in saves]
    return moments, [line for moment in moments for line in crash_at(trials, moment)]


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    args = parser.parse_args()
    home, server = Path(tempfile.mkdtemp(prefix="workbench-crashes-")), Server()
    began, failed = time.monotonic(), 0
    try:
        for kind in args.kinds:
            moments, wrong = crash_everywhere(server, home, kind)
            sys.stdout.write("".join(f"{line}\n" for line in wrong))
            sys.stdout.write(f"{kind}: {len(moments)} moments, {len(wrong)} complaints\n")
            failed += len(wrong)
    finally:
        server.close()
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    if not failed:
        shutil.rmtree(home)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
