"""The COCO files that pieces are joined to: results, a dataset, panoptic segments; no image of them is in memory."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

import orjson

from workbench.data.dataset import Category
from workbench.engine.prediction.outputs.joint import Joint, Piece
from workbench.files import atomic_file
from workbench.formats.coco import category_to_json

RESULTS, DATASET, PANOPTIC = "results.json", "coco.json", "panoptic.json"
INFO = b'{"info":{"description":"made by workbench predict"}'


def open_joint(kind: str, folder: Path, categories: Sequence[Category]) -> Joint:
    """Open the files of a kind: `coco` or `panoptic`."""
    return CocoFiles(folder, categories) if kind == "coco" else PanopticFile(folder, categories)


class CocoFiles:
    """A piece is an image, and then of each object its result and what an annotation has more, but for its id."""

    def __init__(self, folder: Path, categories: Sequence[Category]) -> None:
        self._folder, self._categories = folder, categories
        self._stack = ExitStack()
        self._streams: tuple[IO[bytes], IO[bytes], IO[bytes]] | None = None
        self._images, self._rows = 0, 0

    def add(self, piece: Piece) -> None:
        """Append the objects of one image; COCO wants a list of the images, which waits."""
        results, dataset, waiting = self._open()
        waiting.write((b",\n" if self._images else b"") + piece[0])
        self._images += 1
        for result, more in zip(piece[1::2], piece[2::2], strict=True):
            self._rows += 1
            comma = b",\n" if self._rows > 1 else b"\n"
            results.write(comma + result)
            dataset.write(comma + result[:-1] + b',"id":%d,' % self._rows + more[1:])

    def _open(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        """Nothing is begun before there is something to write."""
        if self._streams is None:
            results, dataset = (
                self._stack.enter_context(atomic_file(self._folder / name)) for name in (RESULTS, DATASET)
            )
            waiting = self._stack.enter_context(TemporaryFile(dir=self._folder))  # noqa: SIM115
            self._streams = results, dataset, waiting
            results.write(b"[")
            dataset.write(INFO + b',"annotations":[')
        return self._streams

    def close(self) -> list[str]:
        """Write the images and the categories; both files take their names now."""
        results, dataset, waiting = self._open()
        results.write(b"\n]\n")
        dataset.write(b'\n],"images":[\n')
        _append(waiting, dataset)
        dataset.write(b'\n],"categories":' + _encode(self._categories) + b"}\n")
        self._stack.close()
        return [RESULTS, DATASET]

    def drop(self) -> None:
        """Leave no half of a file behind."""
        self._stack.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


class PanopticFile:
    """A piece is an image and its annotation."""

    def __init__(self, folder: Path, categories: Sequence[Category]) -> None:
        self._folder, self._categories = folder, categories
        self._stack = ExitStack()
        self._streams: tuple[IO[bytes], IO[bytes]] | None = None
        self._images = 0

    def add(self, piece: Piece) -> None:
        """Append an image; the annotations stand behind all of them."""
        stream, waiting = self._open()
        image, annotation = piece
        comma = b"," if self._images else b""
        self._images += 1
        stream.write(comma + image)
        waiting.write(comma + annotation)

    def _open(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._streams is None:
            stream = self._stack.enter_context(atomic_file(self._folder / PANOPTIC))
            waiting = self._stack.enter_context(TemporaryFile(dir=self._folder))  # noqa: SIM115
            self._streams = stream, waiting
            stream.write(INFO + b',"images":[')
        return self._streams

    def close(self) -> list[str]:
        """Write the annotations and the categories; the file takes its name now."""
        stream, waiting = self._open()
        stream.write(b'],"annotations":[')
        _append(waiting, stream)
        stream.write(b'],"categories":' + _encode(self._categories) + b"}\n")
        self._stack.close()
        return [PANOPTIC]

    def drop(self) -> None:
        """Leave no half of a file behind."""
        self._stack.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def _encode(categories: Sequence[Category]) -> bytes:
    return orjson.dumps([category_to_json(category) for category in categories])


def _append(waiting: IO[bytes], stream: IO[bytes]) -> None:
    waiting.seek(0)
    copyfileobj(waiting, stream, 1 << 20)
