"""A training as a process of its own, followed by its scores while it goes on, and ended when somebody says so."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from workbench.run import Run
from workbench.sweeps.curve import read_curve

TURN = 0.2  # seconds between two looks
GRACE = 30.0  # seconds for a training to write its checkpoint and end
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)


@dataclass(slots=True, kw_only=True)
class Asked:
    """Whether this process was told to end; the training is told as well, and decides when."""

    signal: int = 0

    def remember(self, number: int, frame: FrameType | None) -> None:
        """Keep the first one."""
        self.signal = self.signal or number


@contextmanager
def listening() -> Iterator[Asked]:
    """Remember what is asked for a while; the former handlers come back."""
    asked = Asked()
    before = {number: signal.signal(number, asked.remember) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows one training: `seen` is told each score and may have a reason to end it, `decided` that it will be."""

    run: Run
    metric: str
    asked: Asked
    seen: Callable[[int, float], str]
    decided: Callable[[str], None]
    _stamp: tuple[int, int] = (0, 0)
    _known: set[int] = field(default_factory=set)

    def follow(self, words: Sequence[str], place: str) -> tuple[int, bool]:
        """Run a training to its end; return its exit code, and whether it was ended for its scores."""
        # It holds what we hold, such as the lock of the job: as long as it lives, nobody begins another try.
        process = subprocess.Popen(words, cwd=place, stdin=subprocess.DEVNULL, close_fds=False)
        told = False
        while (code := process.poll()) is None:
            if reason := self._look():
                self.decided(reason)  # first, so that it holds whatever is killed from here on
                return _end(process), True
            if self.asked.signal and not told:
                process.send_signal(self.asked.signal)
                told = True
            time.sleep(TURN)
        self._look()
        return code, False

    def _look(self) -> str:
        """Tell what is new, and return a reason to end it; a file that has not changed is not read again."""
        try:
            found = self.run.metrics.stat()
        except FileNotFoundError:
            return ""
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp == self._stamp:
            return ""
        self._stamp = stamp
        curve = read_curve(self.run, self.metric)
        new = sorted(curve.keys() - self._known)
        self._known.update(new)
        reasons = [self.seen(step, curve[step]) for step in new]
        return reasons[-1] if reasons else ""


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Ask it to end, and kill it where it does not."""
    process.terminate()
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
