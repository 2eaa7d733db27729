"""The workbench as typed, from this clone wherever it is run."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_workbench(*words: str, place: Path | None = None, show: bool = False) -> str:
    """Run one command and return what it printed; its messages are shown as they come, or when it fails."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        cwd=place,
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        told = f"{done.stdout}{done.stderr or ''}"
        raise SystemExit(f"workbench {' '.join(words)}: ended with {done.returncode}\n{told}")
    return done.stdout
