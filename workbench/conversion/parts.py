"""The files of one part (train, val, test) of a dataset, written as its images come."""

from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any

from workbench.conversion.pieces import Pieces
from workbench.data.dataset import Category
from workbench.formats.coco import CocoWriter, PanopticWriter
from workbench.project import Task


class PartFiles(AbstractContextManager["PartFiles"]):
    """`<part>.json` for things, and `panoptic_<part>.json` where the task has one."""

    def __init__(self, folder: Path, part: str, categories: tuple[Category, ...], task: Task) -> None:
        self._files = ExitStack()
        self._folder, self._categories = folder, categories
        self._numbers = {category.name: category.id for category in categories}
        self._instances: Counter[str] = Counter()
        self._images: Counter[str] = Counter()
        self._negatives = 0
        self.coco = CocoWriter(self._open(f"{part}.json"), self._wait())
        self.panoptic: PanopticWriter | None = None
        if task == "panoptic":
            self.panoptic = PanopticWriter(self._open(f"panoptic_{part}.json"), self._wait())

    def _open(self, name: str) -> IO[bytes]:
        return self._files.enter_context((self._folder / name).open("wb"))

    def _wait(self) -> IO[bytes]:
        return self._files.enter_context(TemporaryFile(dir=self._folder))

    def add(self, pieces: Pieces) -> None:
        """Add one image with its objects."""
        if pieces.image is None:
            return
        self.coco.add(pieces.image, pieces.instances, (self._numbers[name] for name in pieces.classes))
        self._instances.update(pieces.classes)
        self._images.update(set(pieces.classes))
        self._negatives += not pieces.classes
        if self.panoptic and pieces.panoptic:
            self.panoptic.add_segments(pieces.image, pieces.panoptic)

    def to_json(self) -> dict[str, Any]:
        """Return the part's sums, as the manifest keeps them."""
        classes = {
            name: {"instances": self._instances[name], "images": self._images[name]} for name in self._numbers
        }
        return {
            "images": self.coco.images,
            "annotations": self.coco.annotations,
            "negatives": self._negatives,
            "classes": classes,
        }

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._files:
            if kind is None:
                self.coco.close([category for category in self._categories if category.thing])
                if self.panoptic:
                    self.panoptic.close(self._categories)
