"""A process that belongs to a Ray cluster: `python -m workbench.jobs.engines.ray_driver ADDRESS TOKEN_FILE`.

It does what it is told in lines of JSON on its standard input, says on its standard output which tries the cluster
has, and ends with whoever started it; what it has started goes on.
"""

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from workbench.errors import WorkbenchError
from workbench.extras import require
from workbench.jobs.engines.ray_options import choose_resources

NAMESPACE = "workbench"
TURN = 0.5  # seconds between two looks at the cluster
PATIENCE = 20.0  # seconds for its head to answer
UNSEEN = "[not seen]"  # in front of what an actor says that could not begin
TOLD = os.dup(1)  # where we speak; what Ray says by itself goes nowhere


class Hopeless(WorkbenchError):
    """What no waiting mends."""


class Place:
    """Runs within Ray: holds cores and GPUs for one keeper, and is gone when the keeper is.

    It is sent to the node as it stands here, so it needs nothing but the standard library; the keeper is a command
    line, run by the Python that launched it. Between the two stands a shell that leaves the keeper behind as nobody's
    child, for Ray kills the children of an actor, and a keeper has to end its command first: it learns that the actor
    is gone by its standard input, which is closed then.
    """

    def __init__(self, words: list[str], folder: str, end: str, unseen: str) -> None:
        import socket
        import threading
        from pathlib import Path

        for path in (words[0], folder):
            if not Path(path).exists():
                hint = f"must be seen by every node, but is not by {socket.gethostname()}; share its disk"
                raise RuntimeError(f"{unseen}{path}: {hint}")
        self.words, self.end = words, end
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self) -> None:
        """Answer, once there is a node."""

    def _watch(self) -> None:
        """Start the keeper, and another one where it was killed and its command may go on."""
        import os
        import time
        from pathlib import Path

        words = self.words
        try:
            while self._run(words) > 128 and not Path(self.end).exists():
                words = [*self.words, "--adopt"]
                time.sleep(0.5)
        finally:  # whatever happened: without a keeper it holds nothing
            os._exit(0)

    def _run(self, words: list[str]) -> int:
        import subprocess

        keeper = subprocess.Popen(
            ["/bin/sh", "-c", 'exec 3<&0; { "$@" <&3 3<&- >/dev/null; echo $?; } &', "sh", *words],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        told = keeper.stdout.read() if keeper.stdout else b""
        keeper.wait()
        return int(told or 137)  # the shell was killed, too


def serve(address: str, token: str) -> int:
    """Reach the cluster, and do what is asked until nobody asks any more."""
    try:
        ray = _join(address, token)
    except WorkbenchError as error:
        _say({"trouble": str(error), "hopeless": isinstance(error, Hopeless)})
        return 1
    known: list[str] | None = None
    pending: dict[str, Any] = {}  # what was asked for and has not begun
    lines = _read_lines()
    while True:
        found = sorted(ray.util.list_named_actors())
        if found != known:
            known = found
            _say({"names": known})
        for name, reason in _find_refusals(ray, pending):
            _say({"refused": name, "reason": reason})
        for line in lines:
            if not line:
                break
            _obey(ray, json.loads(line), pending)
        else:
            return 0


def _read_lines() -> Iterator[bytes]:
    """Yield what is asked, and an empty line when nothing was asked for a while; end with whoever asks."""
    rest = b""
    while True:
        if not select.select([0], [], [], TURN)[0]:
            yield b""
            continue
        found = os.read(0, 1 << 16)
        if not found:
            return
        *lines, rest = (rest + found).split(b"\n")
        yield from filter(None, lines)
        yield b""


def _say(content: Mapping[str, Any]) -> None:
    os.write(TOLD, f"{json.dumps(content)}\n".encode())


def _join(address: str, token: str) -> ModuleType:
    """Become part of a cluster that asks for the token, and has it from us."""
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=token, RAY_USAGE_STATS_ENABLED="0")
    for name in ("RAY_AUTH_TOKEN", "RAY_ADDRESS", "RAY_NAMESPACE"):
        os.environ.pop(name, None)
    _require_answer(address)
    stranger, friend = _knock(address, RAY_AUTH_MODE="disabled"), _knock(address)
    ray = require("ray", extra="scale")
    if _is_let_in(stranger, address):
        hint = "whoever reaches its port runs commands on all its nodes; start each with RAY_AUTH_MODE=token"
        raise Hopeless(f"Ray at {address}: must ask for a token, but lets everybody in; {hint}")
    if not _is_let_in(friend, address):
        raise Hopeless(f"{token}: must hold the token of Ray at {address}, but does not; get the right one")
    try:
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
    except (RuntimeError, OSError, ValueError, ray.exceptions.RayError) as error:
        words = " ".join(str(error).split())
        kind = Hopeless if "ersion mismatch" in words else WorkbenchError
        raise kind(f"Ray at {address}: must take us in, but does not: {words[:300]}") from error
    return ray


def _require_answer(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=3.0).close()
    except OSError as error:
        raise WorkbenchError(f"Ray at {address}: must answer, but does not ({error}); is it up?") from error


def _knock(address: str, **environment: str) -> "subprocess.Popen[str]":
    """Ask how the head is, in a process of its own: each can try one way only to show who it is."""
    words = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    return subprocess.Popen(
        words,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _is_let_in(visitor: "subprocess.Popen[str]", address: str) -> bool:
    try:
        _, told = visitor.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        visitor.kill()
        raise WorkbenchError(f"Ray at {address}: must answer, but does not; is it up?") from error
    if visitor.returncode and "AuthenticationError" not in told:
        reason = (told.strip().splitlines() or ["it says nothing"])[-1]
        raise WorkbenchError(f"Ray at {address}: must be well, but is not: {reason}")
    return not visitor.returncode


def _obey(ray: ModuleType, asked: Mapping[str, Any], pending: dict[str, Any]) -> None:
    """Start or end a try."""
    if "end" in asked:
        try:
            ray.kill(ray.get_actor(asked["end"]))
        except ValueError:  # it has ended by itself
            return
        return
    name = asked["start"]
    try:
        actor = (
            ray.remote(Place)
            .options(
                name=name,
                lifetime="detached",
                get_if_exists=True,
                num_cpus=asked["cores"],
                num_gpus=asked["gpus"],
                **choose_resources(asked["options"]),
            )
            .remote(asked["words"], asked["folder"], asked["end_file"], UNSEEN)
        )
    except (TypeError, ValueError) as error:
        _say({"refused": name, "reason": f"Ray must take the job, but does not: {error}"})
        return
    pending[name] = actor.begin.remote()
    _say({"started": name})


def _find_refusals(ray: ModuleType, pending: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a node could not begin, and why; forget what has begun."""
    if not pending:
        return
    answered, _ = ray.wait(list(pending.values()), num_returns=len(pending), timeout=0)
    for name in [one for one, answer in pending.items() if answer in answered]:
        try:
            ray.get(pending.pop(name))
        except ray.exceptions.RayError as error:
            _, found, reason = str(error).partition(UNSEEN)
            if found:
                yield name, reason.splitlines()[0]


def main() -> int:
    """Serve one daemon."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return serve(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
