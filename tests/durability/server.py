"""A process that has imported torch and Detectron2 once, and forks a real `workbench train` for each request.

Requests and answers are JSON, one a line: {"do": "start", "words", "log", …} → {"process"}; {"do": "wait", "process",
"kill_after", "signal"} → {"code", "seconds", …}. What else a start may say is in `_prepare`.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

WARM = (
    *(
        "tests.durability.begin",
        "workbench.cli",
        "workbench.commands.train",
        "workbench.engine.training.trainer",
    ),
    *("hotcoco", "matplotlib.pyplot", "matplotlib.backends.backend_agg", "shapely"),
)
HOME = Path(__file__).resolve().parents[2]
BEYOND_REPAIR = 99  # what the server itself did wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a training ended: its exit code, or minus the signal; and how long it took."""

    code: int
    seconds: float
    processor: float = 0.0  # seconds of it that a processor was busy, children that were waited for included


class Server:
    """The near end of it."""

    def __init__(self) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(HOME),
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
        }
        words = [sys.executable, "-m", "tests.durability.server"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(words, cwd=HOME, env=environment, **pipes)

    def run(
        self,
        *words: object,
        log: Path,
        kill_after: float | None = None,
        signal: int | None = None,
        **more: Any,
    ) -> End:
        """Run one command to its end, or to the moment when it is killed."""
        return self.wait(self.start(*words, log=log, **more), kill_after=kill_after, signal=signal)

    def start(self, *words: object, log: Path, **more: Any) -> int:
        """Start one command, and return its process."""
        request = {"do": "start", "words": list(map(str, words)), "log": str(log), **more}
        return int(self._ask(request)["process"])

    def wait(self, process: int, *, kill_after: float | None = None, signal: int | None = None) -> End:
        """Wait for the end of one that was started, or send it a signal after so many seconds."""
        return End(
            **self._ask({"do": "wait", "process": process, "kill_after": kill_after, "signal": signal})
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=20)


def serve() -> None:
    """The far end: import, then fork for each line."""
    import torch

    torch.set_num_threads(1)
    for name in WARM:
        import_module(name)
    began: dict[int, float] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "start":
            child = os.fork()
            if child == 0:
                _be_a_training(request)
            began[child] = time.monotonic()
            answer: dict[str, Any] = {"process": child}
        else:
            child = request["process"]
            code, busy = _wait(child, request)
            answer = {"code": code, "seconds": time.monotonic() - began.pop(child), "processor": busy}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _be_a_training(request: dict[str, Any]) -> None:
    """Never returns: what pytest or the server would do at their end is not to happen here."""
    code = BEYOND_REPAIR
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        _prepare(request)
        code = _main(request["words"])
    finally:
        os._exit(code)


def _prepare(request: dict[str, Any]) -> None:
    """`environment`; `trace`, a file for the moments of saves, and `dies`, at which; `poison`, an image; `room`, bytes
    to go; `user`."""
    os.environ.update(request.get("environment") or {})
    if request.get("trace"):
        from tests.durability.crashes import trace_moments

        trace_moments(Path(request["trace"]), request.get("dies", ()))
    if request.get("poison"):
        _poison(request["poison"])
    if request.get("room"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + request["room"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if request.get("user"):
        os.setgroups([])
        os.setgid(request["user"])
        os.setuid(request["user"])


def _poison(image: str) -> None:
    """Let every pixel of one image be no number."""
    from workbench.engine.feed import loader

    make = loader.make_sample

    def make_poisoned(record: Any, *words: Any, **more: Any) -> Any:
        sample = make(record, *words, **more)
        if sample["key"] == image:
            sample["image"] = sample["image"].float() * float("nan")
        return sample

    loader.make_sample = make_poisoned


def _main(words: list[str]) -> int:
    if words[0] == "begin":
        from tests.durability.begin import begin

        return begin(*words[1:])
    from workbench.cli import main

    code = main(words)
    sys.stderr.flush()
    return code


def _wait(child: int, request: dict[str, Any]) -> tuple[int, float]:
    """Return the exit code and the processor's seconds."""
    if request["kill_after"] is not None:
        deadline = time.monotonic() + request["kill_after"]
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.005))
            done, status, usage = os.wait4(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
        os.kill(child, request["signal"] or signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    serve()
