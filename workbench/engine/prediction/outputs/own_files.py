"""A folder of predictions: a second run replaces what the first one wrote, and nothing else."""

import errno
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import OutputError
from workbench.files import explain_os_error, prepare_folder, write_atomically

MARK = "predicted.json"
Keep = Callable[[str, Path], bool]  # name and place: is it a person's work by now?


class OwnFiles:
    """Files of one folder, by their names in it; `kept` says of a file of ours whether a person has worked on it."""

    def __init__(self, folder: Path, kept: Keep = lambda name, path: False) -> None:
        self.folder, self._kept = folder, kept
        self._old = _read_names(folder / MARK)
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

    def finish(self, about: dict[str, Any], written: Iterable[str]) -> None:
        """Remove what an earlier run wrote and this one did not, and say what is here."""
        done = set(written)
        left = {name for name in (self._old | self._planned) - done if not self._remove(name)}
        self._note({"state": "finished", **about}, done | left)

    def _remove(self, name: str) -> bool:
        path = self.folder / name
        if path.is_file() and self._kept(name, path):
            return False
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.EPERM, errno.ENOTDIR):
                raise explain_os_error(path, error) from error
            return False
        for parent in path.parents:
            if parent == self.folder:
                break
            with suppress(OSError):  # somebody else's files are in it
                parent.rmdir()
        return True

    def _note(self, about: dict[str, Any], names: set[str]) -> None:
        content = {**about, "files": sorted(names)}
        write_atomically(self.folder / MARK, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def _read_names(path: Path) -> set[str]:
    """Return the names of an earlier run's files; none where there was none, or its note cannot be trusted."""
    try:
        names = orjson.loads(path.read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    if not isinstance(names, list):
        return set()
    return {name for name in names if isinstance(name, str) and _stays_inside(name)}


def _stays_inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\0" not in name
