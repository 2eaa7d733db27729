"""Being told to stop: the first signal asks, a checkpoint is written, and only then it ends."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from workbench.errors import INTERRUPTED, TERMINATED, WorkbenchError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)  # SLURM sends USR2 before it takes the machine


class Stopped(WorkbenchError):
    """A run that was asked to stop, and did."""

    def __init__(self, number: int, hint: str = "stopped") -> None:
        super().__init__(hint)
        self.number = number
        self.exit_code = INTERRUPTED if number == signal.SIGINT else TERMINATED


class Stop:
    """What was asked for, if anything."""

    def __init__(self) -> None:
        self.asked = 0
        self._process = os.getpid()

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Remember the first one; a second Ctrl-C ends it at once."""
        if os.getpid() != self._process:
            return  # a worker that was forked from here: its parent tells it
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = self.asked or number

    def raise_if(self, asked: int) -> None:
        """End the loop, or an evaluation, where somebody asked for it."""
        if asked:
            raise Stopped(asked)

    def check(self) -> None:
        """Called often in what takes long."""
        self.raise_if(self.asked)


@contextmanager
def listening() -> Iterator[Stop]:
    """Catch the signals for a while; the former handlers come back."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
