"""Which annotation came first with each image: in memory while there are few, on disk where there are many."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from workbench.errors import IO_FAILED, OutputError

FEW = 20_000  # some five megabytes
CACHE = 4096  # kilobytes of the table on disk that are kept in memory


class Firsts:
    """A table of names that never takes more memory than a small one."""

    def __init__(self, few: int = FEW) -> None:
        self._few = few
        self._known: dict[str, str] = {}
        self._table: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._table:
            self._table.close()

    def find_first(self, image: str, annotation: str) -> str:
        """Return the annotation that came first with this image, which may be this one."""
        if self._table is None and len(self._known) < self._few:
            return self._known.setdefault(image, annotation)
        self._table = self._table or self._move_out()
        with _explained():
            row = (_to_bytes(image), _to_bytes(annotation))
            if self._table.execute("INSERT OR IGNORE INTO first VALUES (?, ?)", row).rowcount:
                return annotation
            found = self._table.execute("SELECT annotation FROM first WHERE image = ?", row[:1]).fetchone()
        return str(found[0], "utf-8", "surrogatepass")

    def _move_out(self) -> sqlite3.Connection:
        """A database without a name lies in a file that is removed from its folder as soon as it is made."""
        with _explained():
            table = sqlite3.connect("", isolation_level=None)
            for word in (f"cache_size = -{CACHE}", "synchronous = OFF", "journal_mode = OFF"):
                table.execute(f"PRAGMA {word}")
            table.execute("CREATE TABLE first (image BLOB PRIMARY KEY, annotation BLOB) WITHOUT ROWID")
            table.execute("BEGIN")
            rows = ((_to_bytes(image), _to_bytes(first)) for image, first in self._known.items())
            table.executemany("INSERT INTO first VALUES (?, ?)", rows)
        self._known.clear()
        return table


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(
            f"temporary folder: must have room for a table of all images, but has not ({error}); "
            "free some space, or name another folder in SQLITE_TMPDIR",
            IO_FAILED,
        ) from error
