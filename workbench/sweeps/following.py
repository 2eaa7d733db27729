"""A training as a process of its own, followed by its scores while it goes on, and ended when somebody says so."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from workbench.errors import OK, OutputError
from workbench.run import Run
from workbench.sweeps.curve import is_finished, read_curve

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
    _warned: bool = False

    def follow(self, words: Sequence[str], place: str) -> tuple[int, bool]:
        """Run a training to its end; return its exit code, and whether it was ended for its scores."""
        if is_finished(self.run):  # before a kill; only its scores may not have been told
            self._look()
            return OK, False
        # It holds what we hold, such as the lock of the job: as long as it lives, nobody begins another try.
        process = subprocess.Popen(words, cwd=place, stdin=subprocess.DEVNULL, close_fds=False)
        told = False
        try:
            while (code := process.poll()) is None:
                if self._is_over():
                    return _end(process), True
                if self.asked.signal and not told:
                    process.send_signal(self.asked.signal)
                    told = True
                time.sleep(TURN)
        finally:
            if process.poll() is None:
                _end(process)
        self._look()
        return code, False

    def _is_over(self) -> bool:
        """Whether it is to be ended; a full disk is no reason, nor to hear less of it once there is room again."""
        try:
            reason = self._look()
            if reason:
                self.decided(reason)  # before it is ended, so that it holds whatever is killed from here on
        except OutputError as error:
            self._stamp = (0, 0)
            if not self._warned:
                self._warned = True
                say(f"warning: {error}; the training goes on")
            return False
        return bool(reason)

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
        reason = ""
        for step in sorted(curve.keys() - self._known):
            reason = self.seen(step, curve[step])
            self._known.add(step)
        return reason


def say(text: str) -> None:
    """Say a line in the log; where it finds no room, nothing else is lost."""
    with suppress(OSError):
        sys.stderr.write(text + "\n")


def to_exit_code(code: int) -> int:
    """Say it as a shell does: 137 for what was killed."""
    return code if code >= 0 else 128 - code


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Ask it to end, and kill it where it does not."""
    process.terminate()
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
