"""Files that belong to all images: what each image adds to them, as encoded texts, either joined now or kept in lines.

So an image's share of `coco.json` can be made in one process and joined in another, with the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

from workbench.errors import DatasetError

Piece = Sequence[bytes]  # JSON texts: none of them has a tab or a line's end in it


class Joint(Protocol):
    """Takes what each image adds, in the order of the images."""

    def add(self, piece: Piece) -> None:
        """Take an image's piece."""

    def close(self) -> list[str]:
        """Write what is left, and return the names of the files that are there now."""

    def drop(self) -> None:
        """Leave no half of a file behind; after `close`, nothing."""


class PieceFile:
    """Keeps pieces, a line an image, for whoever joins them."""

    def __init__(self, path: Path) -> None:
        self._stream: IO[bytes] = path.open("wb")

    def add(self, piece: Piece) -> None:
        """Keep a piece."""
        self._stream.write(b"\t".join(piece) + b"\n")

    def close(self) -> list[str]:
        """No file has its final name yet."""
        self._stream.close()
        return []

    def drop(self) -> None:
        """The folder that it lies in goes with all that is in it."""
        self._stream.close()


def read_piece(line: bytes, path: Path) -> Piece:
    """Read a line that a PieceFile kept; a torn one is noticed."""
    if not line.endswith(b"\n"):
        message = "the last line must be whole, but is cut off; begin anew"
        raise DatasetError(path, "", message, "torn")
    return line[:-1].split(b"\t")
