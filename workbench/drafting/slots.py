"""A desk: a folder that plain Labelme opens, with images beside Labelme files, and how each was laid there.

Beside what a person sees, `.workbench/images/<name>` keeps for each image, in one file that is whole or not there,
where it belongs, how its annotation was (`base`), and what was laid out (`laid`). docs/drafts.md draws the folder.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson

from workbench.data.annotation import Annotation
from workbench.drafting.places import DraftError
from workbench.files import prepare_folder, taking_turns, write_atomically
from workbench.formats.labelme import parse_annotation

HIDDEN = ".workbench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One image on a desk; texts are whole Labelme files."""

    name: str  # of the Labelme file on the desk
    link: str  # of the image on the desk
    image: str  # of the image below the annotation folder
    annotation: str  # of the Labelme file below the annotation folder
    base: str | None  # the annotation as it was, with ids; None where there was none
    laid: str  # the draft as it was laid out
    before: str = ""  # digest of an older draft that this one takes the place of
    source: str = ""  # the run or the method that proposed
    why: str = ""
    accepted: bool = False  # brought back, and `laid` is what was brought
    pending: Mapping[str, str | None] | None = None  # draft and annotation that are just being merged

    def read_base(self) -> Annotation | None:
        """Understand the annotation as it was."""
        return None if self.base is None else parse_annotation(self.base.encode(), self.annotation)

    def read_laid(self) -> Annotation:
        """Understand the draft as it was laid out."""
        return parse_annotation(self.laid.encode(), self.name)


def slot_file(desk: Path, name: str) -> Path:
    """Name the file that remembers one image."""
    return desk / HIDDEN / "images" / name


def write_slot(desk: Path, slot: Slot) -> None:
    """Remember one image, whole or not at all."""
    raw = {field.name: getattr(slot, field.name) for field in fields(Slot)}
    write_atomically(slot_file(desk, slot.name), orjson.dumps(raw, option=orjson.OPT_INDENT_2))


def read_slots(desk: Path) -> list[Slot]:
    """Return every image of a desk, by name."""
    return list(walk_slots(desk))


def walk_slots(desk: Path) -> Iterator[Slot]:
    """Yield them one by one: ten thousand need no more memory than one."""
    root = desk / HIDDEN / "images"
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.json") if path.name[0] != ".")
    for name in names:
        yield read_slot(desk, name)


def read_slot(desk: Path, name: str) -> Slot:
    """Remember one image."""
    return _read_slot(slot_file(desk, name), name)


def _read_slot(path: Path, name: str) -> Slot:
    mend = f"delete {path.name} there to lay that image out again"
    try:
        raw: dict[str, Any] = orjson.loads(path.read_bytes())
        slot = Slot(**raw)
    except (OSError, ValueError, TypeError) as error:
        raise DraftError(f"{path}: must remember an image, but does not ({error}); {mend}") from error
    if slot.name != name:
        raise DraftError(f"{path}: name: must be {name}, but got {slot.name}; {mend}")
    return slot


@contextmanager
def hold_desk(desk: Path) -> Iterator[None]:
    """Make other processes of ours wait; the desk is made if need be."""
    prepare_folder(desk / HIDDEN)
    with taking_turns(desk / HIDDEN) as wait:
        wait()
        yield
