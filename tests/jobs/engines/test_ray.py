"""What only a Ray cluster does: nodes that die, actors that wait, and who is let in."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.jobs.engines.ray_cluster import Cluster
from tests.jobs.engines.test_engines import all_ended, work
from workbench.errors import JobError
from workbench.jobs.engines.engine import EngineBusy, name_try
from workbench.jobs.engines.ray import Ray
from workbench.jobs.engines.ray_link import Link
from workbench.jobs.engines.ray_options import choose_resources, complete_options, require_address
from workbench.jobs.folder import read_json
from workbench.jobs.job import FINISHED, RUNNING, STOPPED, Job
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
UP_AND_AGAIN = """
import pathlib, signal, sys, time
tries = pathlib.Path(sys.argv[1])
again = tries.exists()
def give_way(*_):
    print('checkpoint', flush=True)
    sys.exit(143)
signal.signal(15, give_way)
tries.touch()
print('again' if again else 'up', flush=True)
time.sleep(0 if again else 60)
"""


@pytest.fixture
def wish(on_ray: dict[str, str]) -> dict[str, str]:
    return on_ray


def ask(queue: Queue, options: dict[str, str], script: str, *words: str, cores: int = 1) -> int:
    command = (sys.executable, "-S", "-c", script, *words)
    return queue.submit(Job(command=command, place="/", engine="ray", options=options, cores=cores))


def find_raylet(keeper: int) -> int:
    """The process that is Ray on the node of a keeper."""
    found = Path(f"/proc/{keeper}/environ").read_text().split("\0")
    return next(int(one.partition("=")[2]) for one in found if one.startswith("RAY_RAYLET_PID="))


def find_children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in found]


def wait_until_up(queue: Queue, number: int) -> dict[str, int]:
    folder = queue.folder(number)
    work(queue, lambda: folder.log.exists() and folder.log.read_text() and read_json(folder.status))
    return read_json(folder.status) or {}


def test_a_node_that_loses_power_costs_a_try_and_the_job_runs_on_another(
    queue: Queue, wish: dict[str, str], ray: Cluster, tmp_path: Path
) -> None:
    number = ask(queue, wish, UP_AND_AGAIN, str(tmp_path / "tries"))
    status = wait_until_up(queue, number)
    raylet = find_raylet(status["keeper"])
    cut = [raylet, *find_children(raylet), status["keeper"], *find_members(status["group"], "no mark")]
    for sign in (signal.SIGSTOP, signal.SIGKILL):  # so that none of it has the time to say a last word
        for process in cut:
            os.kill(process, sign)
    ray.grow()
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 1)
    assert queue.folder(number).log.read_text() == "up\nagain\n"


def test_where_only_ray_dies_the_command_writes_its_checkpoint_first(
    queue: Queue, wish: dict[str, str], ray: Cluster, tmp_path: Path
) -> None:
    number = ask(queue, wish, UP_AND_AGAIN, str(tmp_path / "tries"))
    os.kill(find_raylet(wait_until_up(queue, number)["keeper"]), signal.SIGKILL)
    ray.grow()
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 1)
    said = queue.folder(number).log.read_text().splitlines()
    assert [line for line in said if line != "Terminated"] == ["up", "checkpoint", "again"]


def test_a_killed_keeper_is_followed_by_another_and_the_command_goes_on(
    queue: Queue, wish: dict[str, str]
) -> None:
    number = ask(queue, wish, "import time; print('up', flush=True); time.sleep(2)")
    os.kill(wait_until_up(queue, number)["keeper"], signal.SIGKILL)
    work(queue, lambda: all_ended(queue))
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 0)
    assert queue.folder(number).log.read_text() == "up\n"


def test_what_waits_in_ray_is_stopped_and_nothing_of_it_stays_there(
    queue: Queue, wish: dict[str, str], line_to_ray: Link
) -> None:
    number = ask(queue, wish, "", cores=64)
    work(queue, lambda: queue.find(number).handle)
    name = name_try(queue.find(number), queue.folder(number))
    assert name in (line_to_ray.read_names() or set())
    queue.ask_to_stop(number)
    work(queue, lambda: all_ended(queue))
    assert queue.find(number).state == STOPPED
    assert name not in (line_to_ray.read_names() or set())


def test_a_daemon_that_dies_leaves_its_tries_and_the_next_one_knows_them_by_name(
    queue: Queue, wish: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With lines of their own to the cluster, each of which dies with its daemon."""
    monkeypatch.setattr("workbench.jobs.engines.ray.Link", Link)
    script = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.1)"
    begins = ask(queue, wish, script, str(tmp_path / "go"))
    waits = ask(queue, wish, "", cores=64)
    with subprocess.Popen([sys.executable, "-m", "workbench.jobs.daemon", str(queue.home)]) as daemon:
        end = time.monotonic() + 180
        while not (queue.find(waits).handle and queue.folder(begins).status.exists()):
            assert time.monotonic() < end
            time.sleep(0.1)
        daemon.kill()
    tokens = [entry.token for entry in queue.entries()]
    queue.ask_to_stop(waits)
    work(queue, lambda: queue.find(waits).state == STOPPED)
    assert queue.find(begins).state == RUNNING
    (tmp_path / "go").touch()
    work(queue, lambda: all_ended(queue))
    assert [(entry.state, entry.token) for entry in queue.entries()] == [
        (FINISHED, tokens[0]),
        (STOPPED, tokens[1]),
    ]


