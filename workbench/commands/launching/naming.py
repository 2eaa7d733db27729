"""What is launched has a folder of its own from the first moment on, so that nobody else takes its name."""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import CANNOT_CREATE
from workbench.files import explain_os_error, prepare_folder
from workbench.sweeps.names import SweepError, require_name

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial


class NameTaken(SweepError):
    """Something was launched under that name before."""

    def __init__(self, path: Path) -> None:
        kind = path.parent.name.removesuffix("s")
        super().__init__(f"{path}: must be a new {kind}, but is there; choose another --name", CANNOT_CREATE)


@contextmanager
def planned(args: argparse.Namespace) -> "Iterator[tuple[list[Trial], list[Path]]]":
    """Yield the trainings and the folders that were made for them; those in the list go where the rest fails."""
    made: list[Path] = []
    try:
        yield _plan(args, made), made
        made.clear()
    finally:
        _remove(made)


def _plan(args: argparse.Namespace, made: list[Path]) -> "list[Trial]":
    """Plan under the name that was typed, or under the time; where that is taken, with a number behind it."""
    from workbench.commands.launching.planning import plan

    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in count(1):
        name = args.name or (f"{stamp}_{number}" if number > 1 else stamp)  # -2 would be a trial's
        trials = plan(args, require_name(name))
        try:
            _require_new(trials, typed=bool(args.name))
            if not args.dry_run:
                _make_folders(trials, made, typed=bool(args.name))
            break
        except NameTaken:
            _remove(made)
            if args.name:
                raise
    return trials


def _require_new(trials: "Sequence[Trial]", *, typed: bool) -> None:
    """A run that is there would be gone on with, whatever it was."""
    for folder in _list_folders(trials):
        if folder.exists() and not (typed and _is_free(folder)):
            raise NameTaken(folder)
    for run in [run for trial in trials if trial.jobs[0].group for run in trial.runs]:
        if run.exists():
            raise NameTaken(run)


def _list_folders(trials: "Sequence[Trial]") -> list[Path]:
    """Where each project keeps a name: as its sweep, or as its run where that stands alone."""
    sweep = trials[0].jobs[0].group
    return list(dict.fromkeys(one.project / "sweeps" / sweep if sweep else one.run for one in trials))


def _is_free(folder: Path) -> bool:
    """Whether a folder was left by what never began: by a launch that was killed, or a job that was stopped."""
    if folder.parent.name == "sweeps":
        from workbench.sweeps.record import SweepFolder

        return not SweepFolder(path=folder).record.exists()
    return folder.is_dir() and not any(folder.iterdir()) and not _is_queued(folder)


def _is_queued(run: Path) -> bool:
    from workbench.jobs.home import find_home
    from workbench.jobs.job import OPEN
    from workbench.jobs.queue import Queue

    if not find_home().is_dir():
        return False
    queue, words = Queue(find_home()), {str(run.parent.parent), run.name}
    try:
        return any(words.issubset(entry.job.command) for entry in queue.entries(OPEN))
    finally:
        queue.close()


def _make_folders(trials: "Sequence[Trial]", made: list[Path], *, typed: bool) -> None:
    for folder in _list_folders(trials):
        prepare_folder(folder.parent)
        try:
            folder.mkdir(parents=True)  # the folder above may be taken away by a launch that was refused
        except FileExistsError:
            if not typed:  # by somebody else in this moment
                raise NameTaken(folder) from None
        except OSError as error:
            raise explain_os_error(folder, error) from error
        else:
            made.append(folder)


def _remove(made: list[Path]) -> None:
    for folder in made:
        from shutil import rmtree  # loads all compressors

        rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            folder.parent.rmdir()
    made.clear()
