"""One shard of a small work, as a job does it: `python -S tests/sharding/work.py PLAN SHARD`.

An item says what it does to the process: `crashes`, `hangs`, `raises`, `eats`, or nothing bad.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workbench.sharding.plan import read_plan
from workbench.sharding.progress import Limits, work_on


def behave(item):
    """Do to this process what the item says."""
    if item.startswith("raises"):
        raise ValueError("a bad\nthing")
    if item.startswith("crashes"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if item.startswith("hangs"):
        time.sleep(60)
    if item.startswith("eats"):
        eaten = []
        while True:
            eaten.append(b"x" * 5_000_000)
            time.sleep(0.001)
    if item.startswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    if item.startswith("exits"):
        os._exit(0)
    if item.startswith("kills all"):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if item.startswith("full"):
        raise OSError(28, "No space left on device", "there")


def copy_out(items, folder):
    """A line an item, and how many there were."""
    done = []
    with (folder / "lines").open("wb") as stream:
        for number, item in items:
            behave(item)
            time.sleep(PACE)
            done.append(stream.write(f"{number} {item}\n".encode()))
    return {"count": len(done)}


PACE = float(os.environ.get("PACE", "0"))  # seconds an item

if __name__ == "__main__":
    limits = Limits(seconds=float(os.environ.get("SECONDS", "600")), memory=200_000_000)
    work_on(read_plan(Path(sys.argv[1])), int(sys.argv[2]), lambda: copy_out, limits=limits)
