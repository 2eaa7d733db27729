"""Finding the environment to install into, or making it."""

import subprocess
import sys
from pathlib import Path

from tools.install.environment import Environment, read_environment
from tools.install.pip import StepFailed
from tools.install.screen import StepLine

ACTIVE = "active"


def open_environment(wanted: str) -> Environment:
    """The active one, one that is there, or a new one."""
    if wanted == ACTIVE:
        return require_environment(Path(sys.executable), "name another one: PYTHON=/path/to/python3")
    folder = Path(wanted).expanduser()
    own = folder / "workbench-install" / "own"
    if not folder.exists() or (own.exists() and not is_finished(folder)):
        make_environment(folder, own)
    environment = require_environment(
        folder / "bin" / "python", f"remove it (rm -rf {folder}), then run the same again"
    )
    if not (environment.packages / "pip").is_dir():
        run([environment.python, "-m", "ensurepip", "--upgrade"])
    return environment


def require_environment(python: Path, advice: str) -> Environment:
    """The environment of an interpreter that starts."""
    environment = read_environment(python)
    if environment is None:
        raise StepFailed("no environment", f"{python}: must be a Python that starts, but is not", advice)
    return environment


def is_finished(folder: Path) -> bool:
    """Interrupted before pip was in it, it must be made again."""
    return any(folder.glob("lib/python3*/site-packages/pip-*.dist-info/RECORD")) and not is_orphan(folder)


def is_orphan(folder: Path) -> bool:
    """The Python that it was made with is gone (uninstalled, or another machine's)."""
    return not (folder / "bin" / "python").exists()


def make_environment(folder: Path, own: Path) -> None:
    """`python3 -m venv`, marked first, so that a half-made one is known as ours."""
    line = StepLine("venv", f"Python {sys.version.split()[0]} in {folder}")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.touch()
    run([sys.executable, "-m", "venv", folder])
    line.end()


def run(command: list[str | Path]) -> None:
    """Run one program, quietly unless it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise StepFailed("the environment could not be made", done.stdout)
