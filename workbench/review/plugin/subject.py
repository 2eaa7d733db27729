"""What the App is looking at: which project, and which of its runs are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.review.fields import MARK
from workbench.review.trouble import ReviewError
from workbench.run import Run

RUN = "run"  # the parameter of every form that is about a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A project in FiftyOne; `runs` are the fields of those that are shown, the last one last."""

    project: Path
    runs: Mapping[str, Mapping[str, Any]]

    def find(self, field: str | None) -> tuple[Run, str]:
        """A run and its part by its field, or the one that was shown last."""
        if not self.runs:
            raise ReviewError(
                f"{self.project}: a run must be shown, but none is; workbench review {self.project} shows the last"
            )
        about = self.runs.get(field or "") or self.runs[list(self.runs)[-1]]
        return Run(folder=self.project / "runs" / str(about["run"])), str(about.get("part") or "val")


def find_subject(dataset: Any) -> Subject:
    """Read the mark of a dataset of ours."""
    mark = (dataset.info if dataset is not None else {}).get(MARK)
    if not isinstance(mark, Mapping) or "project" not in mark:
        raise ReviewError(
            "this dataset must be of the workbench, but is somebody else's; workbench review RUN opens one of ours"
        )
    return Subject(project=Path(str(mark["project"])), runs=dict(mark.get("runs") or {}))
