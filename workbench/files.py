"""Files that are either whole or not there, and names that stay in their folder."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from workbench.errors import CANNOT_CREATE, IO_FAILED, NO_PERMISSION, OutputError

_REASONS = {
    errno.ENOSPC: (IO_FAILED, "the disk is full; free some space and run it again"),
    errno.EDQUOT: (IO_FAILED, "your disk quota is used up; free some space and run it again"),
    errno.EFBIG: (IO_FAILED, "the file is larger than this system allows; write it elsewhere"),
    errno.EIO: (IO_FAILED, "the disk reported an error; check it and run it again"),
    errno.EACCES: (NO_PERMISSION, "you may not write here; choose another folder with --out"),
    errno.EPERM: (NO_PERMISSION, "you may not write here; choose another folder with --out"),
    errno.EROFS: (NO_PERMISSION, "this disk is read-only; choose another folder with --out"),
    errno.ENAMETOOLONG: (CANNOT_CREATE, "the name is too long for this disk; shorten it"),
    errno.ENOTDIR: (CANNOT_CREATE, "a file is where a folder must be; move it away"),
    errno.ENOENT: (CANNOT_CREATE, "its folder is not there any more; make it again and run it again"),
    errno.EEXIST: (CANNOT_CREATE, "a file is where a folder must be; move it away"),
    errno.EISDIR: (CANNOT_CREATE, "a folder is where the file must be; move it away"),
}


def explain_os_error(path: object, error: OSError) -> OutputError:
    """Turn the system's refusal to write into a line with a reason and an exit code."""
    code, reason = _REASONS.get(error.errno or 0, (IO_FAILED, f"{error.strerror or error}; check the disk"))
    return OutputError(f"{path}: cannot be written: {reason}", code)


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the final name only when everything was written and synced."""
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            claim(stream.fileno())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise explain_os_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def temporary_name(path: Path) -> Path:
    """Name what is being written, beside its final place; names of other alphabets take more bytes than letters."""
    short = path.name.encode(errors="surrogateescape")[:80].decode(errors="ignore")
    return path.with_name(f".{short}.{_TOKEN}.{os.getpid()}.workbench.tmp")


_TOKEN = os.urandom(4).hex()  # in containers that share a disk many processes have the same small number
PATIENCE = 0.4  # seconds in which who was just killed lets go of a lock, and who only asks about it


def claim(descriptor: int, *, patience: float = 0.0) -> bool:
    """Lock a file or folder for as long as this process has it open; False where somebody else has it."""
    import fcntl

    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # taken, or a disk that knows no locks
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def is_locked(path: Path) -> bool:
    """Whether another process, or something that it started, holds a file through the kernel."""
    for mode in (
        os.O_RDWR,
        os.O_RDONLY,
    ):  # network disks want the first; another person's file allows the second
        try:
            descriptor = os.open(path, mode)
        except OSError:
            continue
        try:
            return not claim(descriptor)
        finally:
            os.close(descriptor)
    return False


def sweep(folder: Path) -> None:
    """Delete what runs that were killed left in a folder: our temporary names, of a dead process, held by nobody."""
    from shutil import rmtree

    for path in folder.glob(".*.workbench.tmp"):
        token, number = path.name.split(".")[-4:-2]  # there was no token once
        if number.isdecimal() and not _is_alive(int(number), token) and _is_free(path):
            with suppress(OSError):
                rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _is_alive(process: int, token: str) -> bool:
    if process == os.getpid():
        return token == _TOKEN  # or else one that had this number before, or on another machine
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another person's
        return True
    return True


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return claim(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def taking_turns(folder: Path) -> Iterator[Callable[[], None]]:
    """Yield what to call before several files take their names, so that no other run's come in between."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)

    def wait() -> None:
        with suppress(OSError):  # a disk that knows no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)

    try:
        yield wait
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Write the whole content, or leave what was there untouched."""
    with atomic_file(path) as stream:
        stream.write(content)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, which takes no room, or copy its bytes where the disk has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except FileExistsError:  # it may be another name of a person's image: writing into it would change that
        raise
    except OSError:
        from shutil import copyfile

        copyfile(source, target)


def prepare_folder(folder: Path) -> None:
    """Make a folder and try to write in it, before any work is done that would be lost."""
    probe = temporary_name(folder / "probe")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"room?")
    except OSError as error:
        raise explain_os_error(folder, error) from error
    finally:
        with suppress(OSError):
            probe.unlink()
    sweep(folder)


def prepare_file(path: Path) -> None:
    """Do the same for a file that is to be written: a free or old place, with a name that the disk takes."""
    prepare_folder(path.parent)
    try:
        if stat.S_ISDIR(path.lstat().st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder")
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain_os_error(path, error) from error


def prepare_new_folder(path: Path) -> None:
    """Do the same for a folder that is to be made."""
    prepare_folder(path.parent)
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "is a file")
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain_os_error(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut; not every file system lets a folder be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def digest(content: bytes) -> str:
    """Name a content by its hash (SHA-256, hexadecimal)."""
    import hashlib  # loads OpenSSL, which most verbs never need

    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """Name a file's content by its hash without holding it in memory."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_file(path: Path) -> bool:
    """Whether a file is there; a name that no system takes (too long, with a NUL in it) is not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def contained(root: Path, name: str, base: Path | None = None) -> Path | None:
    """Return base/name (root/name) when it lies inside root after following links, else None."""
    if not name or "\0" in name or name.startswith(("/", "~")) or name[1:2] == ":":
        return None
    try:
        path = os.path.realpath((base or root) / name)
    except (OSError, ValueError):  # a loop of links, or a name that no system takes
        return None
    inside = os.path.realpath(root).rstrip(os.sep) + os.sep
    return Path(path) if path.startswith(inside) else None
