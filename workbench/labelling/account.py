"""Accounting for what a person did: on the annotations themselves, and on the desk with copies of some of them."""

from dataclasses import dataclass, replace
from typing import Any

from workbench.labelling.labelme import LabelmeBusy, is_open
from workbench.labelling.queue_desk import Cleared, clear_desk, find_desk, has_work
from workbench.labelling.sitting import Sitting, end
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that was done since the last account."""

    sitting: Sitting
    cleared: Cleared

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return self.sitting.any or self.cleared.any

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` shows it."""
        return {**self.sitting.to_json(), "desk": self.cleared.to_json()}


def require_closed(project: Project) -> None:
    """Refuse to begin while somebody labels here: a window whose workbench was killed is still a window."""
    for folder in (project.annotations, find_desk(project)):
        if folder.is_dir() and is_open(folder, project):
            raise LabelmeBusy(
                f"{folder}: must be open in one window only, but Labelme is open on it already; close that one first"
            )


def account(project: Project) -> Account:
    """Tell what changed in the annotations, then bring the desk back."""
    sitting = end(project) or Sitting()
    cleared = clear_desk(project) if has_work(find_desk(project)) else Cleared()
    return Account(sitting=replace(sitting, files=(*sitting.files, *cleared.files)), cleared=cleared)
