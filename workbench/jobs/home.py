"""Where the queue of this machine lies."""

import os
from pathlib import Path

HOME = "WORKBENCH_HOME"


def find_home() -> Path:
    """A folder of the person, not of a project: cores and GPUs are shared by all of them."""
    named = os.environ.get(HOME)
    if named:
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "workbench"
