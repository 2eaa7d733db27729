"""A folder of predictions: a second run replaces what the first one wrote, and nothing else."""

import errno
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import OutputError
from workbench.files import atomic_file, explain_os_error, prepare_folder, write_atomically

MARK = "predicted.json"
Keep = Callable[[str, Path], bool]  # name and place: is it a person's work by now?


class OwnFiles:
    """Files of one folder, by their names in it; `kept` says of a file of ours whether a person has worked on it."""

    def __init__(self, folder: Path, kept: Keep = lambda name, path: False) -> None:
        self.folder, self._kept = folder, kept
        self._old = read_names(folder)
        self._planned: set[str] = set()

    def plan(self, names: Iterable[str]) -> None:
        """Refuse to begin where a file is in the way; note the others, so that a killed run is known as ours."""
        self._planned = set(names)
        for name in sorted(self._planned):
            self._require_free(name)
        prepare_folder(self.folder)
        self._note({"state": "running"}, self._old | self._planned)

    def _require_free(self, name: str) -> None:
        path = self.folder / name
        if not path.exists() and not path.is_symlink():
            return
        if name not in self._old:
            raise OutputError(
                f"{path}: must be free or a prediction, but somebody else made it; choose another --out"
            )
        if self._kept(name, path):
            raise OutputError(
                f"{path}: must be as it was predicted, but somebody has worked on it; choose another --out"
            )

    def write(self, name: str, content: bytes) -> None:
        """Write a file that was planned."""
        write_atomically(self.folder / name, content)

    def finish(self, about: Mapping[str, Any], written: Iterable[str]) -> None:
        """Remove what an earlier run wrote and this one did not, and say what is here."""
        settle(self.folder, about, sorted(self._old | self._planned), sorted(set(written)), self._kept)

    def _note(self, about: dict[str, Any], names: set[str]) -> None:
        _write_note(self.folder, about, sorted(names))


def settle(
    folder: Path,
    about: Mapping[str, Any],
    known: Iterable[str],
    written: Iterable[str],
    kept: Keep = lambda name, path: False,
) -> None:
    """Remove of the known files those that were not written, and say what is here; both are sorted, and not kept."""
    marked = heapq.merge(((name, False) for name in known), ((name, True) for name in written))

    def choose() -> Iterator[str]:
        for name, marks in groupby(marked, key=lambda pair: pair[0]):
            if any(mark for _, mark in marks) or not _remove(folder, name, kept):
                yield name

    _write_note(folder, {"state": "finished", **about}, choose())


def _remove(folder: Path, name: str, kept: Keep) -> bool:
    path = folder / name
    if path.is_file() and kept(name, path):
        return False
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EPERM, errno.ENOTDIR):
            raise explain_os_error(path, error) from error
        return False
    for parent in path.parents:
        if parent == folder:
            break
        with suppress(OSError):  # somebody else's files are in it
            parent.rmdir()
    return True


def _write_note(folder: Path, about: Mapping[str, Any], names: Iterable[str]) -> None:
    """Write the note as orjson would, but name by name."""
    head = orjson.dumps({**about, "files": []}, option=orjson.OPT_INDENT_2)
    with atomic_file(folder / MARK) as stream:
        stream.write(head.removesuffix(b"[]\n}") + b"[")
        any_name = False
        for name in names:
            stream.write((b",\n    " if any_name else b"\n    ") + orjson.dumps(name))
            any_name = True
        stream.write(b"\n  ]\n}\n" if any_name else b"]\n}\n")


def stream_names(folder: Path) -> Iterator[str]:
    """Yield the names that the note of a folder lists, in their order, without having them all in memory."""
    try:
        with (folder / MARK).open("rb") as stream:
            for line in stream:
                if line.startswith(b'    "'):
                    yield orjson.loads(line.strip().removesuffix(b","))
    except FileNotFoundError:
        return


def read_names(folder: Path) -> set[str]:
    """Return the names of an earlier run's files; none where there was none, or its note cannot be trusted."""
    try:
        names = orjson.loads((folder / MARK).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    if not isinstance(names, list):
        return set()
    return {name for name in names if isinstance(name, str) and _stays_inside(name)}


def _stays_inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\0" not in name
