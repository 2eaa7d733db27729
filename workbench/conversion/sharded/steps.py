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
from workbench.sharding.gather import finish, read_gathered
from workbench.sharding.plan import Plan, has_plan, read_plan
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
    return text_to_job(item).look.survey.annotation if _is_made(plan) else item


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


def read_end(plan: Plan) -> Mapping[str, Any] | None:
    """Return what came of it, None while it is not over."""
    return read_gathered(read_plan(Home(folder=plan.folder.parent).look) if _is_made(plan) else plan)


def find_plan(folder: Path) -> Plan:
    """Read a plan; the folder of a project's two plans means the first, and so does the second when all is over."""
    home, parent = Home(folder=folder), Home(folder=folder.parent)
    if has_plan(home.look):
        folder = home.look
    elif (
        folder == parent.make and has_plan(parent.look) and read_gathered(read_plan(parent.look)) is not None
    ):
        folder = parent.look
    plan = read_plan(folder)
    require_kind(plan)
    return plan


def find_sequel(plan: Plan) -> tuple[Path | None, Path | None]:
    """Return which plan made this one, and which one gathering it makes."""
    home = Home(folder=plan.folder.parent)
    if _is_made(plan):
        return home.look, None
    return None, home.make if plan.asked.get("kind") == LOOK else None


def find_latest(plan: Plan) -> Plan:
    """Return the plan that is worked on now."""
    home = Home(folder=plan.folder.parent)
    going_on = plan.asked.get("kind") == LOOK and has_plan(home.make) and read_gathered(plan) is None
    return read_plan(home.make) if going_on else plan


def name_out(plan: Plan) -> Path:
    """Where the result is; a project that names its dataset only in the end goes by its own name until then."""
    if _is_made(plan):
        return Path(plan.asked["folder"])
    done = read_gathered(plan)
    return Path(done["out"] if done else plan.asked["out"] or plan.asked["project"])


def _is_made(plan: Plan) -> bool:
    return plan.asked.get("kind") == MAKE
