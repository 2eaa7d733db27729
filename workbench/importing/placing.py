"""Files put into a folder that may be a person's: equal ones stay, other ones stop the work, none is written over."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench.errors import OutputError
from workbench.files import atomic_file, explain_os_error, write_atomically


def write_once(path: Path, content: bytes) -> None:
    """Write a file, or leave an equal one; another one is a person's."""
    try:
        if path.is_symlink() or path.exists():
            if path.is_file() and path.read_bytes() == content:
                return
            raise OutputError(
                f"{path}: must not exist yet, but is there with other content; choose another --out"
            )
        write_atomically(path, content)
    except OSError as error:
        raise explain_os_error(path, error) from error


def place_file(image: Path, target: Path, copy: bool) -> None:
    """Link the image, which takes no room, or copy its bytes where links cannot be had."""
    try:
        if target.is_symlink() or target.exists():
            if not (target.is_file() and (target.samefile(image) or _is_same(target, image))):
                raise OutputError(
                    f"{target}: must not exist yet, but is there with other content; choose another --out"
                )
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if not copy and _link(image, target):
            return
        with image.open("rb") as content, atomic_file(target) as stream:
            shutil.copyfileobj(content, stream, 1 << 20)
    except OSError as error:
        raise explain_os_error(target, error) from error


def _link(image: Path, target: Path) -> bool:
    try:
        os.link(image.resolve(), target)
    except OSError:  # another disk, or not ours to link
        return False
    return True


def _is_same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """Write the classes; a list that is there already must know them all, since its order counts."""
    if path.is_file():
        known = path.read_text("utf-8", "replace").splitlines()
        missing = [label for label in labels if label not in known]
        if not missing:
            return
        raise OutputError(
            f"{path}: must list {missing[0]!r}, but does not; add it where it belongs, or choose another --out"
        )
    write_atomically(path, "".join(f"{label}\n" for label in labels).encode())


def write_ledger(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write this import's rows; those of other images of the folder stay."""
    import orjson

    images = {(row["source"], row["image"]) for row in rows}
    with atomic_file(path) as stream:
        for line in _other_lines(path, images):
            stream.write(line + b"\n")
        for row in rows:
            stream.write(orjson.dumps(row) + b"\n")


def _other_lines(path: Path, images: set[tuple[object, object]]) -> Iterator[bytes]:
    import orjson

    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise OutputError(f"{path}: must be a ledger, but is not; choose another --out") from None
        if not isinstance(row, dict) or (row.get("source"), row.get("image")) not in images:
            yield line
