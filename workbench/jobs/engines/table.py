"""The engines by name; what one needs beside the standard library is imported when somebody asks for it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.engines.engine import Engine
from workbench.jobs.engines.inline import Inline
from workbench.jobs.engines.local import Local
from workbench.jobs.engines.slurm import Slurm

ENGINES: Mapping[str, Callable[[Path], Engine]] = {
    "inline": lambda home: Inline(),
    "local": lambda home: Local(home=home),
    "slurm": lambda home: Slurm(home=home),
}


def require_engine(name: str) -> None:
    """Refuse a name that is none."""
    if name not in ENGINES:
        words = f"must be one of {', '.join(ENGINES)}, but is not{nearest(name, ENGINES)}"
        raise JobError(f"--on {name}: {words}", USAGE)


def find_engine(name: str, home: Path) -> Engine:
    """Return an engine for the queue below a folder."""
    require_engine(name)
    return ENGINES[name](home)
