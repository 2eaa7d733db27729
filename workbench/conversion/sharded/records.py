"""What workers made of each annotation, on its way to whoever joins it: records in a file, checked as they are read.

Each record says how the files it was made of were when they were read; of one that was saved since, it is made again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import msgspec

from workbench.conversion.job import Job
from workbench.conversion.look import Look
from workbench.conversion.pieces import Pieces
from workbench.errors import BAD_DATA, JobError

NAME = "records"  # in the part of a chunk
SIZE = 4  # bytes that say how long a record is


class Stamp(NamedTuple):
    """A file as it was; one that was not there has no size."""

    path: str
    size: int
    changed: int  # nanoseconds, as the disk says


class Made(NamedTuple):
    """An annotation of a bare folder, and the files that it was made of."""

    stamps: tuple[Stamp, ...]
    pieces: Pieces


class Looked(NamedTuple):
    """A first look at an annotation of a project."""

    stamps: tuple[Stamp, ...]
    look: Look


Record = TypeVar("Record", Made, Looked, Pieces, Look)


def take_stamp(root: Path, name: str) -> Stamp:
    """Say how a file is now."""
    try:
        found = (root / name).stat()
    except (OSError, ValueError):  # not there, or a name that no disk takes
        return Stamp(name, -1, 0)
    return Stamp(name, found.st_size, found.st_mtime_ns)


def is_fresh(root: Path, stamps: tuple[Stamp, ...]) -> bool:
    """Whether all files are as they were."""
    return all(take_stamp(root, stamp.path) == stamp for stamp in stamps)


def write_record(stream: IO[bytes], record: Made | Looked | Pieces | Look) -> None:
    """Add one record to a file."""
    content = msgspec.msgpack.encode(record)
    stream.write(len(content).to_bytes(SIZE, "big") + content)


def read_records(path: Path, kind: type[Record]) -> Iterator[Record]:
    """Yield the records of a file; one is in memory at a time."""
    decoder = msgspec.msgpack.Decoder(kind)
    try:
        with path.open("rb") as stream:
            while front := stream.read(SIZE):
                yield decoder.decode(stream.read(int.from_bytes(front, "big")))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise JobError(
            f"{path}: must be whole, but is not ({error}); remove its folder, and let the same command go on",
            BAD_DATA,
        ) from error


def job_to_text(job: Job) -> str:
    """Write what is to be done with one annotation of a project, for a list."""
    return msgspec.json.encode(job).decode()


def text_to_job(text: str) -> Job:
    """Understand what `job_to_text` wrote."""
    return msgspec.json.decode(text, type=Job)
