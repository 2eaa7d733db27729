"""Zip and tar archives from strangers: no name leaves the folder, nothing but files, and no bombs.

Archives inside an archive are left out, not opened.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from stat import S_ISREG
from typing import IO, cast

from workbench.errors import DatasetError, InputMissing
from workbench.files import contained

MOST_FILES = 200_000
LARGEST = 4_000_000_000  # bytes in all
HARMLESS, LARGEST_RATIO = (
    64_000_000,
    200,
)  # beyond the first, nothing honest of pictures packs better than the second
NESTED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_CHUNK = 1 << 20
_TORN = (
    OSError, EOFError, RuntimeError, NotImplementedError, ValueError, LookupError, MemoryError,
    zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
)  # fmt: skip

Member = tuple[str, Callable[[], IO[bytes]]]


class _Budget(io.RawIOBase):
    """A stream that counts what comes out of it, and stops what grows beyond reason."""

    def __init__(self, stream: IO[bytes], packed: int, path: Path) -> None:
        super().__init__()
        self._stream, self._path = stream, path
        self._left = min(LARGEST, max(HARMLESS, packed * LARGEST_RATIO))

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(_CHUNK if size < 0 else min(size, _CHUNK))
        self.spend(len(content))
        return content

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _refuse(self._path, "", "must not grow beyond reason, but does (a bomb?)")


def unpack(path: Path, out: Path) -> tuple[str, ...]:
    """Unpack into an empty folder; return the names of the files."""
    names: list[str] = []
    try:
        with ExitStack() as stack:
            packed = path.stat().st_size
            raw = stack.enter_context(path.open("rb"))
            budget = _Budget(raw, packed, path)
            members = (
                _zip_members(raw, path, stack) if zipfile.is_zipfile(raw) else _tar_members(raw, path, packed)
            )
            for name, read in members:
                names.append(_require_name(path, out, name, names))
                _write(out / name, read, budget)
    except FileNotFoundError as error:
        raise InputMissing(
            f"{error.filename}: the archive must exist, but does not; check the name"
        ) from error
    except DatasetError:
        raise
    except _TORN as error:
        raise _refuse(path, "", f"must be a whole zip or tar file, but is not ({str(error)[:80]})") from error
    return tuple(names)


def _refuse(path: Path, where: str, what: str) -> DatasetError:
    return DatasetError(
        path, where, f"an archive {what}; do not use it, get it again from its home", "unsafe-archive"
    )


def _require_name(path: Path, out: Path, name: str, names: list[str]) -> str:
    shown = name[:80].encode("unicode_escape").decode()
    parts = name.split("/")
    odd = "\\" in name or ".." in parts or not all(parts) or not name.isprintable()
    if odd or contained(out, name) is None or (out / name).exists() or (out / name).is_symlink():
        raise _refuse(path, shown, "must hold plain names, each once, that stay in its folder, but does not")
    if len(names) >= MOST_FILES:
        raise _refuse(path, "", f"must hold at most {MOST_FILES} files, but holds more")
    return name


def _write(target: Path, read: Callable[[], IO[bytes]], budget: _Budget) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with read() as content, target.open("xb") as stream:
        while chunk := content.read(_CHUNK):
            budget.spend(len(chunk))
            stream.write(chunk)


def _zip_members(raw: IO[bytes], path: Path, stack: ExitStack) -> Iterator[Member]:
    archive = stack.enter_context(zipfile.ZipFile(raw))
    for info in archive.infolist():
        mode = info.external_attr >> 16
        if mode >> 12 and not S_ISREG(mode) and not info.is_dir():  # no mode at all: written on Windows
            raise _refuse(path, info.filename[:80], "must hold files only, but holds a link or a device")
        if not info.is_dir() and not info.filename.lower().endswith(NESTED):
            yield info.filename, lambda info=info: archive.open(info)  # type: ignore[misc]
        elif info.is_dir() and (".." in info.filename.split("/") or info.filename.startswith("/")):
            raise _refuse(path, info.filename[:80], "must hold names that stay in its folder, but does not")


def _tar_members(raw: IO[bytes], path: Path, packed: int) -> Iterator[Member]:
    raw.seek(0)
    head = raw.read(8)
    raw.seek(0)
    stream = _Budget(_uncompress(raw, head), packed, path)
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
        for info in archive:
            if info.isdir():
                continue
            if not info.isreg():
                raise _refuse(path, info.name[:80], "must hold files only, but holds a link or a device")
            if not info.name.lower().endswith(NESTED):
                yield info.name.removeprefix("./"), lambda info=info: _open(archive, info)  # type: ignore[misc]


def _uncompress(raw: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if head.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    return lzma.LZMAFile(raw) if head.startswith(b"\xfd7zXZ") else raw


def _open(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(info)
    if content is None:
        raise tarfile.ReadError(f"{info.name[:80]} has no content")
    return content
