"""Commands that the App runs for a person, each as a program of its own: none can take the App along."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from workbench.review.trouble import ReviewError

LONGEST = 570.0  # seconds; FiftyOne itself gives up on an operator after 600
SOON = 4.0  # seconds in which a command that cannot work has said so
HERE = Path(__file__).resolve().parents[2]  # where the package lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command said, and how it ended."""

    typed: str
    code: int
    result: str  # stdout
    said: str  # stderr

    @property
    def good(self) -> bool:
        """Whether it did what it was asked to."""
        return self.code == 0

    @property
    def reason(self) -> str:
        """The last line that says why not."""
        lines = [line for line in (self.said or self.result).splitlines() if line.strip()]
        return lines[-1] if lines else f"{self.typed} ended with {self.code}"


def run_errand(project: Path, words: Sequence[str], *, longest: float = LONGEST) -> Done:
    """Run a command where the project's own folder of projects lies, and wait for it."""
    typed = " ".join(["workbench", *words])
    try:
        done = subprocess.run(
            _name_command(words),
            cwd=find_home(project),
            env=_list_variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=longest,
        )
    except subprocess.TimeoutExpired:
        raise ReviewError(
            f"{typed}: must be done within {longest:.0f} s here, but is not; run it in a terminal"
        ) from None
    return Done(typed=typed, code=done.returncode, result=done.stdout, said=done.stderr)


def start_errand(project: Path, words: Sequence[str], *, patience: float = SOON) -> Done | None:
    """Start a command that goes on while a person works; what it said where it ended at once, else None."""
    typed = " ".join(["workbench", *words])
    with TemporaryFile() as stream:
        process = subprocess.Popen(
            _name_command(words),
            cwd=find_home(project),
            env=_list_variables(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            return None
        stream.seek(0)
        return Done(typed=typed, code=code, result="", said=stream.read().decode(errors="replace"))


def find_home(project: Path) -> Path:
    """The folder that `projects/` lies in: paths of old runs may begin there."""
    home = project.parents[1] if project.parent.name == "projects" else project.parent
    if not home.is_dir():
        raise ReviewError(
            f"{project}: the project must be where it was, but is gone; run workbench review again from where it is"
        )
    return home


def _name_command(words: Sequence[str]) -> list[str]:
    """Without the folder that it starts in on Python's path: a folder called workbench there is not this one."""
    return [sys.executable, "-P", "-m", "workbench", *words]


def _list_variables() -> dict[str, str]:
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), before)))}
