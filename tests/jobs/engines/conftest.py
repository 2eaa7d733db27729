"""A cluster for all tests of a session, and a queue that leaves nothing running."""

import os
import signal
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.jobs.engines.cluster import cluster, why_not
from tests.jobs.engines.ray_cluster import Cluster, ray_cluster
from workbench.jobs.engines.ray_link import Link
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


@pytest.fixture(scope="session")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of a head and two nodes with two processors each."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    with ray_cluster(tmp_path_factory.mktemp("ray")) as found:
        yield found


@pytest.fixture(scope="session")
def line_to_ray(ray: Cluster) -> Iterator[Link]:
    """To join a cluster takes seconds: all daemons of these tests share one process that has."""
    link = Link(address=ray.address, token=str(ray.token))
    yield link
    link.close()


@pytest.fixture
def on_ray(ray: Cluster, line_to_ray: Link, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a job is told of it; nobody waits for a minute for signs of life."""
    monkeypatch.setattr("workbench.jobs.engines.ray.SILENCE", 6.0)
    monkeypatch.setattr("workbench.jobs.engines.ray.Link", lambda **_: line_to_ray)
    return {"address": ray.address, "token": str(ray.token)}


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "home")
    yield queue
    for entry in queue.entries():
        for number in find_members(0, f"WORKBENCH_JOB={queue.folder(entry.number).path}#{entry.token}"):
            os.kill(number, signal.SIGKILL)
