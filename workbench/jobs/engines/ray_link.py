"""The daemon's end of the line to a process that belongs to a Ray cluster.

Ray takes a process over: threads, signals, hundreds of megabytes, and where the head of the cluster dies, an end at
once. So the daemon stays outside, and talks in lines to `workbench.jobs.engines.ray_driver`; when that dies, the
daemon does not know for a while how the tries stand, and starts another one.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import JobError
from workbench.jobs.engines.engine import EngineBusy

CONNECTING = 30.0  # seconds to wait for a cluster when it is first needed
ANSWER = 30.0  # seconds to wait until it takes a try
PAUSE = 10.0  # seconds until a process that died is followed by another


@dataclass(slots=True, kw_only=True)
class Link:
    """One cluster, as far as it is known here."""

    address: str
    token: str  # the file of it
    process: "subprocess.Popen[bytes] | None" = None
    names: set[str] | None = None  # of tries that wait or run there; None: nobody knows
    refused: dict[str, str] = field(default_factory=dict)  # what could not be started, and why
    trouble: str = ""  # why nobody knows
    hopeless: bool = False  # whether waiting mends it
    rest: bytes = b""  # the beginning of a line
    since: float = 0.0  # when the process was started
    ended: dict[str, float] = field(default_factory=dict)  # what was to end, and when that was said

    def read_names(self) -> set[str] | None:
        """Return the tries that the cluster has, as it last said; never waits."""
        self._wake()
        self._read(0.0)
        return self.names

    def start(self, name: str, wish: Mapping[str, Any]) -> str:
        """Have a try started; return its name."""
        self.read_names()
        self._wait(CONNECTING, self._is_settled)
        if not self._is_known():
            raise JobError(self.trouble) if self.hopeless else EngineBusy(self._describe())
        self._say({"start": name, **wish})
        self._wait(ANSWER, lambda: self._has(name) or name in self.refused)
        if name in self.refused:
            raise JobError(self.refused.pop(name))
        if not self._has(name):  # should it come late, its token counts no more
            self.close()
            raise EngineBusy(
                f"Ray at {self.address}: must take a job, but does not answer; it is asked again"
            )
        return name

    def end(self, name: str) -> None:
        """Have the actor of a try ended, and its keeper with it."""
        now = time.monotonic()
        if self.names is not None and now - self.ended.get(name, -PAUSE) >= PAUSE:
            self.ended[name] = now
            self._say({"end": name})

    def _has(self, name: str) -> bool:
        return self.names is not None and name in self.names

    def _is_known(self) -> bool:
        return self.names is not None

    def _is_settled(self) -> bool:
        """Whether it is known how the cluster stands, or why not."""
        return self._is_known() or bool(self.trouble)

    def _describe(self) -> str:
        return self.trouble or f"Ray at {self.address}: must answer, but has not yet; it is asked again"

    def _wake(self) -> None:
        if self.process is not None or time.monotonic() - self.since < PAUSE:
            return
        self.since, self.trouble, self.hopeless = time.monotonic(), "", False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench.jobs.engines.ray_driver", self.address, self.token],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait(self, seconds: float, known: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        while not known() and self.process is not None and (left := end - time.monotonic()) > 0:
            self._read(left)

    def _say(self, content: Mapping[str, Any]) -> None:
        if self.process is None or self.process.stdin is None:
            return
        try:
            self.process.stdin.write(f"{json.dumps(content)}\n".encode())
            self.process.stdin.flush()
        except OSError:
            self.close()

    def _read(self, seconds: float) -> None:
        """Take in what was said, waiting at most so long for the first of it."""
        while self.process is not None and self.process.stdout is not None:
            stream = self.process.stdout.fileno()
            if not select.select([stream], [], [], seconds)[0]:
                return
            seconds = 0.0
            found = os.read(stream, 1 << 16)
            if not found:
                self.close()
                return
            *lines, self.rest = (self.rest + found).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))

    def _hear(self, told: Mapping[str, Any]) -> None:
        if "names" in told:
            self.names, self.trouble, self.hopeless = set(told["names"]), "", False
            self.ended = {name: when for name, when in self.ended.items() if name in self.names}
        if "started" in told and self.names is not None:
            self.names.add(told["started"])
        if "refused" in told:
            self.refused[told["refused"]] = told["reason"]
        if "trouble" in told:
            self.trouble, self.hopeless = told["trouble"], told["hopeless"]

    def close(self) -> None:
        """Forget a process that has died, or is to."""
        if self.process is None:
            return
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.process.wait()
        self.process, self.names, self.rest = None, None, b""
        self.ended.clear()
