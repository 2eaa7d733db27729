"""A file and the manifest beside it: whole under its name at every moment, and checked before it is read.

`x.pth` is what torch.save writes; `x.json` lists the SHA-256 of what may be there. While a file is replaced its
manifest lists both the old bytes and the new ones, so that a kill between the two renames leaves a pair that fits.
"""

import hashlib
import json
import os
import pickle
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

import torch

from workbench import __version__
from workbench.engine.training.crash import crash_point
from workbench.engine.training.plain import count_bytes, to_plain
from workbench.errors import BAD_DATA
from workbench.files import atomic_file, claim, explain_os_error, sync_folder, temporary_name
from workbench.run import RunError

Seal = dict[str, Any]  # "sha256", "size", and what the writer says about the file


class SpoiledFile(RunError):
    """A file that is not, or not any more, what was written."""

    exit_code = BAD_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was read, and what its manifest says about it."""

    content: Any
    seal: Mapping[str, Any]


def manifest_path(path: Path) -> Path:
    """Where the manifest of a file lies."""
    return path.with_suffix(".json")


def write_sealed(path: Path, content: object, about: Mapping[str, Any]) -> None:
    """Write a file and its manifest; whatever happens on the way, what was there before stays readable."""
    plain, temporary = to_plain(content), temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            claim(stream.fileno())
            crash_point("opened")
            seal = {**about, **_versions(), **_write(stream, plain)}
        before = [known for known in _known_seals(path) if known != seal]
        _write_manifest(path, [seal, *before])
        temporary.replace(path)
        crash_point("replaced")
        sync_folder(path.parent)
        crash_point("folder synced")
        if before:
            _write_manifest(path, [seal])
    except OSError as error:
        raise explain_os_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def read_sealed(path: Path) -> Sealed:
    """Check a file against its manifest, then read it; nothing in it is run."""
    seals = _read_manifest(path)
    try:
        with path.open("rb") as stream:
            seal = _find_seal(path, stream, seals)
            stream.seek(0)
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise SpoiledFile(
            f"{path}: must be readable, but is not ({error.strerror}); is the disk well?"
        ) from error
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise SpoiledFile(
            f"{path}: must be readable by torch {torch.__version__}, but is not ({str(error).splitlines()[0]}); "
            f"it was written by torch {seal['torch']}"
        ) from error
    return Sealed(content=content, seal=seal)


def check_sealed(path: Path) -> None:
    """Do the same without reading what is in it."""
    seals = _read_manifest(path)
    try:
        with path.open("rb") as stream:
            _find_seal(path, stream, seals)
    except OSError as error:
        raise SpoiledFile(f"{path}: must be readable, but is not ({error.strerror})") from error


def remove_sealed(path: Path) -> None:
    """Delete a file, then its manifest: never a file without one."""
    for one in (path, manifest_path(path)):
        with suppress(OSError):  # it is tried again after the next save
            one.unlink()
        crash_point("removed")


class _Tee:
    """What torch.save writes into: the bytes go on to the disk and through a hash.

    An error of the disk is kept for later: thrown here it would cross C++ code that puts another in its place.
    """

    def __init__(self, stream: IO[bytes], expected: int) -> None:
        self.refusal: OSError | None = None
        self.size = 0
        self.hash = hashlib.sha256()
        self._stream, self._half = stream, expected // 2

    def write(self, piece: bytes) -> int:
        """Take one piece; torch.save makes some hundreds of them."""
        began, self.size = self.size, self.size + len(piece)
        self.hash.update(piece)
        if self.refusal is None:
            try:
                self._stream.write(piece)
            except OSError as error:
                self.refusal = error
        if began == 0:
            crash_point("header written")
        if began < self._half <= self.size:
            crash_point("half written")
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back here."""


def _write(stream: IO[bytes], plain: Any) -> Seal:
    tee = _Tee(stream, count_bytes(plain))
    torch.save(plain, tee)
    if tee.refusal is not None:
        raise tee.refusal
    crash_point("written")
    stream.flush()
    crash_point("flushed")
    os.fsync(stream.fileno())
    crash_point("synced")
    return {"sha256": tee.hash.hexdigest(), "size": tee.size}


def _write_manifest(path: Path, seals: Sequence[Seal]) -> None:
    with atomic_file(manifest_path(path)) as stream:
        stream.write(json.dumps({"versions": seals}, indent=2).encode() + b"\n")
        crash_point("manifest written")
    crash_point("manifest replaced")


def _read_manifest(path: Path) -> list[Seal]:
    """Read which bytes may be in a file."""
    name = manifest_path(path)
    try:
        seals = json.loads(name.read_bytes())["versions"]
        if seals and all(type(seal["sha256"]) is str and type(seal["size"]) is int for seal in seals):
            return list(seals)
        reason = "its sha256 or size is wrong"
    except FileNotFoundError:
        reason = "it is not there"
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise SpoiledFile(
        f"{name}: must say what {path.name} holds, but does not ({reason}); copy both files again"
    )


def _known_seals(path: Path) -> list[Seal]:
    """What the file that is about to be replaced may hold; nothing can be said of one without a manifest."""
    try:
        return _read_manifest(path) if path.exists() else []
    except SpoiledFile:
        return []


def _find_seal(path: Path, stream: BufferedReader, seals: Sequence[Seal]) -> Seal:
    size = os.fstat(stream.fileno()).st_size
    if not any(seal["size"] == size for seal in seals):
        must = " or ".join(str(seal["size"]) for seal in seals)
        raise SpoiledFile(
            f"{path}: must have {must} bytes, but has {size}; it was cut off: copy or make it again"
        )
    found = hashlib.file_digest(stream, "sha256").hexdigest()
    for seal in seals:
        if seal["sha256"] == found:
            return seal
    raise SpoiledFile(
        f"{path}: must have the sha256 {seals[0]['sha256'][:12]}… of its manifest, but has {found[:12]}…; "
        f"bytes were changed: copy or make it again"
    )


def _versions() -> Seal:
    return {"workbench": __version__, "torch": str(torch.__version__)}
