"""A cluster for all tests of a session, and a queue that leaves nothing running."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.engines.cluster import cluster, why_not
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A cluster of two nodes with four processors each; its environment."""
    pytest.importorskip("submitit")
    if why_not():
        pytest.skip(why_not())
    try:
        with cluster(tmp_path_factory.mktemp("slurm")) as environment:
            yield dict(environment)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"Debian's SLURM could not be fetched: {error}")


@pytest.fixture
def on_slurm(slurm: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process finds the cluster, and does not wait for a minute for signs of life."""
    for name in ("PATH", "LD_LIBRARY_PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, slurm[name])
    monkeypatch.setattr("workbench.jobs.engines.slurm.SILENCE", 10.0)
    monkeypatch.setattr("workbench.jobs.engines.slurm.PATIENCE", 1.0)
    return slurm


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "home")
    yield queue
    for entry in queue.entries():
        for number in find_members(0, f"WORKBENCH_JOB={queue.folder(entry.number).path}#{entry.token}"):
            os.kill(number, signal.SIGKILL)
