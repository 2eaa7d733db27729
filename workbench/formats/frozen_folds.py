"""folds.json of a sweep: each image's fold, written down once, so that all trainings of it share one truth."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import ProjectError
from workbench.files import write_atomically

VERSION = 1


def write_frozen_folds(path: Path, count: int, folds: Mapping[str, int]) -> None:
    """Write the file, one image a line; 0 is the test part, which is in no fold."""
    content = {"version": VERSION, "count": count, "folds": dict(sorted(folds.items()))}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_atomically(path, text.encode(errors="replace") + b"\n")


def read_frozen_folds(path: Path) -> tuple[int, dict[str, int]]:
    """Return how many folds there are, and the fold of each image."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ProjectError(
            f"{path}: must exist, but does not; workbench launch PROJECT --folds 5 draws folds"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(f"{path}: must be readable JSON, but is not ({error}); restore it") from error
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise ProjectError(f"{path}: must be folds of version {VERSION}, but is not; restore it")
    return _require_folds(path, found.get("count"), found.get("folds"))


def _require_folds(path: Path, count: Any, folds: Any) -> tuple[int, dict[str, int]]:
    if not isinstance(count, int) or not isinstance(folds, dict):
        raise ProjectError(f'{path}: must have "count" and "folds", but has not; restore it')
    for image, fold in folds.items():
        if type(fold) is not int or not 0 <= fold <= count:
            raise ProjectError(
                f'{path}: folds["{image}"]: must be from 0 to {count}, but got {fold!r}; restore it'
            )
    return count, folds
