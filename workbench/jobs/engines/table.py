"""The engines by name; a module is imported when its engine is used, since some need more than the standard library."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.engines.engine import Engine

ENGINES: Mapping[str, str] = {"inline": "Inline", "local": "Local", "slurm": "Slurm", "ray": "Ray"}


def require_engine(name: str) -> None:
    """Refuse a name that is none."""
    if name not in ENGINES:
        words = f"must be one of {', '.join(ENGINES)}, but is not{nearest(name, ENGINES)}"
        raise JobError(f"--on {name}: {words}", USAGE)


def find_engine(name: str, home: Path) -> Engine:
    """Return an engine for the queue below a folder."""
    require_engine(name)
    module = import_module(f"workbench.jobs.engines.{name}")
    return cast("Engine", getattr(module, ENGINES[name])(home=home))
