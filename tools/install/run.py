"""The run: which steps are asked for, which of them are stale, and doing those."""

import argparse
import fcntl
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.install.advice import advise, find_lack_of_space, find_reason
from tools.install.environment import Environment, find_installed
from tools.install.pip import Pip, StepFailed
from tools.install.screen import StepLine
from tools.install.stamps import clear_broken, drop_stamp, is_fresh, make_key, write_stamp
from tools.install.steps import FIRST, STEPS, TARGETS, Step, pinned_names
from tools.install.venv import open_environment

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Install what is missing of the named steps."""
    options = build_parser().parse_args(arguments)
    where = Where()
    try:
        return install(options.what, options.venv, where)
    except StepFailed as error:
        report(error, where)
    except OSError as error:
        report(StepFailed(f"{error.strerror}", f"ERROR: {error}"), where)
    except KeyboardInterrupt:
        print(f"\nInterrupted in step {where.step}; the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    return 1


class Where:
    """How far the run has come, for the words when it ends early."""

    def __init__(self) -> None:
        self.step, self.megabytes = "venv", 100
        self.environment: Environment | None = None


def build_parser() -> argparse.ArgumentParser:
    """Names of targets and of steps."""
    steps = "\n".join(f"  {step.name:<11} {step.brings}" for step in STEPS)
    targets = "\n".join(f"  {name:<11} {' '.join(names)}" for name, names in TARGETS.items())
    parser = argparse.ArgumentParser(
        prog="python3 -m tools.install",
        description="Install what is missing, and nothing else.",
        epilog=f"steps:\n{steps}\n\ntargets:\n{targets}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = [*TARGETS, *(step.name for step in STEPS)]
    parser.add_argument("what", nargs="+", choices=known, metavar="STEP", help="steps or targets")
    parser.add_argument(
        "--venv", default=".venv", help='a folder (made if missing), or "active"; default .venv'
    )
    return parser


def install(what: Sequence[str], venv: str, where: Where) -> int:
    """Open the environment, do the stale steps in order, check the whole."""
    start = time.monotonic()
    environment = where.environment = open_environment(venv)
    steps = find_steps(what)
    with locked(environment):
        mend(environment)
        stale = [step for step in steps if is_stale(step, environment)]
        for step in stale:
            where.step, where.megabytes = step.name, step.megabytes
            do(step, environment)
        if stale:
            where.step = "check"
            check(environment)
    named, passed = ", ".join(step.name for step in steps), time.monotonic() - start
    word = "Now there" if stale else "Nothing to install"
    print(f"{word}: {named} (Python {environment.version} in {venv}; {passed:.1f} s)", flush=True)
    return 0


def mend(environment: Environment) -> None:
    """What an interrupted install, or somebody, left half there is taken as not installed."""
    installed = find_installed(environment.packages).items()
    repacked = {name for name, version in installed if version.endswith("+repack")}
    if broken := clear_broken(environment, pinned_names() | repacked):
        print(f"Only half there, to be installed again: {', '.join(broken)}", flush=True)


def find_steps(what: Sequence[str]) -> list[Step]:
    """Targets become their steps, and steps what they cannot do without, each once and in order."""
    names = {"core"}
    for name in what:
        for step in TARGETS.get(name, (name,)):
            names |= {step, *FIRST.get(step, ())}
    return [step for step in STEPS if step.name in names]


def key_of(step: Step, environment: Environment) -> str:
    """What the step would be made from today."""
    return make_key(step.name, environment.version, *step.inputs())


def is_stale(step: Step, environment: Environment) -> bool:
    """Is there something to do?"""
    if step.settled(environment):
        return False
    return not (is_fresh(environment, step.name, key_of(step, environment)) and step.there(environment))


def do(step: Step, environment: Environment) -> None:
    """One step: is there room, then the installing, then the stamp."""
    line = StepLine(step.name, step.brings)
    if room := find_lack_of_space(environment.prefix, Path(tempfile.gettempdir()), step.megabytes):
        line.end("no room")
        raise StepFailed("there is too little room", f"ERROR: No space left on device for this: {room}")
    drop_stamp(environment, step.name)
    try:
        how = step.install(Pip(environment, step.name, line))
    except BaseException as error:
        line.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    write_stamp(environment, step.name, key_of(step, environment), step.names())
    line.end(how or "")


def check(environment: Environment) -> None:
    """`pip check`: in a person's own environment other things may have been at odds before, so there it only tells."""
    line = StepLine("check", "pip check")
    try:
        Pip(environment, "check", line).run("check")
    except StepFailed as error:
        line.end("not clean")
        if environment.own:
            raise
        print("\n".join(f"    {reason}" for reason in find_reason(error.log)), flush=True)
        return
    line.end()


@contextmanager
def locked(environment: Environment) -> Iterator[None]:
    """Two installs at once would trip over each other: the second waits."""
    environment.records.mkdir(parents=True, exist_ok=True)
    with (environment.records / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another install is running in this environment; waiting for it …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def report(error: StepFailed, where: Where) -> None:
    """Which step, why, and what to do."""
    environment = where.environment
    minor = environment.minor if environment else ".".join(map(str, sys.version_info[:2]))
    prefix = environment.prefix if environment else Path.cwd()
    lines = [
        f"\nStep {where.step} failed: {error.what}",
        *(f"    {reason}" for reason in find_reason(error.log)),
    ]
    advice = error.advice or advise(error.log, minor=minor, prefix=prefix, megabytes=where.megabytes)
    lines.append(f"  → {advice}")
    log = environment.records / f"{where.step}.log" if environment else None
    if log and log.is_file() and log.stat().st_size:
        lines.append(
            f"  The whole log: {log.relative_to(Path.cwd()) if log.is_relative_to(Path.cwd()) else log}"
        )
    print("\n".join(lines), file=sys.stderr, flush=True)
