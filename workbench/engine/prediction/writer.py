"""Predictions of one part go to disk while the model runs: memory does not grow, and no reader ever sees half of them.

Each process writes a line an image into a shard of its own; the first one joins them in the order of the images.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from workbench.files import atomic_file, explain_os_error
from workbench.formats.panoptic import picture_to_png

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the predictions of a part lie: COCO results, and pictures where the model gives them."""

    results: Path

    def beside(self, kind: str) -> Path:
        """Name the folder of pictures of a kind: semantic or panoptic."""
        return self.results.with_name(f"{kind}_{self.results.stem}")

    @property
    def panoptic(self) -> Path:
        """Name COCO panoptic's json; its PNGs are in the folder of that name."""
        return self.results.with_name(f"panoptic_{self.results.name}")

    def shard(self, rank: int) -> Path:
        """Name what one process writes until all are done."""
        return self.results.with_name(f".{self.results.stem}.{rank}.shard")

    def unfinished(self, kind: str) -> Path:
        """Name a folder of pictures until all are done."""
        return self.results.with_name(f".{kind}_{self.results.stem}.unfinished")


class PartWriter(AbstractContextManager["PartWriter"]):
    """What one process predicts, as it comes."""

    def __init__(self, places: Places, rank: int = 0) -> None:
        self._places, self._path = places, places.shard(rank)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("wb")
        except OSError as error:
            raise explain_os_error(self._path, error) from error

    def add(self, line: Row) -> None:
        """Write what was found on one image."""
        try:
            self._stream.write(orjson.dumps(line) + b"\n")
        except OSError as error:
            raise explain_os_error(self._path, error) from error

    def add_picture(self, kind: str, name: str, picture: NDArray[np.uint8]) -> None:
        """Write a picture of classes (one channel) or of segments (three)."""
        path = self._places.unfinished(kind) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture_to_png(picture))
        except OSError as error:
            raise explain_os_error(path, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stream.close()
        except OSError as problem:
            raise explain_os_error(self._path, problem) from problem
        finally:
            if kind is not None:
                self._path.unlink(missing_ok=True)


def clear(places: Places) -> None:
    """Delete what an earlier, killed evaluation of this part left."""
    for kind in ("semantic", "panoptic"):
        shutil.rmtree(places.unfinished(kind), ignore_errors=True)
    for path in places.results.parent.glob(f".{places.results.stem}.*.shard"):
        with suppress(OSError):
            path.unlink()


def join(places: Places, world: int, head: Row, *, instances: bool) -> None:
    """Put the shards together, image by image, and give everything its final name."""
    if instances or any("rows" in line for line in _lines(places, world)):
        with atomic_file(places.results) as stream:
            _write_list(stream.write, (row for line in _lines(places, world) for row in line.get("rows", ())))
    if places.unfinished("panoptic").is_dir():
        _take_place(places.unfinished("panoptic"), places.panoptic.with_suffix(""))
        with atomic_file(places.panoptic) as stream:
            stream.write(orjson.dumps(head)[:-1] + b',"annotations":')
            _write_list(stream.write, (line["panoptic"] for line in _lines(places, world)))
            stream.write(b"}\n")
    if places.unfinished("semantic").is_dir():
        _take_place(places.unfinished("semantic"), places.beside("semantic"))
    clear(places)


def _lines(places: Places, world: int) -> Iterator[dict[str, Any]]:
    """Process r has images r, r + world, …: take them in turns."""
    streams = [places.shard(rank).open("rb") for rank in range(world)]
    try:
        place = 0
        while line := streams[place % world].readline():
            yield orjson.loads(line)
            place += 1
    finally:
        for stream in streams:
            stream.close()


def _write_list(write: Callable[[bytes], object], rows: Iterator[Row]) -> None:
    write(b"[")
    for place, row in enumerate(rows):
        write((b",\n" if place else b"\n") + orjson.dumps(row))
    write(b"\n]\n")


def _take_place(new: Path, final: Path) -> None:
    """A folder cannot replace a filled one: the old one goes first."""
    try:
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        new.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise explain_os_error(final, error) from error


def ids_to_colors(ids: NDArray[Any]) -> NDArray[np.uint8]:
    """Return COCO panoptic's picture: red + 256 · green + 65536 · blue is the segment's id."""
    return np.stack([ids >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)
