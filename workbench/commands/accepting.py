"""Bringing finished drafts back, and saying what became of them: the same words for every desk."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, print_line, safe, say
from workbench.errors import FAILED, OK

if TYPE_CHECKING:
    from workbench.drafting.accept import Brought
    from workbench.inspection.checked import Checked
    from workbench.labelling.changes import Changes
    from workbench.project import Project

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What came back from a desk, what changed by it, and what `check` says of those files."""

    desk: Path
    told: "tuple[Brought, ...]"
    changes: "Changes"
    checked: "Checked"

    @property
    def code(self) -> int:
        """Whether a person should look again."""
        trouble = any(one.refused or one.conflicts for one in self.told)
        return FAILED if trouble or self.checked.errors else OK

    def to_json(self) -> dict[str, Any]:
        """Return the document of `--json`."""
        return {
            "drafts": str(self.desk),
            "accepted": [_taken_to_json(one) for one in self.told if one.taken],
            "waiting": [one.image for one in self.told if _waits(one)],
            "deleted": [one.image for one in self.told if one.state == "deleted"],
            "refused": {one.image: one.refused for one in self.told if one.refused},
            "changes": self.changes.to_json(),
            "check": self.checked.to_json(),
        }


def accept_drafts(desk: Path, project: "Project", *, everything: bool = False) -> Accepted:
    """Merge what a person finished into the project's annotations."""
    from workbench.drafting.accept import bring_back
    from workbench.inspection.folder import Scope, check_some
    from workbench.labelling.changes import add_changes, compare_annotations

    stamp = time.strftime("%Y%m%d-%H%M%S")
    told, changes = [], []
    for one in bring_back(desk, annotations=project.annotations, stamp=stamp, everything=everything):
        if one.taken:
            changes.append(compare_annotations(one.before, one.after))
        told.append(replace(one, before=None, after=None))
    names = [one.annotation for one in told if one.taken]
    labels = [category.name for category in project.categories]
    return Accepted(
        desk=desk,
        told=tuple(told),
        changes=add_changes(changes),
        checked=check_some(project.annotations, names, Scope(labels=labels)),
    )


def _waits(one: "Brought") -> bool:
    return one.state == "untouched" and not one.taken and not one.refused


def _taken_to_json(one: "Brought") -> dict[str, Any]:
    return {
        "image": one.image,
        "annotation": one.annotation,
        "state": one.state,
        "kept": one.kept,
        "undecided": one.undecided,
        "conflicts": [{"where": c.where, "label": c.label, "what": c.what} for c in one.conflicts],
        "backup": str(one.backup) if one.backup else None,
    }


def print_accepted(done: Accepted, project: "Project", again: str) -> None:
    """Say what changed, what must be looked at, and what to do next; `again` is the command that was typed."""
    from workbench.commands.label_lines import list_rows, name_project
    from workbench.commands.verdict import print_verdict

    taken = [one for one in done.told if one.taken]
    print_line(safe(f"{project.annotations}: {_count(len(taken), 'image')} brought back from {done.desk}"))
    if rows := list_rows(done.changes):
        table = format_table(rows, right="added moved removed marked")
        print_line("\n" + "\n".join(f"  {line}" for line in table.splitlines()) + "\n")
    for line in _describe(done, again):
        print_line(safe(line))
    for one in done.told:
        if one.refused:
            say(safe(f"{one.image}: {one.refused}" if one.image not in one.refused else one.refused))
    if taken:
        print_verdict(replace(done.checked, rows=[]))
        name = name_project(project)
        print_line()
        print_line(safe(f"Next: workbench convert {name}, workbench train {name}"))


def _describe(done: Accepted, again: str) -> Iterable[str]:
    taken = [one for one in done.told if one.taken]
    kept, undecided = (sum(getattr(one, name) for one in taken) for name in ("kept", "undecided"))
    if kept:
        yield f"of these, as the machine drew them: {_count(kept, 'shape')}"
    if undecided:
        yield f"offers that stay behind, since the old shape was not deleted: {undecided}"
    conflicts = [(one, conflict) for one in taken for conflict in one.conflicts]
    lines = [
        f"{one.annotation}: {c.where}: {c.label}: {c.what}".replace(": : ", ": ") for one, c in conflicts
    ]
    yield from _list_some("conflict", lines)
    waiting = [one.image for one in done.told if _waits(one)]
    if waiting:
        yield f"not looked at yet: {_count(len(waiting), 'image')}, {', '.join(waiting[:3])}"
        yield "  change them, tick their flag in Labelme, or take all as they are with"
        yield f"  {again} --all"
    deleted = [one.image for one in done.told if one.state == "deleted"]
    yield from _list_some("left as it was, since its draft was deleted", deleted)
    backups = [one.backup for one in taken if one.backup]
    if backups:
        yield f"as they were before: {_name_backup(done.desk, backups)}"


def _name_backup(desk: Path, backups: Sequence[Path]) -> Path:
    """The folder of this time."""
    below = backups[0].relative_to(desk).parts
    return desk.joinpath(*below[:3])


def _list_some(what: str, items: Sequence[str]) -> Iterable[str]:
    for item in items[:SHOWN]:
        yield f"{what}: {item}"
    if len(items) > SHOWN:
        yield f"{what}: {len(items) - SHOWN} more (--json lists all)"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
