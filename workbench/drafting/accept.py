"""What a person finished on a desk comes back into the annotation folder: merged, written whole, with a backup.

A crash at any moment costs nothing. First the desk remembers what is being merged, then the old file is kept, then the
new one takes its place, then the desk knows that it was brought. Whoever starts again goes on from there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.data.annotation import Annotation
from workbench.drafting.desk import State, read_state
from workbench.drafting.joining import Joined, join
from workbench.drafting.merge import Conflict
from workbench.drafting.places import DraftError
from workbench.drafting.slots import HIDDEN, Slot, hold_desk, walk_slots, write_slot
from workbench.errors import WorkbenchError
from workbench.files import contained, write_atomically
from workbench.formats.labelme import annotation_to_bytes, parse_annotation, read_annotation, read_settled

TRIES = 3  # an annotation that changes while it is merged is merged again


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of one image of a desk."""

    image: str
    annotation: str
    state: State  # before it was brought back
    taken: bool = False
    refused: str = ""  # why not, where it should have been
    before: Annotation | None = None  # in the annotation folder
    after: Annotation | None = None
    conflicts: tuple[Conflict, ...] = ()
    kept: int = 0  # shapes that came back as the machine drew them
    undecided: int = 0  # shapes that stay behind, for what they would replace is there as well
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """From one desk to one annotation file."""

    desk: Path
    slot: Slot
    path: Path
    backup: Path

    def remember(self, slot: Slot) -> "_Way":
        write_slot(self.desk, slot)
        return replace(self, slot=slot)


def bring_back(desk: Path, *, annotations: Path, stamp: str, everything: bool = False) -> Iterator[Brought]:
    """Merge what a person finished; `everything` takes what nobody touched, too. `stamp` names the backups."""
    with hold_desk(desk):
        for slot in walk_slots(desk):
            state = read_state(desk, slot)
            told = Brought(image=slot.image, annotation=slot.annotation, state=state)
            wanted = state in ("edited", "done", "unreadable") or (
                everything and state == "untouched" and (desk / slot.name).exists()
            )
            if not (wanted or slot.pending):
                yield told
                continue
            try:
                way, done = _go_on(_find_way(desk, annotations, stamp, slot), told)
                yield _bring_one(way, done or told) if wanted else done or told
            except WorkbenchError as error:
                yield replace(told, refused=str(error))


def _find_way(desk: Path, annotations: Path, stamp: str, slot: Slot) -> _Way:
    """A desk may come from elsewhere: what it names must lie in the annotation folder."""
    path = contained(annotations, slot.annotation)
    if path is None:
        raise DraftError(
            f"{desk / slot.name}: must belong into {annotations}, but names {slot.annotation}; delete it there"
        )
    return _Way(desk, slot, path, desk / HIDDEN / "backup" / stamp / slot.annotation)


def _bring_one(way: _Way, told: Brought) -> Brought:
    person = read_annotation(way.desk / way.slot.name)
    draft = annotation_to_bytes(person, way.desk / way.slot.name)
    if told.taken and draft.decode() == way.slot.laid:
        return told
    for _ in range(TRIES):
        content = _read(way.path)
        other = parse_annotation(content, way.path) if content else None
        joined = join(way.slot, person, other)
        kept = annotation_to_bytes(other, way.path).decode() if other else None
        way = way.remember(replace(way.slot, pending={"draft": draft.decode(), "annotation": kept}))
        new = annotation_to_bytes(joined.plain, way.path)
        if content:
            write_atomically(way.backup, content)
        if _read(way.path) == content:
            write_atomically(way.path, new)
            _finish(way, joined, draft)
            return _tell(told, joined, other, way.backup if content else None)
    raise DraftError(
        f"{way.path}: must stand still to be merged, but changes all the time; close it in Labelme"
    )


def _go_on(way: _Way, told: Brought) -> tuple[_Way, Brought | None]:
    """Finish what a crash interrupted after the new file had taken its place; before that, nothing has happened."""
    pending = way.slot.pending
    if not pending:
        return way, None
    draft, old = (
        parse_annotation(text.encode(), way.path) if (text := pending.get(name)) else None
        for name in ("draft", "annotation")
    )
    if draft is not None:
        joined = join(way.slot, draft, old)
        if _read(way.path) == annotation_to_bytes(joined.plain, way.path):
            way = _finish(way, joined, (pending["draft"] or "").encode())
            return way, _tell(told, joined, old, None)
    return way.remember(replace(way.slot, pending=None)), None


def _finish(way: _Way, joined: Joined, draft: bytes) -> _Way:
    base = annotation_to_bytes(joined.named, way.path).decode()
    slot = replace(way.slot, base=base, laid=draft.decode(), before="", accepted=True, pending=None)
    return way.remember(slot)


def _tell(told: Brought, joined: Joined, before: Annotation | None, backup: Path | None) -> Brought:
    return replace(
        told,
        taken=True,
        before=before,
        after=joined.plain,
        conflicts=joined.conflicts,
        kept=joined.kept,
        undecided=joined.undecided,
        backup=backup,
    )


def _read(path: Path) -> bytes:
    """The bytes of a whole file; nothing where there is none."""
    if not path.exists():
        return b""

    def whole(content: bytes, name: Path) -> bytes:
        parse_annotation(content, name)
        return content

    return read_settled(path, whole)
