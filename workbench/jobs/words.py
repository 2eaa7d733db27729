"""The command line of a job: how ours begin, and how a person would type it."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.jobs.job import Job

PROGRAM = (sys.executable, "-m", "workbench")


def show_command(job: Job) -> str:
    """The command as a person would type it."""
    place = "" if Path(job.place) == Path.cwd() else f"cd {shlex.quote(job.place)} && "
    return place + show_words(job.command)


def show_words(command: Sequence[str]) -> str:
    """A command line as a person would type it, wherever it is run."""
    words = list(command)
    if tuple(words[:3]) == PROGRAM:
        words[:3] = ["workbench"]
    return shlex.join(words)
