"""How quick the queue is, and whether it keeps its word when its processes are killed.

python -m benchmarks.jobs [--jobs 200] [--kills 60]

Latency of `workbench launch` and of a list of 10,000 jobs, as typed; then short jobs on eight workers, while keepers
and daemons are killed at random: each job must end in exactly one final state, none be lost, none run twice. Then
all that runs is stopped, and nothing may be left of it; at last eight begin the same run.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.command import ROOT
from workbench.errors import BUSY
from workbench.jobs.home import HOME
from workbench.jobs.job import FINAL, OPEN, RUNNING, Job
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room
from workbench.jobs.waking import find_daemon, wake

WORKERS = 8
MANY = 10_000


def measure(words: Sequence[str], rounds: int) -> float:
    """Return the median milliseconds of a command as typed."""
    times = []
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds + 1):  # the first writes what Python compiled
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "workbench", *words], env=cached, check=True, capture_output=True
        )
        times.append(time.perf_counter() - began)
    return 1000 * median(times[1:])


def measure_latency(home: Path) -> None:
    """Launch, and list ten thousand; nothing is started, since there is room for nothing that large."""
    queue = Queue(home)
    write_room(home, Room(cores=1))
    queue.submit(Job(command=("sleep", "600"), place="/"))  # keeps the only place
    print(f"workbench --help           {measure(['--help'], 10):7.0f} ms", flush=True)
    print(f"workbench launch           {measure(['launch', 'balloons'], 10):7.0f} ms", flush=True)
    with queue.changing():
        for number in range(MANY):
            queue.submit(Job(command=("true",), place="/", name=f"job {number}"))
    print(f"workbench jobs, {MANY:,}     {measure(['jobs', '--all'], 5):7.0f} ms", flush=True)
    with queue.changing():  # the trainings that were launched above must never begin
        for entry in reversed(queue.entries(OPEN)):
            queue.ask_to_stop(entry.number)
    _end(queue)


def find_servants(home: Path) -> Iterator[tuple[str, int]]:
    """The daemon and the keepers of a queue."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        for kind in ("daemon", "keeper"):
            if os.fsencode(home) in words and f"workbench.jobs.{kind}".encode() in words:
                yield kind, int(place.name)


def disturb(home: Path, count: int, kills: int, seed: int) -> None:
    """Run jobs and kill whoever serves them."""
    queue, chance = Queue(home), random.Random(seed)
    write_room(home, Room(cores=WORKERS))
    marks = home / "marks"
    marks.mkdir()
    for number in range(count):
        script = (
            f"import os, time; time.sleep({chance.uniform(0.2, 1.2)}); "
            f"mark = os.open('{marks}/{number}', os.O_WRONLY | os.O_CREAT | os.O_APPEND); os.write(mark, b'x')"
        )
        queue.submit(Job(command=(sys.executable, "-S", "-c", script), place="/"))
    killed: Counter[str] = Counter()
    began = time.monotonic()
    while queue.has_open() and time.monotonic() - began < 600:
        wake(home)
        time.sleep(chance.uniform(0.1, 0.6))
        kinds: dict[str, list[int]] = {}
        for kind, process in find_servants(home):
            kinds.setdefault(kind, []).append(process)
        if kinds and killed.total() < kills:
            kind = chance.choice(sorted(kinds))
            os.kill(chance.choice(kinds[kind]), signal.SIGKILL)
            killed[kind] += 1
    states = Counter(entry.state for entry in queue.entries())
    times = Counter(
        len(path.read_bytes()) if path.exists() else 0 for path in (marks / str(n) for n in range(count))
    )
    print(
        f"{count} jobs, {WORKERS} workers, {killed.total()} kills "
        f"({killed['keeper']} keepers, {killed['daemon']} daemons): {dict(states)}, "
        f"ran once {times[1]}, never {times[0]}, twice or more {count - times[0] - times[1]}; "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )
    _end(queue)


def stop_all(home: Path) -> None:
    """Stop jobs with children that do not listen."""
    queue = Queue(home)
    write_room(home, Room(cores=WORKERS))
    script = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN); "
        "[subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'], start_new_session=True) "
        "for _ in range(3)]; time.sleep(600)"
    )
    numbers = [
        queue.submit(Job(command=(sys.executable, "-S", "-c", script), place="/")) for _ in range(WORKERS)
    ]
    subprocess.Popen(
        [sys.executable, "-m", "workbench.jobs.daemon", str(home), "--grace", "1"], start_new_session=True
    )
    while not all(queue.folder(number).status.exists() for number in numbers):
        time.sleep(0.1)
    time.sleep(2)
    before = count_marked(home)
    began = time.monotonic()
    for number in numbers:
        queue.ask_to_stop(number)
    while any(queue.find(number).state not in FINAL for number in numbers):
        time.sleep(0.05)
    print(
        f"{WORKERS} jobs of {before} processes stopped in {time.monotonic() - began:.1f} s, {count_marked(home)} left",
        flush=True,
    )
    _end(queue)


def race(home: Path) -> None:
    """Begin one run eight times at once: one trains, the others are told so."""
    for name in ("projects", "annotations"):
        shutil.copytree(
            ROOT / name / "balloons",
            home / name / "balloons",
            ignore=shutil.ignore_patterns("runs", "datasets", "sweeps"),
        )
    words = [
        sys.executable,
        "-m",
        "workbench",
        "train",
        "balloons",
        "--model",
        "mask_rcnn_nano",
        "--run",
        "race",
    ]
    began = time.monotonic()
    racers = [
        subprocess.Popen(words, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    times: dict[int, float] = {}
    while len(times) < WORKERS - 1:
        for racer in racers:
            if racer.poll() is not None:
                times.setdefault(racer.pid, time.monotonic() - began)
        time.sleep(0.005)
    codes = Counter(racer.returncode for racer in racers if racer.poll() is not None)
    for racer in racers:
        racer.terminate()
        racer.wait()
    print(
        f"{WORKERS} begin one run: {codes[BUSY]} end with {BUSY}, after {min(times.values()):.2f} to "
        f"{max(times.values()):.2f} s",
        flush=True,
    )


def count_marked(home: Path) -> int:
    """Count the processes that carry the mark of any job of this queue."""
    found = 0
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += f"WORKBENCH_JOB={home.resolve()}/jobs/".encode() in place.read_bytes()
        except OSError:
            continue
    return found


def _end(queue: Queue) -> None:
    end = time.monotonic() + 30
    while queue.entries((RUNNING,)) and time.monotonic() < end:
        time.sleep(0.1)
    server = find_daemon(queue.home)
    if server:
        os.kill(server, signal.SIGTERM)


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    typed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, measured in (
            ("latency", measure_latency),
            ("chaos", lambda home: disturb(home, typed.jobs, typed.kills, typed.seed)),
            ("stop", stop_all),
            ("race", race),
        ):
            home = Path(folder) / name
            home.mkdir()
            os.environ[HOME] = str(home)
            measured(home)


if __name__ == "__main__":
    main()
