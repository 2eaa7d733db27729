"""The command line of a job: how ours begin, and how a person would type it."""

import shlex
import sys
from pathlib import Path

from workbench.jobs.job import Job

PROGRAM = (sys.executable, "-m", "workbench")


def show_command(job: Job) -> str:
    """The command as a person would type it."""
    words = list(job.command)
    if tuple(words[:3]) == PROGRAM:
        words[:3] = ["workbench"]
    place = "" if Path(job.place) == Path.cwd() else f"cd {shlex.quote(job.place)} && "
    return place + shlex.join(words)
