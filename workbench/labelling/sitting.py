"""What was done between opening a window and closing it; where nobody saw that, the next window tells."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.formats.places import find_image
from workbench.labelling.changes import Changes, add_changes, compare_annotations
from workbench.labelling.classes import look_at
from workbench.labelling.labelme import prepare_place
from workbench.labelling.own_settings import PLACE
from workbench.labelling.snapshot import Difference, read_differences, rescue, take_snapshot
from workbench.project import Project

SNAPSHOT, RESCUED = "before.zip", "rescued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """A file that cannot be read any more; `rescued` is the file as it was before, where it was readable then."""

    name: str
    trouble: str
    rescued: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What a person did: Labelme files that differ, each with its changes, and all of them summed up."""

    files: tuple[tuple[str, Changes], ...] = ()
    deleted: tuple[str, ...] = ()
    torn: tuple[Torn, ...] = ()

    @property
    def changes(self) -> Changes:
        """The sum."""
        return add_changes(changes for _, changes in self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """Files to check: those that are there."""
        gone = set(self.deleted)
        return tuple(sorted({name for name, _ in self.files} - gone | {one.name for one in self.torn}))

    @property
    def any(self) -> bool:
        """Whether anything was done."""
        return bool(self.files or self.torn)

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` shows it."""
        return {
            **self.changes.to_json(),
            "files": [name for name, _ in self.files],
            "deleted": list(self.deleted),
            "torn": [
                {"path": one.name, "message": one.trouble, "rescued": one.rescued and str(one.rescued)}
                for one in self.torn
            ],
        }


def begin(project: Project, names: Iterable[str] | None = None) -> None:
    """Remember how the annotations (these, or all) are."""
    take_snapshot(prepare_place(project) / SNAPSHOT, project.annotations, names)


def end(project: Project) -> Sitting | None:
    """Say what changed since, and forget how it was; none where nobody began."""
    place = project.folder / PLACE
    snapshot = place / SNAPSHOT
    if not snapshot.is_file():
        return None
    differences = read_differences(snapshot, project.annotations)
    sitting = _sum_up(differences, snapshot, place / RESCUED)
    changed = {name for name, _ in sitting.files}
    found = (
        find_image(project.annotations, one.name, one.after).path
        for one in differences
        if one.after and one.name in changed
    )
    look_at(project, (image for image in found if image))
    with suppress(FileNotFoundError):
        snapshot.unlink()
    return sitting


def _sum_up(differences: Iterable[Difference], snapshot: Path, rescued: Path) -> Sitting:
    files: list[tuple[str, Changes]] = []
    deleted: list[str] = []
    torn: list[Torn] = []
    for one in differences:
        if one.trouble:
            kept = rescue(snapshot, one.name, rescued)
            torn.append(Torn(name=one.name, trouble=one.trouble, rescued=kept))
            continue
        changes = compare_annotations(one.before, one.after)
        if changes.any:
            files.append((one.name, changes))
            deleted += [one.name] if one.after is None else []
    return Sitting(files=tuple(files), deleted=tuple(deleted), torn=tuple(torn))
