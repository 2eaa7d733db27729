"""What a dataset of ours says of itself, under `workbench` in its info; without that nothing is changed or dropped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.review.fields import MARK, TRUTH, name_dataset, name_old_truth
from workbench.review.session import Database
from workbench.review.trouble import ReviewError


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A project's dataset in FiftyOne, open to be written to."""

    database: Database
    dataset: Any
    number: Any  # of the dataset in the database
    project: Path
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)  # field -> run, part, fingerprint, results

    @property
    def fo(self) -> Any:
        """FiftyOne."""
        return self.database.fo

    @property
    def masks(self) -> Path:
        """Where pictures lie that are too large for the database."""
        return (self.database.folder or self.project / "runs") / "masks" / str(self.dataset.name)

    @property
    def fingerprint(self) -> str:
        """Of the dataset that `truth` is from; empty before it was filled."""
        return str(self.dataset.info[MARK].get("fingerprint", ""))

    def save(self, **changes: Any) -> None:
        """Write the mark."""
        mark = {**self.dataset.info[MARK], "runs": self.runs, **changes}
        self.dataset.info = {**self.dataset.info, MARK: mark}
        self.dataset.save()

    def name_truth(self, run_field: str) -> str:
        """The field of the truth that a run was judged by."""
        fingerprint = self.runs[run_field]["fingerprint"]
        return TRUTH if fingerprint == self.fingerprint else name_old_truth(fingerprint)


def open_book(database: Database, project: Path) -> Book:
    """Load a project's dataset, or make it."""
    name, fo = name_dataset(project), database.fo
    if fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        mark = require_mark(dataset.info, name)
    else:
        mark = {"project": str(project.resolve()), "runs": {}}
        dataset = fo.Dataset(name, persistent=True)
        dataset.media_type = "image"
        dataset.info = {MARK: mark}
        dataset.save()
    number = database.connection.datasets.find_one({"name": name}, {"_id": 1})["_id"]
    runs = dict(mark.get("runs", {}))
    return Book(database=database, dataset=dataset, number=number, project=project, runs=runs)


def require_mark(info: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A dataset of this name that somebody else made is left alone."""
    mark = info.get(MARK)
    if not isinstance(mark, Mapping):
        raise ReviewError(
            f"{name}: the dataset in FiftyOne must be the workbench's, but is somebody else's (its info has no "
            f"{MARK!r}); rename it there, and run this again"
        )
    return dict(mark)
