"""Several machines for one run, within a job of SLURM: srun starts an agent on each, and all meet on the first.

A machine's agent is a torchrun that starts nothing again: where one process is lost, all agents end, and the launcher
starts them anew. So they can never disagree about who is there, and whatever was lost, a process, an agent or a
connection, comes back the same way. A machine that is lost takes the whole job with it, which SLURM gets again.
"""

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.engine.training.group import GroupError
from workbench.errors import USAGE

MEETING = "WORKBENCH_MEETING"  # address and port on the first machine, for the agents
_SIOCGIFADDR = 0x8915  # of Linux: the address of an interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The machines of a run, and how many processes are on each."""

    nodes: int = 1
    each: int = 1

    @property
    def world(self) -> int:
        """All processes."""
        return self.nodes * self.each

    def require_here(self) -> None:
        """Refuse several machines where there is nobody to start anything on the others."""
        given = os.environ.get("SLURM_JOB_NUM_NODES", "")
        if self.nodes > 1 and (given != str(self.nodes) or not shutil.which("srun")):
            found = f"is in one of {given}" if given else "is in none"
            raise GroupError(
                f"--nodes {self.nodes}: must be within a SLURM job of {self.nodes} machines, but {found}; "
                f"workbench launch --on slurm --nodes {self.nodes} makes one",
                USAGE,
            )


def place_agents(span: Span, agent: list[str]) -> list[str]:
    """The command that starts an agent on each machine of this job, and ends all when one of them fails."""
    words = [f"--nodes={span.nodes}", f"--ntasks={span.nodes}", "--ntasks-per-node=1"]
    cores = os.environ.get("SLURM_CPUS_PER_TASK")  # which steps do not inherit
    words += [f"--cpus-per-task={cores}"] if cores else []
    return ["srun", *words, "--mpi=none", "--kill-on-bad-exit=1", "--unbuffered", *agent]


def choose_meeting() -> str:
    """The first machine's address as SLURM knows it, and a port that is free on it; this process is there."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    name = _ask("show", "hostnames", os.environ["SLURM_JOB_NODELIST"]).split()[0]
    words = _ask("--oneliner", "show", "node", name).split()
    found = [word.partition("=")[2] for word in words if word.startswith("NodeAddr=")]
    return f"{(found or [name])[0]}:{port}"


def _ask(*words: str) -> str:
    try:
        return subprocess.run(["scontrol", *words], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise GroupError(
            f"scontrol {' '.join(words)}: must answer, but does not ({error}); try again"
        ) from error


def find_place(span: Span, environment: Mapping[str, str]) -> list[str]:
    """What an agent tells torchrun of its machine, of which SLURM told it the number."""
    address, _, port = environment[MEETING].rpartition(":")
    words = [f"--nnodes={span.nodes}", f"--node-rank={environment['SLURM_NODEID']}", "--rdzv-backend=static"]
    return [*words, f"--master-addr={address}", f"--master-port={port}", "--max-restarts=0"]


def find_interface(meeting: str) -> str:
    """The network interface from which the first machine is reached; empty where that cannot be said.

    gloo would take the one of this host's own name, which need not lead anywhere.
    """
    address, _, port = meeting.rpartition(":")
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, int(port)))  # sends nothing
        mine = probe.getsockname()[0]
        for _, name in socket.if_nameindex():
            if _find_address(name) == mine:
                return name
    return ""


def _find_address(interface: str) -> str:
    import fcntl

    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        found = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        return socket.inet_ntoa(found[20:24])
    return ""


def find_children() -> list[int]:
    """The processes that this one has started."""
    found: set[int] = set()
    for place in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found.update(map(int, place.read_text().split()))
    return sorted(found)
