"""Where a run comes from: command line, versions, commit, data, weights; written down before the first step."""

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench import __version__

PACKAGES = (
    "torch",
    "torchvision",
    "detectron2",
    "sal-detectron2",
    "numpy",
    "pillow",
    "pycocotools",
    "hotcoco",
)


def find_versions() -> dict[str, str]:
    """The versions of what computes."""
    found = {"workbench": __version__, "python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def find_commit(folder: Path) -> dict[str, Any] | None:
    """The commit that a folder stands at, and whether files differ from it; nothing outside of git."""
    if shutil.which("git") is None:
        return None
    head = _git(folder, "rev-parse", "HEAD")
    if not head:
        return None
    return {"commit": head.strip(), "dirty": bool(_git(folder, "status", "--porcelain", "-uno"))}


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
