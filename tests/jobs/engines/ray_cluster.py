"""A real Ray cluster on this machine: a head and nodes with loopback addresses of their own, and a token.

It lives in a process of its own, which ends with whoever holds its standard input; `python -m
tests.jobs.engines.ray_cluster FOLDER` starts one. A line on its standard input adds a node.
"""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
HEAD = "127.0.0.2"  # Ray takes 127.0.0.1 for the machine's own address elsewhere
NODES = 2
CORES = 2  # of each node; the head has none
MEMORY = 80 * 2**20  # for objects, of which there are none


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that answers."""

    address: str
    token: Path
    process: "subprocess.Popen[str]"

    def grow(self) -> None:
        """Add a node; do not wait for it."""
        if self.process.stdin:
            self.process.stdin.write("\n")
            self.process.stdin.flush()


@contextmanager
def ray_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster of two nodes; end it with all that runs there."""
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.engines.ray_cluster", str(folder)],
            env={**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise RuntimeError(f"Ray does not come up: {(folder / 'log').read_text()[-2000:]}")
        yield Cluster(address=json.loads(told), token=token, process=process)


def persist(begin: Callable[[], T]) -> T:
    """Try again: a node gives up when a busy machine starts its processes too slowly."""
    for _ in range(4):
        try:
            return begin()
        except Exception as error:  # noqa: BLE001 (Ray raises nothing else)
            sys.stderr.write(f"{error}\n")
    return begin()


def serve() -> None:
    """Hold a cluster until the standard input ends."""
    told = os.dup(1)
    os.dup2(2, 1)  # Ray speaks there, too
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_raylet_start_wait_time_s="120")
    from ray.cluster_utils import Cluster as RayCluster

    more = {"object_store_memory": MEMORY, "include_dashboard": False}
    hosts = (f"127.0.0.{number}" for number in range(3, 255))
    head = {"node_ip_address": HEAD, "num_cpus": 0, **more}
    cluster = persist(lambda: RayCluster(head_node_args=head, initialize_head=True))

    def grow() -> None:
        node = {"num_cpus": CORES, "object_store_memory": MEMORY, "wait": False}
        persist(lambda: cluster.add_node(node_ip_address=next(hosts), **node))

    def bury() -> None:  # workers look whether their node is dead, and whom nobody has buried is not
        while True:
            for node in cluster.list_all_nodes():
                for info in chain.from_iterable(node.all_processes.values()):
                    info.process.poll()
            time.sleep(0.2)

    threading.Thread(target=bury, daemon=True).start()
    try:
        for _ in range(NODES):
            grow()
        cluster.wait_for_nodes(120)
        os.write(told, f"{json.dumps(cluster.address)}\n".encode())
        for _ in sys.stdin:
            grow()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    serve()
