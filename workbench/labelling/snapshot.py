"""How annotations were before a window was opened on them: what changed is told from it, and what was torn is there.

It lies on the disk, so that a window whose workbench was killed is accounted for by the next one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from workbench.data.annotation import Annotation
from workbench.errors import AnnotationError, InputMissing, WorkbenchError
from workbench.files import atomic_file, write_atomically
from workbench.formats.labelme import parse_annotation, read_annotation
from workbench.formats.listing import list_annotations

LARGE = 1_000_000  # bytes; above, an image is in the file, and is not kept a second time
INDEX = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One file that is not as it was; `trouble` says why it cannot be read now."""

    name: str
    before: Annotation | None
    after: Annotation | None
    trouble: str = ""


def take_snapshot(path: Path, root: Path, names: Iterable[str] | None = None) -> None:
    """Keep these Labelme files (all of a folder) as they are."""
    index: dict[str, Any] = {}
    chosen = list_annotations(root) if names is None else [name for name in names if (root / name).is_file()]
    with atomic_file(path) as stream, ZipFile(stream, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for number, name in enumerate(chosen):
            try:
                state = (root / name).stat()
                archive.writestr(str(number), _shrink((root / name).read_bytes()))
            except OSError:  # what cannot be read now is told by the check
                continue
            index[name] = [number, state.st_mtime_ns, state.st_size]
        only = names is not None
        archive.writestr(INDEX, json.dumps({"root": str(root.resolve()), "only": only, "files": index}))


def _shrink(content: bytes) -> bytes:
    """Without the image that is inside."""
    if len(content) < LARGE:
        return content
    try:
        raw = json.loads(content)
        return json.dumps({**raw, "imageData": None}).encode() if isinstance(raw, dict) else content
    except (ValueError, RecursionError):
        return content


def read_differences(path: Path, root: Path) -> list[Difference]:
    """Compare a folder with the snapshot; files that were not written since are not even opened."""
    try:
        with ZipFile(path) as archive:
            note = json.loads(archive.read(INDEX))
            old: dict[str, list[int]] = note["files"]
            names = sorted(old if note["only"] else {*old, *list_annotations(root)})
            return [one for name in names if (one := _compare(archive, old.get(name), root, name))]
    except (OSError, ValueError, KeyError, BadZipFile):
        return []  # a snapshot that is not whole was never finished: no window was opened after it


def _compare(archive: ZipFile, row: list[int] | None, root: Path, name: str) -> Difference | None:
    try:
        state = (root / name).stat()
        if row and (state.st_mtime_ns, state.st_size) == (row[1], row[2]):
            return None
    except OSError:
        pass
    before = _parse(archive.read(str(row[0])), name) if row else None
    trouble = ""
    after: Annotation | None = None
    try:
        after = read_annotation(root / name)
    except InputMissing:
        pass
    except WorkbenchError as error:
        trouble = str(error)
    if before is None and after is None and not trouble:
        return None
    return Difference(name=name, before=before, after=after, trouble=trouble)


def _parse(content: bytes, name: str) -> Annotation | None:
    try:
        return parse_annotation(content, name)
    except AnnotationError:
        return None


def rescue(path: Path, name: str, folder: Path) -> Path | None:
    """Lay a file as it was into a folder of ours, where the one that people see is torn."""
    try:
        with ZipFile(path) as archive:
            row = json.loads(archive.read(INDEX))["files"].get(name)
            content = archive.read(str(row[0])) if row else b""
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    if _parse(content, name) is None:
        return None
    write_atomically(folder / name, content)
    return folder / name
