"""The files below a folder, in one order on every machine; links out of it and loops are not followed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.errors import InputMissing
from workbench.formats.images import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Relative names with forward slashes, sorted, and what was left alone for a reason."""

    annotations: tuple[str, ...]
    images: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Walk:
    """What a walk has met so far."""

    inside: str
    names: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def report(self, name: str, rule: str, message: str) -> None:
        shown = name.encode("utf-8", "backslashreplace").decode()
        self.findings.append(find(shown, "", rule, message))


def list_folder(root: Path) -> Listing:
    """Find every annotation (.json) and image below a folder."""
    if not root.is_dir():
        raise InputMissing(f"{root}: must be a folder with Labelme files, but is not there; check the name")
    walk = _Walk(inside=os.path.realpath(root).rstrip(os.sep) + os.sep)
    folders = [""]
    while folders:
        folders += _list_one(root, folders.pop(), walk)
    names = sorted(walk.names)
    return Listing(
        annotations=tuple(name for name in names if _is_annotation(name)),
        images=tuple(name for name in names if name.lower().endswith(IMAGE_SUFFIXES)),
        findings=tuple(sorted(walk.findings)),
    )


def walk_annotations(root: Path) -> Iterator[str]:
    """Yield the same annotations in the same order; only the names of the folders on the way are held in memory."""
    if not root.is_dir():
        raise InputMissing(f"{root}: must be a folder with Labelme files, but is not there; check the name")
    inside = os.path.realpath(root).rstrip(os.sep) + os.sep
    way = [_sort_one(root, "", inside)]
    while way:
        name = next(way[-1], None)
        if name is None:
            way.pop()
        elif name.endswith("/"):
            way.append(_sort_one(root, name[:-1], inside))
        else:
            yield name


def _sort_one(root: Path, folder: str, inside: str) -> Iterator[str]:
    """Sort as if a slash ended the name of a folder: so whole paths come in the order of their letters."""
    walk = _Walk(inside=inside)
    below = [f"{name}/" for name in _list_one(root, folder, walk)]
    return iter(sorted([*below, *(name for name in walk.names if _is_annotation(name))]))


def _is_annotation(name: str) -> bool:
    return name[-5:].lower() == ".json"


def list_annotations(root: Path) -> list[str]:
    """Return the names of all json files below a folder."""
    return list(list_folder(root).annotations)


def list_images(root: Path) -> list[str]:
    """Return the names of all pictures below a folder."""
    return list(list_folder(root).images)


def _list_one(root: Path, folder: str, walk: _Walk) -> list[str]:
    """Note the files of one folder and return the folders in it that are to be walked."""
    before = len(walk.names)
    try:
        with os.scandir(root / folder) as entries:
            return [name for entry in entries if (name := _take(entry, folder, walk))]
    except OSError as error:
        del walk.names[before:]
        walk.report(
            folder,
            "unreadable",
            f"the folder must be readable, but is not ({error.strerror}); check its permissions",
        )
        return []


def _take(entry: "os.DirEntry[str]", folder: str, walk: _Walk) -> str:
    """Note a file that is wanted; return the name of a folder that is to be walked."""
    name = f"{folder}/{entry.name}" if folder else entry.name
    if entry.is_dir(follow_symlinks=False):
        return name if _may_enter(entry, name, walk) else ""
    if _is_wanted(entry.name) and _may_read(entry, name, walk):
        walk.names.append(name)
    return ""


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((".json", *IMAGE_SUFFIXES))


def _may_enter(entry: "os.DirEntry[str]", name: str, walk: _Walk) -> bool:
    if not entry.name.startswith("."):
        return True
    try:
        with os.scandir(entry.path) as inner:
            hides = any(one.name.endswith(".json") for one in inner)
    except OSError:
        hides = False
    if hides:
        walk.report(
            name,
            "hidden",
            "hidden folders are not looked into, but this one has json files; rename or delete it",
        )
    return False


def _may_read(entry: "os.DirEntry[str]", name: str, walk: _Walk) -> bool:
    if not _is_text(entry.name):
        walk.report(name, "bad-name", "the name must be UTF-8, but is not; rename the file")
    elif entry.name.startswith("."):
        walk.report(name, "hidden", "hidden files are not read; rename it without the dot, or delete it")
    elif entry.is_symlink() and not os.path.realpath(entry.path).startswith(walk.inside):
        walk.report(
            name,
            "outside-link",
            "a link must stay in the folder, but leads out of it; copy what it points to",
        )
    elif not Path(entry.path).is_file():
        if not Path(entry.path).is_dir():  # a link to a folder inside: its files are found where they are
            walk.report(
                name, "unreadable", "it must be a file, but is a pipe, or a link to nothing; delete it"
            )
    else:
        return True
    return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
