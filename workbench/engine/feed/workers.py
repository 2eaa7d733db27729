"""Processes that make batches ahead: forked, numbered, and gone the moment their parent is.

A finished batch comes in a memory file of its own (memfd), so a small /dev/shm, as containers have it, is no limit.
Workers ignore Ctrl-C and SIGTERM, which a cluster sends to all processes: the parent decides, and they die with it.
"""

import gc
import os
import signal
import socket
import struct
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from detectron2.data.transforms import transform

from workbench.engine.feed.handover import read_memory, write_memory
from workbench.errors import WorkbenchError
from workbench.parallel import die_with_parent

HEADER = struct.Struct("<qqq")  # batch number, start of the table, 1 for an error
AHEAD = 2  # batches that a worker makes before anybody asks
_DEAF = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
Make = Callable[[int], Any]


class WorkerDied(WorkbenchError):
    """A data worker was killed twice over the same batch."""


@dataclass(slots=True)
class _Worker:
    process: int
    channel: socket.socket


class Workers:
    """A few processes; number n makes the batches first + n, first + n + count, and so on."""

    def __init__(self, make: Make, first: int, count: int) -> None:
        self._make, self._first, self._count = make, first, count
        self._workers: list[_Worker] = []
        for number in range(count):
            self._workers.append(self._start(first + number))

    def take(self, number: int) -> Any:
        """Wait for the batch; one that its worker took to the grave is made again by another, once."""
        place = (number - self._first) % self._count
        for _ in range(2):
            worker = self._workers[place]
            got = _receive(worker.channel)
            if got is not None:
                with suppress(OSError):
                    worker.channel.send(b"+")
                return got
            status = _bury(worker)
            self._workers[place] = self._start(number)
        raise WorkerDied(
            f"data worker: must live, but was killed twice over batch {number} (signal {status}); "
            "free some memory, or train with train.workers 0 and a smaller train.cache_mb"
        )

    def close(self) -> None:
        """End them at once: they hold nothing that could be lost."""
        for worker in self._workers:
            _bury(worker)
        self._workers.clear()

    def _start(self, first: int) -> _Worker:
        """Fork a worker whose next batch is `first`, with its credits in its letter box."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for _ in range(AHEAD):
            ours.send(b"+")
        parent = os.getpid()
        with _holding_signals():
            process = _fork()
            if process == 0:
                with _Ending(theirs):
                    for inherited in (ours, *(worker.channel for worker in self._workers)):
                        inherited.close()
                    _settle(parent)
                    self._work(theirs, first)
        theirs.close()
        return _Worker(process, ours)

    def _work(self, channel: socket.socket, number: int) -> None:
        while channel.recv(1):
            _hand_over(channel, number, self._make(number))
            number += self._count


class _Ending:
    """A worker never returns into its parent's program: it tells what went wrong, and ends."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                _hand_over(self._channel, -1, "".join(traceback.format_exception(error)))
        finally:
            os._exit(0 if error is None else 1)


def _hand_over(channel: socket.socket, number: int, thing: object) -> None:
    descriptor, table = write_memory(thing)
    with suppress(BrokenPipeError, ConnectionResetError):  # nobody wants it any more
        socket.send_fds(channel, [HEADER.pack(number, table, number < 0)], [descriptor])
    os.close(descriptor)


def _receive(channel: socket.socket) -> Any:
    """Return the next batch, or None where its worker is dead."""
    try:
        header, descriptors, _, _ = socket.recv_fds(channel, HEADER.size, 1)
    except ConnectionResetError:
        return None
    if not header:
        return None
    _, table, failed = HEADER.unpack(header)
    try:
        thing = read_memory(descriptors[0], table)
    finally:
        os.close(descriptors[0])
    if failed:
        raise RuntimeError(f"a data worker failed:\n{thing}")
    return thing


def _bury(worker: _Worker) -> int:
    worker.channel.close()
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(worker.process, signal.SIGKILL)
        _, status = os.waitpid(worker.process, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return 0


def _fork() -> int:
    with warnings.catch_warnings():  # Python 3.12 warns where there are threads; ours are torch's, and idle
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextmanager
def _holding_signals() -> Iterator[None]:
    """No signal reaches a child before it has said what it does about them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _DEAF)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(parent: int) -> None:
    """One thread, deaf ears, and no longer life than the parent's."""
    for number in _DEAF:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEAF)
    die_with_parent(parent)
    gc.freeze()  # what was inherited stays shared memory
    torch.set_num_threads(1)
    if hasattr(transform, "cv2"):  # threads do not survive a fork
        transform.cv2.setNumThreads(0)
