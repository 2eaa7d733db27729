"""Several real processes that do one work together, as those of torchrun do."""

import os
import socket
import sys
import traceback
from collections.abc import Callable

from workbench.engine.training.launch import ENVIRONMENT
from workbench.engine.training.ranks import Ranks, joined


def run_together(count: int, work: Callable[[Ranks], object]) -> list[int]:
    """Fork so many processes, let each do the work in a group of gloo, and return their exit codes.

    hotcoco's threads do not survive a fork: nothing can be scored in there.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    children = [_fork(rank, count, place, work) for rank in range(count)]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _fork(rank: int, count: int, place: dict[str, str], work: Callable[[Ranks], object]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.environ.update({**place, **ENVIRONMENT, "RANK": str(rank), "WORLD_SIZE": str(count)})
        with joined("cpu") as ranks:
            work(ranks)
        code = 0
    finally:
        if error := sys.exception():
            traceback.print_exception(error)
            sys.stderr.flush()
        os._exit(code)
