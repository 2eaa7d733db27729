"""A real SLURM on this machine: Debian's packages unpacked into a folder, one controller and two nodes on the loopback.

`python -m tests.jobs.engines.cluster FOLDER` starts one and prints what to set; Ctrl-C ends it.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "libslurm38")
SYSTEM = ("libmunge2", "libhwloc15", "liblz4-1", "libjson-c5", "libyaml-0-2")  # what the packages link to
NODES = ("n1", "n2")  # Debian's slurmd was built so that one machine can be several
LIBRARIES = Path("usr/lib/x86_64-linux-gnu")
SETTINGS = """
ClusterName=workbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=100000,sched_interval=2,bf_interval=2,requeue_delay=1
SlurmdParameters=config_overrides
SwitchType=switch/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
SlurmUser=root
SlurmdUser=root
JobRequeue=1
KillWait=10
PluginDir={plugins}
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/slurmd-%n
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd-%n.pid
SlurmctldLogFile={home}/slurmctld.log
SlurmdLogFile={home}/slurmd-%n.log
PartitionName=main Nodes={nodes} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent Nodes={nodes} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def why_not() -> str:
    """Say why there can be no cluster here; empty where there can."""
    if os.geteuid():
        return "a SLURM of one's own wants root"
    missing = [program for program in ("apt-get", "dpkg") if not shutil.which(program)]
    return f"{missing[0]} is not there" if missing else ""


def unpack(folder: Path) -> Path:
    """Fetch Debian's packages and unpack them; nothing is installed."""
    root = folder / "root"
    if (root / "usr/sbin/slurmctld-wlm").exists():
        return root
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "download", *PACKAGES, *SYSTEM]
    if subprocess.run(fetch, cwd=archives, check=False, capture_output=True).returncode:
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
        subprocess.run(fetch, cwd=archives, check=True, capture_output=True)
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg", "-x", archive, root], check=True)
    return root


def _find_ports(count: int) -> list[int]:
    """Free ones, all held until the last is found: otherwise one might be given twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextmanager
def cluster(folder: Path, *, cpus: int = 4) -> Iterator[Mapping[str, str]]:
    """Start controller and nodes; yield the environment in which sbatch and its kin find them."""
    root, home = unpack(folder), folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    for place in ("state", *(f"slurmd-{node}" for node in NODES)):
        (home / place).mkdir(parents=True)
    plugins = root / LIBRARIES / "slurm-wlm"
    settings = home / "slurm.conf"
    settings.write_text(_write_settings(home, plugins, cpus))
    environment = {
        **os.environ,
        "SLURM_CONF": str(settings),
        "LD_LIBRARY_PATH": f"{plugins}:{root / LIBRARIES}",
        "PATH": f"{root / 'usr/bin'}:{root / 'usr/sbin'}:{os.environ['PATH']}",
    }
    servers = []
    try:
        programs = root / "usr/sbin"
        step = str(programs / "slurmstepd-wlm")
        servers.append(_serve(programs / "slurmctld-wlm", "-D", "-i", environment=environment))
        for node in NODES:
            words = ("-D", "-N", node, "-d", step)
            servers.append(_serve(programs / "slurmd-wlm", *words, environment=environment))
        _wait(environment, home)
        yield environment
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _write_settings(home: Path, plugins: Path, cpus: int) -> str:
    host, nodes = socket.gethostname(), ",".join(NODES)
    controller, *ports = _find_ports(1 + len(NODES))
    settings = SETTINGS.format(host=host, controller=controller, plugins=plugins, home=home, nodes=nodes)
    for node, port in zip(NODES, ports, strict=True):
        place = f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
        settings += f"{place} CPUs={cpus} RealMemory=4000 State=UNKNOWN\n"
    return settings


def _serve(program: Path, *words: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [program, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait(environment: Mapping[str, str], home: Path) -> None:
    end = time.monotonic() + 60
    while True:
        told = subprocess.run(
            ["sinfo", "-h", "-N", "-p", "main", "-o", "%t"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.split() == ["idle"] * len(NODES):
            return
        if time.monotonic() > end:
            logs = "\n".join(path.read_text()[-2000:] for path in home.glob("*.log"))
            raise TimeoutError(f"SLURM does not come up: {told.stdout} {told.stderr}\n{logs}")
        time.sleep(0.2)


if __name__ == "__main__":
    with cluster(Path(sys.argv[1]).resolve()) as found:
        for name in ("SLURM_CONF", "LD_LIBRARY_PATH", "PATH"):
            sys.stdout.write(f"export {name}={found[name]}\n")
        sys.stdout.flush()
        while True:
            time.sleep(60)
