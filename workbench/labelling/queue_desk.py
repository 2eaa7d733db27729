"""The desk of `workbench label`: copies of some images' labels, opened in Labelme, brought back when it is closed."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.drafting.accept import Brought, bring_back
from workbench.drafting.desk import Draft, LaidOut, lay_out
from workbench.drafting.slots import HIDDEN, Slot, hold_desk, read_slots, slot_file
from workbench.labelling.changes import Changes, compare_annotations
from workbench.labelling.classes import look_at
from workbench.project import Project

SOURCE = "label"
DELETED = "its draft was deleted; the labels are as they were"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Images that were brought back, and those that must stay on the desk, each with the reason."""

    files: tuple[tuple[str, Changes], ...] = ()
    brought: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()  # of which nothing had to be changed: the flag was ticked
    untouched: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()  # a line each
    left: tuple[tuple[str, str], ...] = ()
    deleted: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.brought or self.left or self.deleted)

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` shows it."""
        names = ("brought", "looked_at", "untouched", "deleted", "conflicts")
        return {
            **{name: list(getattr(self, name)) for name in names},
            "left": [{"image": image, "why": why} for image, why in self.left],
        }


def find_desk(project: Project) -> Path:
    """Where it lies."""
    return project.folder / "drafts" / "queue"


def has_work(desk: Path) -> bool:
    """Whether anything lies on it."""
    return (desk / HIDDEN).is_dir() and bool(read_slots(desk))


def fill_desk(project: Project, images: Iterable[tuple[str, str]]) -> LaidOut:
    """Lay images out; what a person has begun there stays as it is."""
    drafts = (Draft(image=image, why=why) for image, why in images)
    return lay_out(find_desk(project), drafts, annotations=project.annotations, source=SOURCE)


def clear_desk(project: Project) -> Cleared:
    """Bring back what a person did, and put away everything that needs no more looking at."""
    desk = find_desk(project)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    told = list(bring_back(desk, annotations=project.annotations, stamp=stamp))
    taken = [one for one in told if one.taken]
    look_at(project, (one.image for one in taken))
    _put_away(desk, {one.image for one in told if not one.refused})
    changes = [(one.annotation, compare_annotations(one.before, one.after)) for one in taken]
    return Cleared(
        files=tuple((name, change) for name, change in changes if change.any),
        brought=tuple(one.image for one in taken),
        looked_at=tuple(one.image for one in taken if one.state == "done"),
        untouched=tuple(one.image for one in told if one.state == "untouched"),
        deleted=tuple(f"{one.image}: {DELETED}" for one in told if one.state == "deleted"),
        conflicts=tuple(line for one in taken for line in _describe(one)),
        left=tuple((one.image, one.refused) for one in told if one.refused),
    )


def _describe(one: Brought) -> Iterable[str]:
    """Somebody changed the annotation itself while its copy was on the desk."""
    for conflict in one.conflicts:
        yield f"{one.annotation}: {conflict.where}: {conflict.label}: {conflict.what}"


def _put_away(desk: Path, images: Iterable[str]) -> None:
    """The draft goes first: without it, what is remembered says that it was dealt with."""
    done = set(images)
    with hold_desk(desk):
        for slot in read_slots(desk):
            if slot.image in done:
                _remove(desk, slot)


def _remove(desk: Path, slot: Slot) -> None:
    for path in (desk / slot.name, desk / slot.link, slot_file(desk, slot.name)):
        path.unlink(missing_ok=True)
        for folder in path.relative_to(desk).parents[:-1]:
            with suppress(OSError):  # not empty
                (desk / folder).rmdir()
