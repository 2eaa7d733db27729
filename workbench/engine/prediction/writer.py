"""Predictions of one part go to disk while the model runs: memory does not grow, and no reader ever sees half of them.

Each process writes a line an image into a shard of its own; the first one joins them in the order of the images.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from workbench.engine.prediction.found import Found, found_to_rows, paste
from workbench.files import atomic_file, explain_os_error, sweep
from workbench.formats.panoptic import picture_to_png

Row = Mapping[str, Any]
_ENOUGH = 1 << 18  # values of soft masks that are pasted at once: some 300 masks of 28 x 28
_IMAGES = 32


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

    def shard(self, kind: str, rank: int) -> Path:
        """Name what one process writes until all are done: a list of JSON objects an image, or an empty line."""
        return self.results.with_name(f".{self.results.stem}.{rank}.{kind}.shard")

    def unfinished(self, kind: str) -> Path:
        """Name a folder of pictures until all are done."""
        return self.results.with_name(f".{kind}_{self.results.stem}.unfinished")


class PartWriter(AbstractContextManager["PartWriter"]):
    """What one process predicts, as it comes. `kept` is all of it where it is to be kept in memory, too."""

    def __init__(self, places: Places, rank: int = 0, *, keep: bool = False) -> None:
        self._places, self._waiting, self._keep = places, list[Found | None](), keep
        self.kept: list[Found] = []
        self._paths = {kind: places.shard(kind, rank) for kind in ("rows", "panoptic")}
        with _explained(places.results):
            places.results.parent.mkdir(parents=True, exist_ok=True)
            self._streams = {kind: path.open("wb") for kind, path in self._paths.items()}

    def add(self, found: Found | None, panoptic: Row | None = None) -> None:
        """Write what was found on one image; soft masks wait until there are enough of them."""
        self._write("panoptic", b"" if panoptic is None else orjson.dumps([panoptic]))
        self._waiting.append(found)
        values = sum(one.soft.size for one in self._waiting if one and one.soft is not None)
        if values > _ENOUGH or len(self._waiting) >= _IMAGES:
            self._paste()

    def _paste(self) -> None:
        pasted = iter(paste([one for one in self._waiting if one is not None]))
        for one in self._waiting:
            found = None if one is None else next(pasted)
            self._write("rows", b"" if found is None else orjson.dumps(found_to_rows(found)))
            if self._keep and found is not None:
                self.kept.append(found)
        self._waiting.clear()

    def _write(self, kind: str, line: bytes) -> None:
        with _explained(self._paths[kind]):
            self._streams[kind].write(line + b"\n")

    def add_picture(self, kind: str, name: str, picture: NDArray[np.uint8]) -> None:
        """Write a picture of classes (one channel) or of segments (three)."""
        path = self._places.unfinished(kind) / name
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture_to_png(picture))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = False
        try:
            with _explained(self._places.results):
                if kind is None:
                    self._paste()
                for stream in self._streams.values():
                    stream.close()
                whole = kind is None
        finally:
            if not whole:
                for path in self._paths.values():
                    path.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain_os_error(path, error) from error


def clear(places: Places) -> None:
    """Delete what an earlier, killed evaluation of this part left."""
    for kind in ("semantic", "panoptic"):
        shutil.rmtree(places.unfinished(kind), ignore_errors=True)
    for path in places.results.parent.glob(f".{places.results.stem}.*.shard"):
        with suppress(OSError):
            path.unlink()
    sweep(places.results.parent)


def join(places: Places, world: int, head: Row, *, instances: bool) -> None:
    """Put the shards together, image by image, and give everything its final name."""
    if instances or any(line.strip() for line in _lines(places, "rows", world)):
        with atomic_file(places.results) as stream:
            # a row a line; no text in a row has a brace
            lists = (line.replace(b"},{", b"},\n{") for line in _lines(places, "rows", world))
            _write_list(stream.write, lists)
    if places.unfinished("panoptic").is_dir():
        _take_place(places.unfinished("panoptic"), places.panoptic.with_suffix(""))
        with atomic_file(places.panoptic) as stream:
            stream.write(orjson.dumps(head)[:-1] + b',"annotations":')
            _write_list(stream.write, _lines(places, "panoptic", world))
            stream.write(b"}\n")
    if places.unfinished("semantic").is_dir():
        _take_place(places.unfinished("semantic"), places.beside("semantic"))
    clear(places)


def _lines(places: Places, kind: str, world: int) -> Iterator[bytes]:
    """Process r has images r, r + world, …: take them in turns."""
    streams = [places.shard(kind, rank).open("rb") for rank in range(world)]
    try:
        place = 0
        while line := streams[place % world].readline():
            yield line
            place += 1
    finally:
        for stream in streams:
            stream.close()


def _write_list(write: Callable[[bytes], object], lists: Iterator[bytes]) -> None:
    """Make one list of many."""
    filled = (content for line in lists if (content := line.rstrip()[1:-1]))
    write(b"[")
    for place, content in enumerate(filled):
        write((b",\n" if place else b"\n") + content)
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
