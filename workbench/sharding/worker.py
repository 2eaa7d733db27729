"""The process that does the work, forked for it: a crash, a hang or a greedy item costs this process alone.

Which item it is at stands in a small file that both it and its watcher have in memory: writing there costs no call of
the system, and it is still there when both were killed.
"""

import errno
import faulthandler
import json
import mmap
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn
from uuid import uuid4

from workbench.errors import FAILED, OK, JobError, WorkbenchError
from workbench.files import claim, explain_os_error, sync_folder
from workbench.parallel import die_with_parent
from workbench.sharding.plan import Plan, require_current
from workbench.sharding.quarantine import judge

Item = tuple[int, str]
# Work on the items as they come, write into the folder, and return sums (JSON) of what was done.
ChunkWork = Callable[[Iterator[Item], Path], Mapping[str, Any]]
OpenWork = Callable[[], ChunkWork]

DONE = "done.json"  # in each part: what is in it
NONE = -1  # at no item
SIZE = 24  # bytes of a place: three numbers
HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
FULL_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE)  # not the fault of any item


class Place:
    """Which item a process is at, and how far it has come; held by its process through the kernel."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            claim(self.descriptor)
            if os.fstat(self.descriptor).st_size < SIZE:
                os.pwrite(self.descriptor, NONE.to_bytes(8, sys.byteorder, signed=True) + bytes(SIZE - 8), 0)
            self._map = mmap.mmap(self.descriptor, SIZE)
        except OSError as error:
            raise explain_os_error(path, error) from error
        self._view = memoryview(self._map).cast("q")

    @property
    def number(self) -> int:
        """The item, or none."""
        return int(self._view[0])

    @property
    def steps(self) -> int:
        """Grows with everything that is begun: whoever watches sees whether it goes on."""
        return int(self._view[1])

    @property
    def done(self) -> int:
        """How many items it has done."""
        return int(self._view[2])

    def step(self, number: int) -> None:
        """Begin with an item, or with something that is none; the one before it is done."""
        if self._view[0] != NONE:
            self._view[2] += 1
        self._view[0] = number
        self._view[1] += 1

    def close(self) -> None:
        """Let go of it, and forget it."""
        self._view.release()
        self._map.close()
        os.close(self.descriptor)
        with suppress(OSError):
            self.path.unlink()


def fork_worker(plan: Plan, chunks: Sequence[int], open_work: OpenWork, place: Place, words: int) -> int:
    """Start a process that does these chunks; return its number. Its last words go to the pipe `words`.

    Whoever calls holds the signals HELD back, so that none comes before the number is known.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        _live(parent, words, lambda: _work(plan, chunks, open_work, place))
    return process


def _live(parent: int, words: int, work: Callable[[], None]) -> NoReturn:
    """Work, and end here whatever happens: what the parent was about to do is none of the child's business."""
    code = FAILED
    try:
        for number in HELD:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        die_with_parent(parent)
        with LastWords(words):
            _offer_itself()
            faulthandler.enable(file=2)
            work()
        code = OK
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _offer_itself() -> None:
    """A system without memory picks this process first, and not its watcher or somebody else's."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


class LastWords(AbstractContextManager["LastWords"]):
    """Tells a pipe why it ended; whether it was the fault of an item is for others to say."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, OSError) and error.errno in FULL_DISKS:
            error = explain_os_error(error.filename or "the disk", error)
        expected = isinstance(error, WorkbenchError)
        if not expected:
            traceback.print_exception(error)
        said = str(error) if expected else " ".join(f"{type(error).__name__}: {error}".split())
        code = error.exit_code if isinstance(error, WorkbenchError) else None
        os.write(self._pipe, json.dumps({"code": code, "said": said[:2000]}).encode())


def _work(plan: Plan, chunks: Sequence[int], open_work: OpenWork, place: Place) -> None:
    work = open_work()
    for chunk in chunks:
        if not plan.part(chunk).exists():
            _do_chunk(plan, chunk, work, place)


def _do_chunk(plan: Plan, chunk: int, work: ChunkWork, place: Place) -> None:
    """Do all items of a chunk but those that are set aside; the part is there whole, or not at all."""
    aside = judge(plan, chunk)
    items = plan.read_chunk(chunk)
    part = plan.part(chunk)
    staging, held = part.with_name(f".{part.name}.{uuid4().hex}.tmp"), -1
    try:
        staging.mkdir(parents=True)
        held = os.open(staging, os.O_RDONLY)
        require_current(plan)  # that of the folder which it lies in now
        sums = work(_announce([one for one in items if one[0] not in aside], place, staging), staging)
        kept = [{"number": n, "item": item, "reason": aside[n]} for n, item in items if n in aside]
        content = {"chunk": chunk, "items": len(items), "set_aside": kept, "sums": dict(sums)}
        _write_done(held, staging, json.dumps(content).encode())
        _seal(staging)
        _take_place(staging, part)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if held >= 0:
            os.close(held)


def _announce(items: Sequence[Item], place: Place, staging: Path) -> Iterator[Item]:
    """Hand items out one by one: whoever asks for the next has done the one before."""
    for number, item in items:
        if not staging.exists():
            raise JobError(f"{staging}: must stay while somebody is at it, but was removed; begin anew")
        place.step(number)
        yield number, item
    place.step(NONE)


def _write_done(held: int, folder: Path, content: bytes) -> None:
    """Write into the very folder that was made: where it was removed, another of its name must not become a part."""
    try:
        with os.fdopen(os.open(DONE, os.O_WRONLY | os.O_CREAT, 0o666, dir_fd=held), "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise explain_os_error(folder, error) from error


def _seal(folder: Path) -> None:
    """Have the disk take everything before the part has its name."""
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        if path.is_dir():
            sync_folder(path)
        else:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _take_place(staging: Path, part: Path) -> None:
    """Of two that did the same chunk at once the first one wins, and the other's is thrown away."""
    try:
        staging.rename(part)
    except OSError as error:
        if not part.exists():
            raise explain_os_error(part, error) from error
    sync_folder(part.parent)


def read_last_words(pipe: int) -> tuple[int | None, str]:
    """Return the exit code that an expected failure has, and what was said; nothing of one that was killed."""
    said = b""
    with suppress(BlockingIOError):  # something that it started has the pipe still
        while content := os.read(pipe, 65536):
            said += content
    if not said:
        return None, ""
    try:
        found = json.loads(said)
    except ValueError as error:
        raise JobError(f"a worker ended with words that nobody understands: {said[:200]!r}") from error
    return found["code"], str(found["said"])
