"""How good a training is so far, read from the files of its run while it goes on; no torch."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from workbench.run import Run, read_record

# What decides, for each task; of several the first that is measured.
METRICS = {
    "instance": ("mask.AP", "box.AP"),
    "panoptic": ("panoptic.PQ",),
    "semantic": ("semantic.mIoU",),
}
NO_NUMBER = "every loss must be a finite number"  # in the words with which such a training ends


def read_curve(run: Run, metric: str = "") -> dict[int, float]:
    """Return the validation score at each step at which there is one."""
    wanted = (metric,) if metric else tuple(name for names in METRICS.values() for name in names)
    curve: dict[int, float] = {}
    with suppress(FileNotFoundError):
        for line in run.metrics.read_bytes().splitlines(keepends=True):
            row = _parse(line)
            values = [row[name] for name in wanted if isinstance(row.get(name), int | float)]
            if row.get("kind") == "val" and values:
                curve[int(row["step"])] = float(values[0])
    return curve


def _parse(line: bytes) -> Mapping[str, Any]:
    """One that is being written, or that a kill cut off, says nothing yet."""
    if not line.endswith(b"\n"):
        return {}
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def read_steps(run: Run) -> int:
    """Return how long the training will be; 0 before it knows."""
    return int(read_record(run).get("steps", 0)) if run.record.exists() else 0


def is_finished(run: Run) -> bool:
    """Whether the training came to its end."""
    return run.record.exists() and read_record(run).get("state") == "finished"


def has_diverged(run: Run) -> bool:
    """Whether the training ended because its numbers became none: it would again, with these values."""
    return run.record.exists() and NO_NUMBER in str(read_record(run).get("reason", ""))
