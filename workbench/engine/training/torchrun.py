"""torchrun, which must not outlive the workbench that started it; on one of several machines it learns where it is."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from workbench.engine.training.nodes import MEETING, Span, find_children, find_interface, find_place
from workbench.parallel import die_with_parent

LAUNCHER = "WORKBENCH_LAUNCHER"
SPAN = "WORKBENCH_SPAN"  # how many machines, and processes on each


def main() -> int:
    """Take torchrun's own words from the command line."""
    if MEETING in os.environ:
        return work_as_agent()
    die_with_parent(int(os.environ[LAUNCHER]))
    return _run(sys.argv[1:])


def work_as_agent() -> int:
    """Start this machine's processes, tell them when it is time to end, and fail with the first of them."""
    nodes, each = map(int, os.environ[SPAN].split("x"))
    interface = find_interface(os.environ[MEETING])
    if interface:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, _pass_on)
    words = [*find_place(Span(nodes=nodes, each=each), os.environ), f"--nproc-per-node={each}"]
    return _run([*words, "--signals-to-handle=SIGINT,SIGHUP,SIGQUIT", *sys.argv[1:]])


def _run(words: list[str]) -> int:
    """A torchrun that starts nothing again: its launcher does."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as run

    try:
        run(words)
    except ChildFailedError:
        return 1  # its own words are above
    return 0


def _pass_on(number: int, frame: FrameType | None) -> None:
    """The processes end after their checkpoint; torchrun would count their end as a failure, and show it."""
    for process in find_children():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
