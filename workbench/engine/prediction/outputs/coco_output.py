"""COCO files of predictions: results for `workbench evaluate`, and a dataset that any tool opens by itself."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import orjson

from workbench.data.dataset import Category
from workbench.data.mask import area
from workbench.data.prediction import Prediction
from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.names import Named
from workbench.files import atomic_file
from workbench.formats.coco import category_to_json

RESULTS, DATASET = "results.json", "coco.json"


class CocoOutput:
    """Objects go to disk as they are found; of each image a line is kept, since COCO wants a list of them."""

    def __init__(self, folder: Path, categories: Sequence[Category], ids: Mapping[str, int]) -> None:
        self._ids, self._images, self._rows = ids, list[bytes](), 0
        self._stack = ExitStack()
        self._folder, self._categories = folder, categories
        self._streams: tuple[IO[bytes], IO[bytes]] | None = None

    def name(self, images: Iterable[Named]) -> list[str]:
        """Two files, whatever there is to see."""
        return [RESULTS, DATASET]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Append the objects of one image."""
        results, dataset = self._streams or self._open()
        number = self._ids.get(named.key, seen.number)
        about = {"id": number, "file_name": named.key, "width": seen.width, "height": seen.height}
        self._images.append(orjson.dumps(about))
        for one in seen.found:
            row = one.to_json() | {"image_id": number}
            self._rows += 1
            comma = b",\n" if self._rows > 1 else b"\n"
            results.write(comma + orjson.dumps(row))
            dataset.write(comma + orjson.dumps(row | _complete(one, self._rows)))
        return []

    def _open(self) -> tuple[IO[bytes], IO[bytes]]:
        results, dataset = (
            self._stack.enter_context(atomic_file(self._folder / name)) for name in (RESULTS, DATASET)
        )
        self._streams = results, dataset
        results.write(b"[")
        dataset.write(b'{"info":{"description":"made by workbench predict"},"annotations":[')
        return self._streams

    def close(self) -> list[str]:
        """Write the images and the categories; both files take their names now."""
        results, dataset = self._streams or self._open()
        categories = orjson.dumps([category_to_json(category) for category in self._categories])
        results.write(b"\n]\n")
        dataset.write(
            b'\n],"images":[\n' + b",\n".join(self._images) + b'\n],"categories":' + categories + b"}\n"
        )
        self._stack.close()
        return [RESULTS, DATASET]

    def drop(self) -> None:
        """Leave no half of a file behind."""
        self._stack.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def _complete(one: Prediction, number: int) -> dict[str, Any]:
    """Add what an annotation has and a result has not."""
    box = one.box.to_xywh()
    pixels = area(one.segmentation) if one.segmentation else box[2] * box[3]
    return {"id": number, "area": pixels, "iscrowd": 0}
