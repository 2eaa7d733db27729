"""Cross-validation: `split.fold NAME/NUMBER` names one fold of a sweep, for a training that can be typed by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import USAGE
from workbench.sweeps.names import FOLD, SweepError
from workbench.sweeps.record import sweep_folder

if TYPE_CHECKING:
    from workbench.project import Project


def name_folds(sweep: str, count: int) -> tuple[str, ...]:
    """Return the values of split.fold, one for each fold."""
    from workbench.prepare.folds import require_count

    require_count(count)
    return tuple(f"{sweep}/{number}" for number in range(1, count + 1))


def find_fold(project: Path, text: str) -> tuple[Path, int]:
    """Return the file and the number that NAME/NUMBER means."""
    name, slash, number = text.rpartition("/")
    if not (slash and name and number.isdecimal()):
        raise SweepError(f"{FOLD} {text}: must be SWEEP/NUMBER, such as cv/2, but is not; correct it", USAGE)
    return sweep_folder(project, name).folds, int(number)


def choose_fold(project: "Project", typed: Mapping[str, str]) -> "Project":
    """Return the project as the typed words want it split: by its own split, or by one fold of a sweep."""
    text = typed.get(FOLD, "")
    if not text:
        return project
    from workbench.conversion.folds import take_fold

    return take_fold(project, *find_fold(project.folder, text))
