"""One shard, chunk by chunk: a watcher that hardly does anything, and a worker that it forks, loses, and forks again.

A shard may be killed at any time, run twice, or run twice at once: chunks that are done are passed over, and of two
that do the same chunk the first one wins.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from workbench.errors import FAILED, OUT_OF_MEMORY, TERMINATED, JobError
from workbench.files import claim
from workbench.sharding.gather import clear
from workbench.sharding.plan import Plan, require_current
from workbench.sharding.quarantine import Death, forget_deaths, judge, note_death
from workbench.sharding.worker import HELD, NONE, OpenWork, Place, fork_worker, read_last_words

TURN = 0.02  # seconds between two looks at the worker
NEWS = 10.0  # seconds between two lines about how it goes
IN_A_ROW = 10  # items set aside without one that could be done: then it is not the items
STARTS = 3  # deaths while no item was begun
ASKED_TO_END = (*HELD, signal.SIGHUP)
PAGE = os.sysconf("SC_PAGE_SIZE")

Tell = Callable[[str], object]
Name = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one item may take before its process is ended; 0 is any."""

    seconds: float = 600.0
    memory: int = 0  # bytes of the whole worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a watcher needs to know."""

    plan: Plan
    shard: int
    open_work: OpenWork
    limits: Limits
    tell: Tell
    name: Name  # what a person calls an item


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a worker ended: at which item (or none), after how many that it did, and why."""

    number: int
    done: int
    code: int  # as the system says it: minus the signal
    said: str = ""
    expected: int | None = None  # the exit code of a failure that is no item's fault
    ended_for: str = ""  # the limit that it broke


@dataclass(slots=True)
class _Luck:
    """What went wrong since something was last done."""

    aside: list[int] = field(default_factory=list)  # since an item
    starts: int = 0  # since a chunk: deaths at no item
    left: int = -1  # chunks


def work_on(
    plan: Plan,
    shard: int,
    open_work: OpenWork,
    *,
    limits: Limits = Limits(),
    tell: Tell = lambda line: None,
    name: Name = str,
) -> None:
    """Do what is left of a shard; items that end the process are set aside.

    `open_work` is called in a forked process (there heavy imports belong) and returns the function that does a chunk:
    it takes items one by one from an iterator, each as (number, item), and writes into a folder whatever is to be
    gathered; it returns sums. It must have done with an item when it asks for the next. A WorkbenchError of it ends the
    shard; any other exception, a crash, a hang or too much memory is the item's fault.
    """
    work = Work(plan=plan, shard=shard, open_work=open_work, limits=limits, tell=tell, name=name)
    blame_the_killed(plan, shard)
    luck = _Luck()
    with _ending_when_asked():
        while todo := _list_open(plan, shard):
            if len(todo) != luck.left:
                luck.left, luck.starts = len(todo), 0
            end = _watch(work, todo)
            if _list_open(plan, shard):  # it ended too soon, whatever its exit code
                _take_consequences(work, end, luck)
        if plan.gathered.exists():
            clear(plan)
        else:
            tell(describe_progress(plan, shard))


def _list_open(plan: Plan, shard: int) -> list[int]:
    """What is left; nothing, when a twin was faster and everything was gathered meanwhile."""
    if plan.gathered.exists():
        return []
    require_current(plan)
    return [chunk for chunk in plan.list_chunks(shard) if not plan.part(chunk).exists()]


@contextmanager
def _ending_when_asked() -> Iterator[None]:
    """SIGTERM ends it as an exception does: the worker goes, too, and nobody is suspected of anything."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(TERMINATED)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGUSR2)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(work: Work, todo: list[int]) -> _End:
    """Fork a worker, and see it to its end."""
    listen, speak = os.pipe()
    os.set_blocking(listen, False)
    place = Place(work.plan.at / f"{work.shard}-{uuid4().hex}")
    process = 0
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        process = fork_worker(work.plan, todo, work.open_work, place, speak)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        speak = _close(speak)
        code, reason = _wait(work, process, place)
        process = 0
        expected, said = read_last_words(listen) if code == FAILED else (None, "")
        return _End(
            number=place.number,
            done=place.done,
            code=code,
            said=said,
            expected=expected,
            ended_for=reason,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if process:
            _end(process)
        _close(listen)
        _close(speak)
        place.close()


def _close(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1


def _wait(work: Work, process: int, place: Place) -> tuple[int, str]:
    """Return the worker's exit code, and the limit for which it was ended, if so."""
    steps, since, told = place.steps, time.monotonic(), time.monotonic()
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), ""
        now = time.monotonic()
        if place.steps != steps:
            steps, since = place.steps, now
        reason = _find_excess(work.limits, now - since, process) if place.number != NONE else ""
        if reason:
            return _end(process), reason
        if now - told > NEWS:
            told = now
            work.tell(describe_progress(work.plan, work.shard))
        time.sleep(TURN)


def _find_excess(limits: Limits, seconds: float, process: int) -> str:
    if limits.seconds and seconds > limits.seconds:
        return f"it took longer than {limits.seconds:g} seconds"
    if limits.memory and measure_memory(process) > limits.memory:
        return f"it took more than {limits.memory / 1e9:.2g} GB of memory"
    return ""


def measure_memory(process: int) -> int:
    """Return the bytes that a process has in memory; none when it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _end(process: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _take_consequences(work: Work, end: _End, luck: _Luck) -> None:
    """Decide what a worker's death means: for its item, or for the whole shard."""
    if -end.code in ASKED_TO_END:
        raise SystemExit(TERMINATED)
    if end.expected is not None:
        raise JobError(end.said, end.expected)
    reason = _explain(end)
    if end.done:
        luck.aside.clear()
    if end.number == NONE:
        luck.starts += 1
        if luck.starts >= STARTS:
            raise _give_up(
                work, f"a worker must get to its items, but {STARTS} ended elsewhere ({reason})", end
            )
        return
    sure = bool(end.ended_for) or end.code != -signal.SIGKILL
    note_death(work.plan, Death(number=end.number, reason=reason, sure=sure))
    called = _call(work, end.number)
    if end.number in judge(work.plan, end.number // work.plan.chunk):
        luck.aside.append(end.number)
        work.tell(f"{called}: set aside: {reason}")
    else:
        work.tell(f"{called}: {reason}; tried again")
    if len(luck.aside) >= IN_A_ROW:
        forget_deaths(work.plan, luck.aside)
        words = f"an item must sometimes succeed, but {IN_A_ROW} in a row ended the process ({reason})"
        raise _give_up(work, f"{words}; it is not the items: mend that, and go on", end)


def _give_up(work: Work, words: str, end: _End) -> JobError:
    code = OUT_OF_MEMORY if end.code == -signal.SIGKILL and not end.ended_for else FAILED
    return JobError(f"{work.plan.folder}: shard {work.shard}: {words}", code)


def _call(work: Work, number: int) -> str:
    """What a person calls an item."""
    chunk = work.plan.read_chunk(number // work.plan.chunk)
    return work.name(chunk[number % work.plan.chunk][1])


def _explain(end: _End) -> str:
    if end.ended_for:
        return end.ended_for
    if end.code == -signal.SIGKILL:
        return "the process was killed, perhaps for lack of memory"
    if end.code < 0:
        return f"the process crashed ({signal.Signals(-end.code).name})"
    return end.said or f"the process ended with code {end.code}"


def blame_the_killed(plan: Plan, shard: int) -> None:
    """Where a watcher was killed together with its worker, the item that it was at may have been the reason."""
    for path in plan.at.glob(f"{shard}-*"):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            continue
        if claim(descriptor):
            left = Place(path)
            if 0 <= left.number < plan.count:
                reason = "everything was killed at it, perhaps for lack of memory"
                note_death(plan, Death(number=left.number, reason=reason, sure=False))
            left.close()
        os.close(descriptor)


def describe_progress(plan: Plan, shard: int) -> str:
    """Say in a line how far a shard is."""
    mine = plan.list_chunks(shard)
    done = [chunk for chunk in mine if plan.part(chunk).exists()]
    items, of = (sum(map(plan.size, chunks)) for chunks in (done, mine))
    aside = sum(len(judge(plan, chunk)) for chunk in mine)
    more = f", {aside} set aside" if aside else ""
    return f"shard {shard} of {plan.shards}: {items:,} of {of:,}{more}"
