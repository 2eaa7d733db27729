"""What is to be done for a plan of `convert`, whichever of the three kinds it is."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from workbench.conversion.result import Result
from workbench.conversion.sharded.bare import FOLDER, join_folder, open_folder_work
from workbench.conversion.sharded.looks import LOOK, open_look_work
from workbench.conversion.sharded.project import (
    MAKE,
    Home,
    end_project,
    join_project,
    open_make_work,
    split_project,
)
from workbench.conversion.sharded.records import text_to_job
from workbench.errors import BAD_DATA, JobError
from workbench.sharding.gather import finish
from workbench.sharding.plan import Plan
from workbench.sharding.worker import ChunkWork, OpenWork

_OPENERS: Mapping[str, Callable[[Plan], ChunkWork]] = {
    FOLDER: open_folder_work,
    LOOK: open_look_work,
    MAKE: open_make_work,
}


def open_shard(plan: Plan) -> OpenWork:
    """Return what a worker calls to begin."""
    return partial(_OPENERS[require_kind(plan)], plan)


def require_kind(plan: Plan) -> str:
    """Refuse a plan of another verb."""
    kind = plan.asked.get("kind")
    if kind not in _OPENERS:
        raise JobError(f"{plan.folder}: must be a plan of convert, but is not; check the name", BAD_DATA)
    return str(kind)


def name_item(plan: Plan, item: str) -> str:
    """Return the annotation that an item of a list is about."""
    return text_to_job(item).look.survey.annotation if plan.asked.get("kind") == MAKE else item


def gather(plan: Plan) -> Result | None:
    """Put everything together; nothing yet where all was looked at, and is to be made now."""
    kind = require_kind(plan)
    if kind == LOOK:
        split_project(Home(folder=plan.folder.parent))
        return None
    return join_folder(plan) if kind == FOLDER else join_project(Home(folder=plan.folder.parent))


def end(plan: Plan, about: Mapping[str, Any]) -> None:
    """Say what came of it, and remove what nobody needs any more."""
    if plan.asked.get("kind") == FOLDER:
        finish(plan, about)
    else:
        end_project(Home(folder=plan.folder.parent), about)


def name_out(plan: Plan) -> Path:
    """Where the result will be; a project without --out names its dataset only in the end."""
    if plan.asked.get("kind") == MAKE:
        return Path(plan.asked["folder"])
    return Path(plan.asked["out"] or plan.folder.parent.parent)