def test_a_folder_that_a_node_does_not_see_is_said(
    queue: Queue, wish: dict[str, str], tmp_path: Path
) -> None:
    number = ask(queue, wish, "")
    entry, folder = queue.find(number), queue.folder(tmp_path.stat().st_ino)
    engine = Ray(home=queue.home)
    engine.start(entry, folder, grace=5.0)
    end = time.monotonic() + 30
    while not read_json(folder.end(entry.token)):
        assert time.monotonic() < end
        engine.look(entry, folder)
        time.sleep(0.1)
    reason = (read_json(folder.end(entry.token)) or {})["reason"]
    assert reason.startswith(f"{folder.path}: must be seen by every node, but is not by ")


def test_a_token_that_is_not_the_clusters_is_refused(
    queue: Queue, wish: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.jobs.engines.ray.Link", Link)
    monkeypatch.setattr("workbench.jobs.engines.ray_link.CONNECTING", 60.0)
    (tmp_path / "wrong").write_text("b" * 64)
    number = ask(queue, {**wish, "token": str(tmp_path / "wrong")}, "")
    work(queue, lambda: all_ended(queue))
    hint = f"must hold the token of Ray at {wish['address']}, but does not; get the right one"
    assert queue.find(number).reason == f"{tmp_path}/wrong: {hint}"


def test_a_cluster_that_does_not_answer_is_waited_for() -> None:
    link = Link(address="127.0.0.2:1", token="none")
    with pytest.raises(EngineBusy, match=r"^Ray at 127.0.0.2:1: must answer, but does not \(.*refused"):
        link.start("any", {})
    link.close()


def make_token(folder: Path) -> dict[str, str]:
    (folder / "token").write_text("a" * 64)
    return {"RAY_AUTH_TOKEN_PATH": str(folder / "token"), "RAY_ADDRESS": "head:6379", "HOME": str(folder)}


def test_where_the_cluster_is_goes_with_the_job_and_the_token_does_not(tmp_path: Path) -> None:
    found = complete_options({"memory": "2GB"}, make_token(tmp_path))
    assert found == {"address": "head:6379", "token": f"{tmp_path}/token", "memory": "2GB"}
    assert "a" * 64 not in str(found)


@pytest.mark.parametrize(
    "address", ["", "auto", "local", "head", "ray://head:10001", "head:port", "head:0", "head:65536"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(JobError, match="must be HOST:PORT of the cluster's head"):
        require_address(address)


def test_without_a_token_nothing_is_launched(tmp_path: Path) -> None:
    with pytest.raises(
        JobError, match=r"\.ray/auth_token: must hold the token of the cluster, but cannot be read; "
    ):
        complete_options({"address": "head:6379"}, {"HOME": str(tmp_path)})
    with pytest.raises(JobError, match="the one in RAY_AUTH_TOKEN is not seen by the daemon"):
        complete_options({"address": "head:6379"}, {"HOME": str(tmp_path), "RAY_AUTH_TOKEN": "secret"})
    (tmp_path / "empty").touch()
    with pytest.raises(JobError, match="but is empty"):
        complete_options({"address": "head:6379", "token": str(tmp_path / "empty")}, {})


def test_a_ray_without_tokens_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.51.2")
    with pytest.raises(
        JobError, match=r"^ray: must be 2\.52 or newer, but is 2\.51\.2, which lets everybody"
    ):
        complete_options({}, make_token(tmp_path))


def test_what_a_job_asks_of_ray_is_read_or_refused(tmp_path: Path) -> None:
    asked = {"memory": "1.5GB", "resources": "tpu:2,disk:0.5", "accelerator": "A100", "address": "head:1"}
    assert choose_resources(asked) == {
        "memory": 1610612736,
        "resources": {"tpu": 2.0, "disk": 0.5},
        "accelerator_type": "A100",
    }
    for name, value in (("memory", "much"), ("resources", "tpu"), ("adress", "head:1")):
        with pytest.raises(JobError, match=f"^--ray {name}"):
            complete_options({name: value}, make_token(tmp_path))
