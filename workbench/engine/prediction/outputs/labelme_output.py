"""Labelme files of predictions, each beside a link to its image: a folder that a person can finish in Labelme."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.annotation import Annotation, Shape
from workbench.data.mask import mask_to_array
from workbench.data.prediction import Prediction
from workbench.drafting.outlines import mask_to_shapes
from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.names import Named
from workbench.engine.prediction.outputs.touched import FOLDER, seal
from workbench.errors import OutputError
from workbench.files import link_or_copy, temporary_name, write_atomically
from workbench.formats.labelme import WRITTEN_VERSION, annotation_to_bytes


class LabelmeOutput:
    """One file an image; `run` is named in each shape, with its score and number."""

    def __init__(self, folder: Path, run: str, error: float = 1.0) -> None:
        self._folder, self._run, self._error = folder, run, error

    def name(self, images: Iterable[Named]) -> list[str]:
        """The Labelme file, and the image beside it."""
        return [f"{FOLDER}/{name}" for one in images for name in (one.labelme, one.labelled)]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Write one image's."""
        home = self._folder / FOLDER
        image, path = home / named.labelled, home / named.labelme
        self._link(seen.path, image)
        annotation = Annotation(
            image_path=image.name,
            image_size=(seen.width, seen.height),
            shapes=tuple(self._draw(seen)),
            version=WRITTEN_VERSION,
        )
        write_atomically(path, annotation_to_bytes(seal(annotation, path), path))
        return [f"{FOLDER}/{named.labelme}", f"{FOLDER}/{named.labelled}"]

    def _link(self, source: Path, target: Path) -> None:
        temporary = temporary_name(target)
        try:
            if target.exists() and target.samefile(source):
                return
            link_or_copy(source, temporary)
            temporary.replace(target)
        except OSError as error:
            raise OutputError(
                f"{target}: cannot be written: {error.strerror}; choose another --out"
            ) from error
        finally:
            with suppress(OSError):  # it is there still where a twin had made the same link already
                temporary.unlink()

    def _draw(self, seen: Seen) -> Iterator[Shape]:
        names = seen.names
        for number, (category, score, mask, box) in enumerate(_list_objects(seen)):
            about: dict[str, object] = {"workbench": {"run": self._run, "score": score, "id": number}}
            if mask is None:
                yield _frame(names[category], box, about)
            else:
                yield from mask_to_shapes(
                    mask, names[category], error=self._error, extra=about, group=number + 1
                )

    def close(self) -> list[str]:
        """Nothing belongs to all images."""
        return []

    def drop(self) -> None:
        """Nothing is half-written."""


_Object = tuple[int, float | None, NDArray[Any] | None, Prediction | None]


def _list_objects(seen: Seen) -> Iterator[_Object]:
    """Segments where there are some (they do not overlap), else objects, else the pixels of each class."""
    if seen.segment_ids is not None:
        for segment in seen.segments:
            yield segment["category_id"], None, seen.segment_ids == segment["id"], None
    elif seen.semantic is not None:
        for place in np.unique(seen.semantic).tolist():
            if place < len(seen.categories):
                yield seen.categories[place].id, None, seen.semantic == place, None
    else:
        for one in seen.found:
            mask = mask_to_array(one.segmentation) if one.segmentation else None
            yield one.category_id, round(one.score, 4), mask, one


def _frame(label: str, one: Prediction | None, extra: dict[str, object]) -> Shape:
    """A model without masks means boxes."""
    points: tuple[tuple[float, float], ...] = ()
    if one is not None:
        points = ((one.box.x_min, one.box.y_min), (one.box.x_max, one.box.y_max))
    return Shape(label=label, kind="rectangle", points=points, extra=extra)
