"""From the words that a person typed to images: files, folders and patterns, each image once and in one order."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from workbench.engine.prediction.outputs.own_files import read_names
from workbench.errors import InputMissing, nearest
from workbench.formats.images import IMAGE_SUFFIXES
from workbench.formats.listing import list_folder

FILM_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")


def find_images(words: Iterable[str | Path], out: Path | None = None) -> tuple[Path, ...]:
    """Return the images that words mean, in their order; a folder's own are sorted, hidden ones are left alone.

    A file is taken as it is, whatever it is called: whoever reads it says what is wrong with it. What an earlier
    command wrote into the folder `out` is in no folder and of no pattern: the same words mean the same images again.
    """
    own = _list_own(out) if out else frozenset()
    paths = [path for word in words for path in _find(str(word), own)]
    found: dict[Path, Path] = {}
    for path, place in zip(paths, _locate(paths), strict=True):
        found.setdefault(place, path)
    return tuple(found.values())


def _locate(paths: Iterable[Path]) -> Iterator[Path]:
    """Say where each lies, whichever way its folder was reached; a file that is a link keeps its own name."""
    folders: dict[Path, str] = {}
    for path in paths:
        if path.parent not in folders:
            folders[path.parent] = os.path.realpath(path.parent)
        yield Path(folders[path.parent], path.name)


def _list_own(out: Path) -> frozenset[str]:
    home = os.path.realpath(out)
    return frozenset(f"{home}/{name}" for name in read_names(out))


def _refuse_film(path: Path) -> None:
    if path.suffix.lower() in FILM_SUFFIXES and path.is_file():
        frames = f"{path.stem}/%06d.jpg"
        raise InputMissing(
            f"{path}: must be images, but is a film; take its frames out, and name their folder: "
            f"mkdir {path.stem} && ffmpeg -i {path.name} -vf fps=2 {frames}"
        )


def _find(word: str, own: frozenset[str]) -> list[Path]:
    path = Path(word)
    if _exists(path):
        _refuse_film(path)
        return _list(path, own) if path.is_dir() else [path]
    if glob.has_magic(word):
        return _match(word, own)
    raise InputMissing(f"{word}: must be an image, a folder or a pattern, but is not there{_suggest(path)}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no system takes
        return False


def _list(folder: Path, own: frozenset[str]) -> list[Path]:
    there = [folder / name for name in list_folder(folder).images]
    images = _leave_out(own, there)
    if not images:
        kinds, but = " ".join(IMAGE_SUFFIXES), " but what was predicted" if there else ""
        raise InputMissing(f"{folder}: must hold images ({kinds}), but holds none{but}; name another folder")
    return images


def _leave_out(own: frozenset[str], paths: list[Path]) -> list[Path]:
    return [path for path, place in zip(paths, _locate(paths), strict=True) if str(place) not in own]


def _match(pattern: str, own: frozenset[str]) -> list[Path]:
    """Look for files of a pattern; `**` stands for any folders."""
    found = (Path(name) for name in glob.glob(pattern, recursive=True))  # noqa: PTH207  # patterns may be absolute
    images = _leave_out(own, sorted(path for path in found if _is_picture(path) and path.is_file()))
    if not images:
        raise InputMissing(f"{pattern}: must match an image, but matches none; try it with ls")
    return images


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _suggest(path: Path) -> str:
    try:
        names = [one.name for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return "; check the name"
    return nearest(path.name, names)


def name_images(paths: Sequence[Path]) -> dict[Path, str]:
    """Name each image by its way from the folder that all of them are in: no two are called the same.

    Names become places below the folder that is written: none of them may lead up.
    """
    places = zip(paths, _locate(paths), strict=True)
    whole = [place if ".." in path.parts else path.absolute() for path, place in places]
    folders = [one.parent.parts for one in whole]
    shared = 0
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    return {path: path_to_text("/".join(one.parts[shared:])) for path, one in zip(paths, whole, strict=True)}


def path_to_text(path: str | Path) -> str:
    """Spell out the bytes of a name that is no UTF-8, which no JSON takes."""
    return str(path).encode("utf-8", "backslashreplace").decode()
