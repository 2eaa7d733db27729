"""A run folder: the name of every file in it, who may write there, and run.json.

run.json holds, for whoever asks later: `state` (running | stopped | finished | failed | oom), `reason`, `command`,
`project`, `task`, `model`, `classes` (`things`, `stuff`), `settings`, `typed`, `seed`, `device`, `precision`, `world`,
`versions`, `git` (`commit`, `dirty`), `dataset` (`folder`, `fingerprint`, `split`), `weights` (`source`, `sha256`,
`missing`), `changes` (`key`, `old`, `new`, `reason`), `steps`, `step`, `best` (`metric`, `value`, `step`), `scores`,
`quarantined` (images that were left out), `job` (`number`, `folder`; of the newest start), `started`,
`ended`, `resumed` (a list of steps).
"""

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import BUSY, InputMissing, WorkbenchError
from workbench.files import (
    PATIENCE,
    claim,
    explain_os_error,
    is_file,
    is_locked,
    prepare_folder,
    write_atomically,
)

RECORD = "run.json"


class RunError(WorkbenchError):
    """A run folder that cannot be used."""


class RunBusy(RunError):
    """Somebody else trains in this run folder."""

    exit_code = BUSY


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One folder under projects/<project>/runs/; nobody else spells the names in it."""

    folder: Path

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.folder.name

    @property
    def record(self) -> Path:
        """Lineage and state."""
        return self.folder / RECORD

    @property
    def project_copy(self) -> Path:
        """project.toml as it was."""
        return self.folder / "project.toml"

    @property
    def config(self) -> Path:
        """Detectron2's whole configuration."""
        return self.folder / "config.yaml"

    @property
    def metrics(self) -> Path:
        """What was measured at each step; the truth."""
        return self.folder / "metrics.jsonl"

    @property
    def speed(self) -> Path:
        """What a clock measured; never equal twice."""
        return self.folder / "speed.jsonl"

    @property
    def log(self) -> Path:
        """What was said."""
        return self.folder / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """Where a resume goes on from."""
        return self.folder / "checkpoints"

    @property
    def best(self) -> Path:
        """The weights with the best validation score."""
        return self.folder / "model_best.pth"

    @property
    def final(self) -> Path:
        """The weights at the end."""
        return self.folder / "model_final.pth"

    @property
    def batches(self) -> Path:
        """A picture of what the model was shown."""
        return self.folder / "batches.png"

    @property
    def curves(self) -> Path:
        """A picture of losses and scores over the steps."""
        return self.folder / "curves.png"

    @property
    def pictures(self) -> Path:
        """Predictions on the same validation images, one sheet an evaluation."""
        return self.folder / "pictures"

    @property
    def events(self) -> Path:
        """TensorBoard's files."""
        return self.folder / "tensorboard"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.folder / "report.html"

    @property
    def selection(self) -> Path:
        """What was picked to be labelled again."""
        return self.folder / "selection.json"

    @property
    def drafts(self) -> Path:
        """Labels that the model began, for a person to finish in Labelme."""
        return self.folder / "drafts"

    @property
    def predicted(self) -> Path:
        """What the best model found in images that are in no dataset."""
        return self.folder / "predicted"

    def predictions(self, part: str) -> Path:
        """What the best model found, as COCO results."""
        return self.folder / "predictions" / f"{part}.json"

    def scores(self, part: str) -> Path:
        """How good that was."""
        return self.folder / "scores" / f"{part}.json"

    def mistakes(self, part: str) -> Path:
        """Each thing that was wrong, with its kind."""
        return self.folder / "mistakes" / f"{part}.json"


def name_run(runs: Path, name: str) -> Run:
    """Return the run of that name, and make its folder where it is not there."""
    if Path(name).name != name or name.startswith("."):
        raise RunError(
            f"--run {name}: must be a name without slashes or a dot in front, but is not; change it"
        )
    prepare_folder(runs)
    try:
        (runs / name).mkdir(exist_ok=True)
    except OSError as error:
        raise explain_os_error(runs / name, error) from error
    return Run(folder=runs / name)


def make_run(runs: Path, model: str) -> Run:
    """Make a new folder; two that start in the same second get different names."""
    prepare_folder(runs)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        folder = runs / (f"{stamp}-{model}" if number == 1 else f"{stamp}-{number}-{model}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise explain_os_error(folder, error) from error
        return Run(folder=folder)
    raise RunError(f"{runs}: must have room for one more run of this second, but has 999; wait a second")


def find_run(name: str, runs: Path | None = None) -> Run:
    """Return the run that a person means by a path, or by its name below a project's runs."""
    places = [Path(name), *([runs / name] if runs else [])]
    for place in places:
        if is_file(place / RECORD):
            return Run(folder=place)
    raise InputMissing(
        f"{name}: must be a run folder (with {RECORD}), but is not; workbench runs PROJECT lists them"
    )


def list_runs(runs: Path) -> list[Run]:
    """Every run of a project, the oldest first."""
    return [Run(folder=path.parent) for path in sorted(runs.glob(f"*/{RECORD}"))]


def read_record(run: Run) -> dict[str, Any]:
    """Read run.json."""
    try:
        record = json.loads(run.record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputMissing(f"{run.record}: must exist, but does not; is {run.folder} a run folder?") from None
    except (OSError, ValueError) as error:
        raise RunError(
            f"{run.record}: must be readable JSON, but is not ({error}); the run must be started again"
        ) from error
    if not isinstance(record, dict):
        raise RunError(f"{run.record}: must be a JSON object, but is not; the run must be started again")
    return record


def write_record(run: Run, record: Mapping[str, Any]) -> None:
    """Write run.json, whole or not at all."""
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    write_atomically(run.record, f"{text}\n".encode())


def is_held(run: Run) -> bool:
    """Whether somebody trains in this folder right now."""
    return is_locked(run.folder / "lock")


def require_free(run: Run) -> None:
    """Refuse a folder that somebody trains in."""
    if is_held(run):
        with hold(run):
            pass


@contextmanager
def hold(run: Run) -> Iterator[None]:
    """Keep everybody else out of the folder; the system lets go when this process ends, however it ends."""
    path = run.folder / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise explain_os_error(path, error) from error
    try:
        _claim_soon(descriptor, run)
        with suppress(OSError):  # who it is serves people only: a full disk must not end a run here
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _claim_soon(descriptor: int, run: Run) -> None:
    if not claim(descriptor, patience=PATIENCE):
        who = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
        raise RunBusy(f"{run.folder}: must be free, but {who} trains in it; wait for it, or start a new run")
