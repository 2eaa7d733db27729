"""Work spread over the cores, with the results in order and bounded memory."""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 64  # fewer items than this are done before a second process has started


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    chunk: int = 32,
    workers: int | None = None,
    small: int = SMALL,
) -> Iterator[Result]:
    """Yield function(item) for each item, in the order of the items, worked on by all cores unless there are few."""
    workers = workers or available_cores()
    if workers == 1 or len(items) <= small:
        yield from map(function, items)
        return
    from concurrent.futures import ProcessPoolExecutor  # takes longer to import than some commands do
    from threading import get_ident

    thread = get_ident()
    pool = ProcessPoolExecutor(workers, _context(), die_with_parent, (os.getpid(),))
    try:
        pending: deque[Future[list[Result]]] = deque()
        chunks = (items[start : start + chunk] for start in range(0, len(items), chunk))
        with _holding_interrupts():
            for part in islice(chunks, workers * 4):
                pending.append(pool.submit(_run_chunk, function, part))
        while pending:
            results = pending.popleft().result()
            for part in islice(chunks, 1):
                pending.append(pool.submit(_run_chunk, function, part))
            yield from results
    finally:
        # Whoever leaves off halfway may have this collected as garbage, and in the pool's own thread, which cannot
        # wait for itself.
        pool.shutdown(wait=get_ident() == thread, cancel_futures=True)


@contextmanager
def _holding_interrupts() -> Iterator[None]:
    """A Ctrl-C would be lost while processes start; held back, it comes afterwards, and to this process alone."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_chunk(function: Callable[[Item], Result], part: Sequence[Item]) -> list[Result]:
    return [function(item) for item in part]


def available_cores() -> int:
    """Count the cores that this process may use, which containers and clusters limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _context() -> "BaseContext":
    """Forking starts in a millisecond and is safe in this single-threaded program; elsewhere, spawn."""
    import multiprocessing

    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def die_with_parent(parent: int) -> None:
    """A killed program must not leave workers behind that wait for ever, or go on writing."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
