"""Several processes for one run: torchrun with what its restarts need; each one goes on with the run folder."""

import os
import signal
import subprocess
import sys
from types import FrameType

from workbench.engine.training.stop import SIGNALS, Stopped
from workbench.errors import FAILED, WorkbenchError
from workbench.project import Project
from workbench.run import Run, read_record

RESTARTS = 100  # a group that lost a rank starts again from its newest checkpoint

# Without the first, a killed rank comes back in one of seven tries (pytorch#135712, #167288); gloo must find the
# loopback, since a host's own name need not mean an address.
ENVIRONMENT = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "GLOO_SOCKET_IFNAME": "lo"}


class LaunchFailed(WorkbenchError):
    """A group of processes that did not reach the end."""

    exit_code = FAILED


def launch(run: Run, project: Project, count: int, *, strict: bool, trust: str = "") -> None:
    """Start the group, pass on what it is told, and wait for it."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    words += [f"--max-restarts={RESTARTS}", "-m", "workbench", "train", str(project.folder)]
    words += ["--resume", str(run.folder), *(["--strict"] if strict else [])]
    words += ["--trust", trust] if trust else []
    process = subprocess.Popen(words, env=ENVIRONMENT | os.environ, start_new_session=True)
    code = _wait(process)
    if code:
        record = read_record(run)
        raise LaunchFailed(
            f"{run.folder}: must be trained by {count} processes, but they ended with {code}"
            f" ({record.get('reason') or 'look at the lines above'}); "
            f"go on with: workbench train {project.folder} --resume {run.name} --gpus {count}"
        )


def _wait(process: "subprocess.Popen[bytes]") -> int:
    told: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        told.append(number)
        os.killpg(process.pid, signal.SIGKILL if len(told) > 1 else signal.SIGTERM)

    before = {number: signal.signal(number, pass_on) for number in SIGNALS}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if told:
        raise Stopped(told[0])
    return code
