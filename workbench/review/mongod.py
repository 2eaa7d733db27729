"""The database server of the reviews: our own mongod on a folder of ours, shared by all commands that run at once.

The first command starts it, the last one that ends stops it. Every command holds a shared lock on `clients` while it
lives, so that the system itself counts them, however they end; a server that a killed command left behind is found by
the next one, used, and stopped after it. It listens on the loopback only.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.errors import OutputError
from workbench.extras import find_install_command
from workbench.files import explain_os_error, write_atomically
from workbench.review.trouble import FOLDER, ReviewError, explain_log, read_log

_START, _STOP = 60.0, 20.0  # seconds; a server that was killed reads its journal first


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mongod that answers."""

    port: int
    process: int


def find_folder() -> Path:
    """Where the database lies: $WORKBENCH_DATABASE, or the place that the system has for such things."""
    if named := os.environ.get(FOLDER):
        return Path(named).absolute()
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "workbench" / "database"


def join(folder: Path, program: Path) -> tuple[Server, IO[bytes]]:
    """Find the server of a folder, or start it; it stays for as long as the file that is returned is open."""
    with _taking_turns(folder), ExitStack() as held:
        client = held.enter_context(_open(folder / "clients"))
        fcntl.flock(client, fcntl.LOCK_SH)
        server = _find(folder) or _start(folder, program)
        held.pop_all()  # it stays open
    return server, client


def leave(folder: Path, client: IO[bytes]) -> None:
    """Say that this process is done; the last one stops the server."""
    with suppress(OutputError, OSError), _taking_turns(folder):
        try:
            fcntl.flock(client, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody else is there
            client.close()
            return
        server = _find(folder)
        if server:
            _stop(server)
        (folder / "server.json").unlink(missing_ok=True)
        client.close()


@contextmanager
def _taking_turns(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise _explain_folder(folder, error) from error
    with _open(folder / "turn") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise _explain_folder(path.parent, error) from error


def _explain_folder(folder: Path, error: OSError) -> ReviewError:
    reason = str(explain_os_error(folder, error)).replace("choose another folder with --out", "mend that")
    return ReviewError(f"{reason}, or set {FOLDER} to a folder for the database")


def _find(folder: Path) -> Server | None:
    """The server that another command started, if it still lives and is a mongod."""
    try:
        said = json.loads((folder / "server.json").read_bytes())
        server = Server(port=int(said["port"]), process=int(said["process"]))
        name = Path(f"/proc/{server.process}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server if name == "mongod" else None


def _start(folder: Path, program: Path) -> Server:
    log = folder / "mongod.log"
    log.unlink(missing_ok=True)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    words = [program, "--dbpath", data, "--logpath", log, "--port", "0", "--bind_ip", "127.0.0.1"]
    more = ["--nounixsocket", "--wiredTigerCacheSizeGB", "1"]
    try:
        process = subprocess.Popen(
            [str(word) for word in (*words, *more)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command, which then stops it in its own time
        )
    except OSError as error:
        mend = find_install_command("review", "mongod")
        raise ReviewError(f"{program}: must start, but does not ({error.strerror}); run: {mend}") from error
    server = Server(port=_wait_for_port(process, log), process=process.pid)
    said = {"port": server.port, "process": server.process}
    write_atomically(folder / "server.json", json.dumps(said).encode())
    return server


def _wait_for_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """mongod tells in its log which port it took."""
    start = time.monotonic()
    while time.monotonic() - start < _START:
        over = process.poll() is not None
        for line in read_log(log):
            if '"Waiting for connections"' in line:
                return int(json.loads(line)["attr"]["port"])
        if over:
            raise ReviewError(explain_log(log.parent))
        time.sleep(0.02)
    process.terminate()
    raise ReviewError(f"{log}: mongod must start, but did not in {_START:.0f} s; look there for the reason")


def is_alive(server: Server) -> bool:
    """Whether it is there: a dead child of ours that nobody asked about counts as dead."""
    try:
        state = Path(f"/proc/{server.process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _stop(server: Server) -> None:
    """Ask it to write everything down and end."""
    with suppress(ProcessLookupError):
        os.kill(server.process, signal.SIGTERM)
    start = time.monotonic()
    while is_alive(server) and time.monotonic() - start < _STOP:
        time.sleep(0.01)
    with suppress(ChildProcessError):  # of another command, which the system sees to
        os.waitpid(server.process, os.WNOHANG)
