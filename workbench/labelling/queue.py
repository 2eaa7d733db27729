"""A queue: the images to label and their order, as a text file, a JSON list, or what was picked with the workbench."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import BAD_DATA, WorkbenchError, nearest
from workbench.files import write_atomically
from workbench.formats.labelme import parse_json, read_bytes
from workbench.formats.selection import read_selection
from workbench.labelling.labelled import Stock

KEYS = ("image", "path", "file_name", "filepath")  # what others call an image in a list of objects
COMMENT = "#"


class QueueError(WorkbenchError):
    """A file that names no images."""

    exit_code = BAD_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Images below the annotation folder, each with the reason why; and a line for each word that names none."""

    images: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def read_queue(path: Path, root: Path, stock: Stock) -> Queue:
    """Read a queue, and find each image that it names; one that is named twice is there once."""
    names = _list_names(root, stock)
    found: dict[str, str] = {}
    unknown: list[str] = []
    for word, why in _read_words(path):
        image = _find(word, names, root)
        if image is None:
            hint = nearest(word, stock.images).partition(" (known")[0]  # all of them would hide the rest
            unknown.append(f"{path}: {word}: must be an image of {root}, but is not{hint}")
        else:
            found.setdefault(image, why)
    return Queue(images=tuple(found.items()), unknown=tuple(unknown))


def _list_names(root: Path, stock: Stock) -> dict[str, str]:
    """Every name by which a person may mean an image."""
    names: dict[str, str] = {}
    stems: dict[str, list[str]] = {}
    for image in stock.images:
        stems.setdefault(str(PurePosixPath(image).with_suffix("")), []).append(image)
    names |= {stem: images[0] for stem, images in stems.items() if len(images) == 1}
    names |= {one.annotation: one.image for one in stock.labelled}
    names |= {one.image: one.image for one in stock.labelled}
    return names | {image: image for image in stock.images}


def _find(word: str, names: Mapping[str, str], root: Path) -> str | None:
    """As it is below the folder, or as it is seen from here."""
    plain = os.path.normpath(word.replace("\\", "/")) if "\0" not in word else word
    if plain in names:
        return names[plain]
    try:
        seen = os.path.relpath(os.path.realpath(plain), os.path.realpath(root))
    except (OSError, ValueError):
        return None
    return names.get(Path(seen).as_posix())


def _read_words(path: Path) -> list[tuple[str, str]]:
    content = read_bytes(path)
    if path.suffix.lower() == ".json" or content.lstrip()[:1] in (b"[", b"{"):
        words = list(_read_json(path, parse_json(content, path)))
    else:
        words = list(_read_lines(path, content))
    if not words:
        raise QueueError(f"{path}: must name images, but names none; put one a line")
    return words


def _read_lines(path: Path, content: bytes) -> Iterator[tuple[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueueError(
            f"{path}: must be a text file of images, but byte {error.start} is no UTF-8; save it as such"
        ) from error
    for line in text.splitlines():
        word = line.strip()
        if word and not word.startswith(COMMENT):
            yield word, ""


def _read_json(path: Path, raw: Any) -> Iterator[tuple[str, str]]:
    """What `relabel` and FiftyOne's tags leave, or a plain list of names or objects."""
    if isinstance(raw, dict) and "picks" in raw:
        for pick in read_selection(path).picks:
            yield pick.image, pick.why
        return
    if not isinstance(raw, list):
        raise QueueError(
            f'{path}: must be a list of images or a selection, but is neither; write ["a.jpg", …]'
        )
    for place, item in enumerate(raw):
        word = next((item[key] for key in KEYS if key in item), None) if isinstance(item, dict) else item
        if not isinstance(word, str):
            raise QueueError(f"{path}: [{place}]: must name an image, but got {str(item)[:60]}; correct it")
        why = item.get("why") if isinstance(item, dict) else ""
        yield word, why if isinstance(why, str) else ""


def write_look_again(path: Path, look_again: Mapping[str, tuple[str, ...]]) -> None:
    """Write what must be looked at again as a queue; each image once, below the first class that it lacks."""
    if not look_again:
        path.unlink(missing_ok=True)
        return
    written: set[str] = set()
    lines: list[str] = []
    for name, images in look_again.items():
        rest = [image for image in images if image not in written]
        lines += [f"# labelled before {name} was a class", *rest] if rest else []
        written.update(rest)
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode(errors="replace"))
