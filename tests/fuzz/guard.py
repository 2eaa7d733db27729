"""A child process that may use little memory and time, and whose every step outside its folders is written down."""

import json
import os
import resource
import select
import signal
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEMORY = 2 << 30
_LIBRARIES = tuple(
    {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
    | {str(Path(__file__).resolve().parents[2] / room) for room in ("workbench", "tests")}
    | {
        "/usr/share/zoneinfo",
        "/proc/self",
        "/sys/devices/system/cpu",
        "/dev/null",
        "/dev/urandom",
        "/etc/localtime",
    }
)
_FORBIDDEN = (
    "subprocess.", "socket.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.", "ctypes.dlopen",
    "webbrowser.", "urllib.", "ftplib.", "smtplib.", "http.client.",
)  # fmt: skip
_TOUCHING = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime",
    "os.listdir", "os.scandir", "shutil.rmtree",
)  # fmt: skip


@dataclass(slots=True)
class Guard:
    """What may be read and what may be written; `breaches` is what was tried besides."""

    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    armed: bool = False
    breaches: list[str] = field(default_factory=list)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """Look at one event of the interpreter; raising here would only be taken for the program's own error."""
        if not self.armed:
            return
        self.armed = False
        try:
            self._judge(event, args)
        finally:
            self.armed = True

    def _judge(self, event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            self.breaches.append(f"{event} {args!r}"[:300])
        elif event == "open" and isinstance(args[0], (str, bytes)):
            writes = bool((args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
            self._judge_path(event, os.fsdecode(args[0]), writes)
        elif event.startswith(_TOUCHING) and not (event == "os.listdir" and args[0] in sys.path):
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    reads = event in ("os.listdir", "os.scandir") or (event == "os.link" and path is args[0])
                    self._judge_path(event, os.fsdecode(path), not reads)

    def _judge_path(self, event: str, path: str, writes: bool) -> None:
        if not path.startswith("/") and not (writes and event == "open"):
            return  # a name in a folder that is open (shutil.rmtree), which the folder's own opening was judged for
        real = os.path.realpath(path)
        allowed = self.writable if writes else (*self.readable, *self.writable, *_LIBRARIES)
        if not any(real == root or real.startswith(root.rstrip("/") + "/") for root in allowed):
            self.breaches.append(f"{event} {'writes' if writes else 'reads'} {path}")

    @contextmanager
    def watching(self):
        """Write down what happens inside the block."""
        self.armed = True
        try:
            yield
        finally:
            self.armed = False


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended: with an answer, or with words that say why there is none."""

    answer: Any = None
    failure: str = ""


def run_in_child(work: Callable[[Guard], Any], seconds: float, memory: int = MEMORY) -> End:
    """Fork, run `work`, and bring its answer (JSON) back; a crash, a kill or a standstill is an end like any other."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _be_child(work, writer, memory)
    os.close(writer)
    answer = _read_all(reader, time.monotonic() + seconds)
    if answer is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if answer is None:
        return End(failure=f"no end after {seconds:.0f} s")
    if os.WIFSIGNALED(status):
        return End(failure=f"killed by {signal.Signals(os.WTERMSIG(status)).name}")
    if os.WEXITSTATUS(status):
        return End(failure=f"traceback: {answer.decode(errors='replace')}")
    return End(answer=json.loads(answer))


def _read_all(reader: int, deadline: float) -> bytes | None:
    parts = []
    with os.fdopen(reader, "rb", buffering=0) as stream:
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                return None
            part = stream.read(1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)


def _be_child(work: Callable[[Guard], Any], writer: int, memory: int) -> None:
    """Never returns; one core, so that the program starts no processes of its own."""
    code, answer = 1, b""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
        sys.setrecursionlimit(1000)  # as in the program; what tests import raises it beyond the C stack
        guard = Guard()
        sys.addaudithook(guard.hook)
        answer, code = json.dumps(work(guard)).encode(), 0
    except BaseException:  # noqa: BLE001  # whatever it was, it is told
        answer = traceback.format_exc().encode("utf-8", "replace")
    finally:
        with os.fdopen(writer, "wb") as stream:
            stream.write(answer)
        os._exit(code)
