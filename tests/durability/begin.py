"""Make a run folder as `workbench train` does, and stop before the first step: trials start from copies of it."""

import json
import shutil
from pathlib import Path

from workbench.conversion.dataset import convert_project
from workbench.engine.training.start import begin_run, plan_course
from workbench.project import read_project


def begin(project: str, target: str, typed: str, world: str) -> int:
    """Begin a run with these keys (JSON), in this folder."""
    read = read_project(Path(project))
    dataset = convert_project(read, None, as_rle=False, strict=False).out
    run = begin_run(read, plan_course(read, Path(dataset), json.loads(typed), world=int(world)))
    shutil.move(run.folder, target)
    return 0
