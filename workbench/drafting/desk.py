"""Laying images out for a person, and how far the person is with each: THE one way to finish something in Labelme."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from workbench.data.annotation import Annotation
from workbench.drafting.draft import Draft
from workbench.drafting.dress import dress, is_reviewed, name_shapes, undress
from workbench.drafting.likeness import same_drawing
from workbench.drafting.names import name_slot
from workbench.drafting.places import DraftError, Place, Places
from workbench.drafting.slots import Slot, hold_desk, read_slot, walk_slots, write_slot
from workbench.errors import AnnotationError, WorkbenchError
from workbench.files import digest, link_or_copy, write_atomically
from workbench.formats.images import read_facts
from workbench.formats.labelme import annotation_to_bytes, parse_annotation, read_annotation, read_bytes

__all__ = ["Draft", "LaidOut", "State", "lay_out", "read_states"]

# untouched: as it was laid out · edited: a person changed something · done: a person ticked the flag
# deleted: a person deleted the draft · accepted: brought back · unreadable: torn, or no Labelme file
State = Literal["untouched", "edited", "done", "deleted", "accepted", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """Images that lie ready, those that a person has begun and that were left alone, and why others were refused."""

    ready: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def lay_out(desk: Path, drafts: Iterable[Draft], *, annotations: Path, source: str) -> LaidOut:
    """Put drafts on a desk; what a person touched stays as it is, what is still the machine's is laid out anew."""
    places, ready, left, refused = Places(annotations), [], [], []
    with hold_desk(desk):
        names = {slot.image: slot.name for slot in walk_slots(desk)}
        taken = {name.casefold() for name in names.values()}
        for draft in drafts:
            slot = read_slot(desk, names[draft.image]) if draft.image in names else None
            if slot and read_state(desk, slot) not in ("untouched", "accepted"):
                left.append(draft.image)
                continue
            try:
                place = places.find(draft.image, draft.annotation)
                name = slot.name if slot else name_slot(place.shown, taken)
                _lay_one(desk, draft, place, (name, source), slot)
            except WorkbenchError as error:
                refused.append((draft.image, str(error)))
                continue
            names[draft.image] = name
            taken.add(name.casefold())
            ready.append(draft.image)
    return LaidOut(ready=tuple(ready), left=tuple(left), refused=tuple(refused))


def _lay_one(desk: Path, draft: Draft, place: Place, named: tuple[str, str], old: Slot | None) -> None:
    """First what is remembered, then what is seen: a crash in between leaves a draft that nobody has touched."""
    name, source = named
    link = str(PurePosixPath(name).with_suffix(PurePosixPath(place.image).suffix or ".png"))
    plain = place.known and parse_annotation(
        annotation_to_bytes(place.known, place.annotation), place.annotation
    )
    base = plain and name_shapes(plain, digest(draft.image.encode())[:8])
    shown = dress(replace(base or _start(place), image_path=PurePosixPath(link).name), draft)
    laid = annotation_to_bytes(shown, name)
    slot = Slot(
        name=name,
        link=link,
        image=place.image,
        annotation=place.annotation,
        base=annotation_to_bytes(base, place.annotation).decode() if base else None,
        laid=laid.decode(),
        before=digest(old.laid.encode()) if old else "",
        source=source,
        why=draft.why,
    )
    write_slot(desk, slot)
    write_atomically(desk / name, laid)
    _lay_image(desk / link, place)


def _start(place: Place) -> Annotation:
    """An annotation of nothing, as large as the image."""
    if place.file is None:
        raise DraftError(f"{place.image}: must be an image, but is not there; check the name")
    facts = read_facts(place.file, name=place.image)
    return Annotation(image_path="", image_size=(facts.width, facts.height))


def _lay_image(path: Path, place: Place) -> None:
    """A second name takes no room; one that is there already may be of an older image."""
    with suppress(FileNotFoundError):
        if place.file and path.samefile(place.file):
            return
        path.unlink()
    if place.file:
        link_or_copy(place.file, path)
    else:
        write_atomically(path, place.content)


def read_states(desk: Path) -> dict[str, State]:
    """Say of each image on a desk how far it is."""
    return {slot.image: read_state(desk, slot) for slot in walk_slots(desk)}


def read_state(desk: Path, slot: Slot) -> State:
    """Compare the draft with what was laid out."""
    path = desk / slot.name
    if not path.exists():  # the image is laid last: without it, laying out was cut short
        return "deleted" if (desk / slot.link).exists() else "untouched"
    try:
        content = read_bytes(path)
        rest: State = "accepted" if slot.accepted else "untouched"
        if digest(content) in (digest(slot.laid.encode()), slot.before):
            return rest
        now = read_annotation(path)
    except (AnnotationError, OSError):
        return "unreadable"
    if not same_drawing(undress(now), undress(slot.read_laid())):
        return "edited"
    return "done" if is_reviewed(now) and not slot.accepted else rest
