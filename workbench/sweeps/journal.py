"""Where Optuna writes down what a search has tried: its own JSON lines, in a file that kills do not spoil.

Optuna's JournalFileBackend keeps others out with a file beside the journal, which whoever is killed leaves behind (the
others then wait for half a minute), and a line that was cut off by a kill or a full disk makes every later read fail.
Here the kernel keeps the lock, which ends with its holder, and a cut-off line is removed before the next is written.
The lines are the same: Optuna's own programs can read the file.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.errors import BAD_DATA, JobError
from workbench.files import explain_os_error


class Journal:
    """What `optuna.storages.JournalStorage` asks of a place to write to: BaseJournalBackend."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = [0]  # where each line begins, as far as they are known

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return the whole lines from a number on; one that is being written is for the next time."""
        return list(self._read(log_number_from))

    def _read(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        number = min(log_number_from, len(self._starts) - 1)
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._starts[number])
                content = stream.read()
        except FileNotFoundError:
            return
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            if number + 1 == len(self._starts):
                self._starts.append(self._starts[number] + len(line))
            number += 1
            if number > log_number_from:
                yield self._parse(line, number)

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Write lines and wait until they are on the disk: all of them, or none."""
        content = b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise explain_os_error(self._path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _append(descriptor, content)
        except OSError as error:
            raise explain_os_error(self._path, error) from error
        finally:
            os.close(descriptor)

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except ValueError as error:
            hint = "restore the file, or move the sweep away and launch it again"
            raise JobError(
                f"{self._path}: line {number}: must be JSON, but is not ({error}); {hint}", BAD_DATA
            ) from error


def _append(descriptor: int, content: bytes) -> None:
    """Write behind the last whole line; nobody else writes now."""
    end = _find_end(descriptor)
    os.ftruncate(descriptor, end)
    try:
        written = 0
        while written < len(content):
            written += os.write(descriptor, content[written:])
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


def _find_end(descriptor: int) -> int:
    """Return where the last whole line ends."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - 4096)
        place = os.pread(descriptor, end - start, start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0
