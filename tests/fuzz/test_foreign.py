"""A small share of the mutated foreign files; the whole is `python -m tests.fuzz.foreign`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.foreign import KINDS


@pytest.mark.parametrize("name", KINDS)
def test_mutated_files_end_in_words(name: str):
    """In a process of its own: what other tests have imported takes the address space that it is given."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.foreign", "--count", "250", "--only", name],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{name} | 250 | " in run.stdout
