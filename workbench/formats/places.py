"""Where an annotation's image lies: beside it, or in a folder that was named; never anywhere else."""

import os
import stat
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from workbench.data.annotation import Annotation
from workbench.formats.images import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlace:
    """Where an annotation's image lies: `path` below the folder, `file` to open; or the rule that says why not."""

    path: str | None = None
    file: Path | None = None
    rule: str = ""
    message: str = ""


def find_image(root: Path, name: str, annotation: Annotation, images: Path | None = None) -> ImagePlace:
    """Find the image that an annotation names, beside it or in `images`, and never outside of both."""
    wanted, folder = annotation.image_path, name.rpartition("/")[0]
    if PurePosixPath(wanted).name == PurePosixPath(name).name:
        return _take_equal_name(root, name, wanted)
    place = find_file(root, folder, wanted)
    if not place.file and images:
        for candidate in dict.fromkeys((wanted, wanted.rpartition("/")[2])):
            found = find_file(images, "", candidate)
            if found.file:
                return found
    if place.rule == "image-missing":
        return _look_harder(root, name, wanted)
    if place.rule == "image-outside" and (near := _suggest(root, name, wanted)):
        return replace(place, message=f"{place.message}; {near}")
    return place


def find_file(root: Path, folder: str, wanted: str) -> ImagePlace:
    """Follow a path from `folder` inside `root`; whatever would lead out of it is refused."""
    if not wanted or "\0" in wanted:
        return _missing(wanted or "nothing", "write the image's name there")
    path = os.path.normpath(f"{folder}/{wanted}" if folder else wanted)
    if wanted.startswith(("/", "~")) or wanted[1:2] == ":" or path.startswith(".."):
        return _outside(wanted)
    parent, _, base = path.rpartition("/")
    real = _find_real_folder(root, parent)
    if real is None:
        return _outside(wanted)
    file = f"{real}/{base}"
    try:
        mode = os.lstat(file).st_mode
        if stat.S_ISLNK(mode):
            target = os.path.realpath(file)
            if not target.startswith(str(_find_real_folder(root, "")).rstrip("/") + "/"):
                return _outside(wanted)
            mode = Path(target).stat().st_mode
    except (OSError, ValueError):
        return _missing(wanted, "put it there, or correct imagePath")
    if not stat.S_ISREG(mode):
        return _missing(wanted, "a file must be there, not a folder or device")
    return ImagePlace(path=path, file=Path(file))


def _find_real_folder(root: Path, folder: str) -> str | None:
    """Where a folder really is; None where it lies outside. A process may go elsewhere: a full path is remembered."""
    return _follow(str(root.absolute()), folder)


@lru_cache(maxsize=4096)
def _follow(root: str, folder: str) -> str | None:
    """Follow links once for each folder, since that is slow."""
    inside = os.path.realpath(root)
    real = os.path.realpath(f"{inside}/{folder}")
    return real if f"{real}/".startswith(inside.rstrip("/") + "/") else None


def _missing(wanted: str, advice: str) -> ImagePlace:
    return ImagePlace(
        rule="image-missing", message=f"it must name an image, but {wanted} is not there; {advice}"
    )


def _outside(wanted: str) -> ImagePlace:
    message = f"it must stay in the folder, but got {wanted}; move the image in, or use --images"
    return ImagePlace(rule="image-outside", message=message)


def _take_equal_name(root: Path, name: str, wanted: str) -> ImagePlace:
    """The json names itself: the one image of equal stem is what was meant."""
    folder = name.rpartition("/")[0]
    same = _list_equal_stems(root, name)
    if len(same) != 1:
        return _missing(wanted, "it names the json itself; correct imagePath")
    place = find_file(root, folder, same[0])
    message = f"it must name the image, but names the json itself; {same[0]} was taken, correct it"
    return replace(place, rule="image-names-json", message=message) if place.file else place


def _look_harder(root: Path, name: str, wanted: str) -> ImagePlace:
    """Take an image that differs in capitals only; of another name, only tell."""
    folder, base = name.rpartition("/")[0], wanted.rpartition("/")[2]
    where = os.path.normpath(f"{folder}/{wanted}" if folder else wanted).rpartition("/")[0]
    for entry in _list_names(root, where):
        if entry.lower() == base.lower() and entry != base:
            place = find_file(root, "", f"{where}/{entry}" if where else entry)
            message = f"it must be written as the file is, but got {wanted} for {entry}; rename one of them"
            return replace(place, rule="image-case", message=message) if place.file else place
    return _missing(wanted, _suggest(root, name, wanted) or "put it there, or name its folder with --images")


def _suggest(root: Path, name: str, wanted: str) -> str:
    """Name the image that was probably meant, where there is one beside the json."""
    folder, base = name.rpartition("/")[0], wanted.rpartition("/")[2]
    near = [base] if base in _list_names(root, folder) else _list_equal_stems(root, name)
    return f"{near[0]} lies beside the json: correct imagePath" if near else ""


def _list_equal_stems(root: Path, name: str) -> list[str]:
    folder, _, base = name.rpartition("/")
    stem = base.rpartition(".")[0].lower()
    names = _list_names(root, folder)
    return [
        one
        for one in names
        if one.lower().endswith(IMAGE_SUFFIXES) and one.rpartition(".")[0].lower() == stem
    ]


def _list_names(root: Path, folder: str) -> tuple[str, ...]:
    real = _find_real_folder(root, folder)
    try:
        return _list_once(real, Path(real).stat().st_mtime_ns) if real else ()
    except OSError:
        return ()


@lru_cache(maxsize=64)
def _list_once(folder: str, changed: int) -> tuple[str, ...]:
    """A folder of many missing images is read once, not once for each; `changed` makes it be read again later."""
    with os.scandir(folder) as entries:
        return tuple(sorted(entry.name for entry in entries))
