"""The file of the queue: SQLite, for any number of processes at once, and no power cut spoils it.

On a disk of this machine changes go to a log beside the file first, which is quick, and lets who reads and who writes
not wait for each other. All who use such a log must share memory, so that on a disk that others mount, too, the queue
does without: https://sqlite.org/wal.html.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import BUSY, JobError
from workbench.files import explain_os_error, prepare_folder
from workbench.jobs.disks import OWN, find_disk_kind

_PATIENCE = 30.0  # seconds to wait for somebody else's write
# What SQLite says, as the system would have said it.
_REASONS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_SHMSIZE: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_READONLY_DBMOVED: errno.ENOENT,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}
_TABLES = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    token INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    preemptions INTEGER NOT NULL DEFAULT 0,
    gpu TEXT NOT NULL DEFAULT '[]',
    handle TEXT NOT NULL DEFAULT '',
    code INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    stopping INTEGER NOT NULL DEFAULT 0,
    submitted REAL NOT NULL,
    started REAL,
    ended REAL
);
CREATE INDEX turn ON jobs (state, priority DESC, number);
CREATE TABLE needs (number INTEGER NOT NULL, after INTEGER NOT NULL, PRIMARY KEY (number, after)) WITHOUT ROWID;
CREATE INDEX needed ON needs (after);
PRAGMA user_version = 2;
"""
_UPGRADE = """
ALTER TABLE jobs ADD COLUMN preemptions INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
"""
_VERSION = 2


class Store:
    """One connection to the file below a folder; for one thread."""

    def __init__(self, home: Path) -> None:
        self.home, self._path = home.resolve(), home / "queue.db"
        is_new = not self._path.exists()
        if is_new:  # who looks at a queue, or stops what fills the disk, needs no room for it
            prepare_folder(home)
        with self.explained():
            self._base = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            self._choose_journal(is_new)
            self._base.execute("PRAGMA synchronous = FULL")
            if self._read_version() != _VERSION:
                with self.changing():
                    self._make_tables()

    def _choose_journal(self, is_new: bool) -> None:
        """The file knows its journal; a server that has the disk for itself must not change what others chose."""
        now = wanted = str(self._base.execute("PRAGMA journal_mode").fetchone()[0])
        if find_disk_kind(self.home) not in OWN:
            wanted = "delete"
        elif is_new:
            wanted = "wal"
        if now != wanted:
            with suppress(sqlite3.OperationalError):  # somebody has it open: it serves with any journal
                self._base.execute(f"PRAGMA journal_mode = {wanted}")

    def _make_tables(self) -> None:
        missing = {0: _TABLES, 1: _UPGRADE}.get(
            self._read_version(), ""
        )  # asked again, now that nobody else may write
        for statement in filter(str.strip, missing.split(";")):
            self._base.execute(statement)

    def _read_version(self) -> int:
        return int(self._base.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All that is changed within becomes true at once, or none of it; may be nested."""
        if self._is_changing():
            yield
            return
        with self.explained():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            finally:
                if self._is_changing():
                    self._base.execute("ROLLBACK")

    def _is_changing(self) -> bool:
        return self._base.in_transaction

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say in words what SQLite could not do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            reason = error.sqlite_errorcode & 0xFF  # what is above tells where it happened
            if reason in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                hint = f"must be free, but somebody has written in it for {_PATIENCE:g} seconds; try again"
                raise JobError(f"{self._path}: {hint}", BUSY) from error
            number = _REASONS.get(error.sqlite_errorcode, _REASONS.get(reason, errno.EIO))
            raise explain_os_error(self._path, OSError(number, str(error))) from error
        except sqlite3.DatabaseError as error:
            hint = "move it away: jobs that ended are still in the folder jobs beside it"
            raise JobError(f"{self._path}: must be a queue, but is damaged ({error}); {hint}") from error
