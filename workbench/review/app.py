"""FiftyOne's App on this machine's own loopback, until Ctrl-C."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from workbench.errors import TERMINATED
from workbench.review.session import Database
from workbench.review.trouble import ReviewError

PORT, HOST = 5151, "127.0.0.1"
WHY = "only this machine can open it: the App gives whoever reaches its port every file that you can read"


def require_port(port: int) -> None:
    """Refuse a port that is taken: FiftyOne would connect to whatever listens there."""
    if _is_free(port):
        return
    free = next(
        (other for other in range(port + 1, port + 200) if other < 65536 and _is_free(other)), port + 1
    )
    raise ReviewError(
        f"port {port}: must be free for the App, but something listens there already (another App?); end it, or run "
        f"this again with --port {free}"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True


def show(database: Database, dataset: Any, port: int, tell: Callable[[str], None]) -> None:
    """Open the App, say where it is, and stay until the person has seen enough."""
    require_port(port)
    service = database.load("core.service")
    try:
        session = database.fo.launch_app(dataset, port=port, address=HOST, remote=not _has_screen())
    except service.ServiceException as error:
        raise ReviewError(
            f"port {port}: FiftyOne's App must start there, but does not ({error}); run this again, or choose "
            f"another port with --port"
        ) from error
    tell(f"http://{HOST}:{port}/datasets/{dataset.name}\n{WHY}\nCtrl-C ends it; tags are kept")
    signal.signal(
        signal.SIGTERM, _leave
    )  # whoever is only killed leaves the App's server and the database behind
    try:
        session.wait(-1)
    except KeyboardInterrupt:
        tell("closed")
    finally:
        session.close()


def _leave(number: int, frame: object) -> None:
    raise SystemExit(TERMINATED)


def _has_screen() -> bool:
    """Whether a browser would be seen by whoever typed this."""
    return sys.stdout.isatty() and (sys.platform == "darwin" or "DISPLAY" in os.environ)
