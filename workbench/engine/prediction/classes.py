"""The classes of a run, without its model."""

import tomllib

from workbench.data.dataset import Category
from workbench.errors import InputMissing
from workbench.project import read_categories
from workbench.run import Run


def read_run_categories(run: Run) -> tuple[Category, ...]:
    """Their ids are those of the project as it was; its annotations may be elsewhere by now."""
    path = run.project_copy
    try:
        return read_categories(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputMissing(
            f"{path}: must be the project as it was trained, but {error}; put it back"
        ) from error
