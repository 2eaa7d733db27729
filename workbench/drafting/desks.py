"""All desks of a project: an image is on one of them, so that nobody finishes it twice."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from workbench.drafting.desk import read_state
from workbench.drafting.slots import HIDDEN, Slot, hold_desk, read_slots, slot_file, walk_slots
from workbench.project import Project

BEGUN = ("edited", "done", "unreadable")


def find_desks(project: Project) -> list[Path]:
    """Of its runs, of labelling and of every method that drafts without a model."""
    places = [*project.folder.glob(f"drafts/*/{HIDDEN}"), *project.runs.glob(f"*/drafts/{HIDDEN}")]
    return sorted(place.parent for place in places)


def find_begun(desks: Iterable[Path], images: Collection[str]) -> dict[str, Path]:
    """Which of these images a person has begun, and where."""
    return {
        slot.image: desk
        for desk in desks
        for slot in walk_slots(desk)
        if slot.image in images and read_state(desk, slot) in BEGUN
    }


def withdraw(desks: Iterable[Path], images: Collection[str]) -> int:
    """Take drafts off that nobody has touched, and that are laid out elsewhere now; count them."""
    count = 0
    for desk in desks:
        with hold_desk(desk):
            for slot in read_slots(desk):
                if slot.image in images and read_state(desk, slot) in ("untouched", "accepted"):
                    _remove(desk, slot)
                    count += 1
    return count


def _remove(desk: Path, slot: Slot) -> None:
    """The draft goes first: without it, what is remembered says that it was dealt with."""
    for path in (desk / slot.name, desk / slot.link, slot_file(desk, slot.name)):
        path.unlink(missing_ok=True)
        for folder in path.relative_to(desk).parents[:-1]:
            with suppress(OSError):  # not empty
                (desk / folder).rmdir()
