"""COCO instances: written piece by piece, so that a hundred thousand images need no more memory than one.

Ids start at 1 (pycocotools takes an annotation with id 0 for unmatched). `shapes` and `annotation` lead back to
the Labelme file. Pieces carry no ids of their own: whoever joins them numbers them in order.
"""

from collections.abc import Iterable, Sequence
from typing import IO, Any

import orjson

from workbench.data.dataset import Category, Image, Instance
from workbench.data.geometry import Outline
from workbench.data.mask import Mask

Piece = bytes


def instance_to_piece(instance: Instance) -> Piece:
    """Encode one object, without its ids."""
    raw: dict[str, Any] = {
        "category_id": instance.category_id,
        "segmentation": segmentation_to_json(instance.segmentation),
        "area": instance.area,
        "bbox": instance.box.to_xywh(),
        "iscrowd": int(instance.crowd),
        "shapes": instance.shapes,
        **instance.extra,
    }
    return orjson.dumps(raw)


def segmentation_to_json(segmentation: Outline | Mask) -> Any:
    """Return polygons as lists, a mask as COCO's RLE object with text counts."""
    if isinstance(segmentation, Outline):
        return segmentation.rings
    return {"size": (segmentation.height, segmentation.width), "counts": segmentation.counts.decode("ascii")}


def image_to_piece(image: Image, file_name: str) -> Piece:
    """Encode one image, without its id."""
    raw = {
        "file_name": file_name,
        "width": image.width,
        "height": image.height,
        "annotation": image.annotation,
    }
    return orjson.dumps(raw | ({"flags": dict(image.flags)} if image.flags else {}))


def category_to_json(category: Category) -> dict[str, Any]:
    """Return a category as COCO panoptic writes it; instance readers ignore what they do not know."""
    return {
        "id": category.id,
        "name": category.name,
        "supercategory": "",
        "isthing": int(category.thing),
        "color": category.color,
    }


def number_piece(piece: Piece, **ids: int) -> Piece:
    """Put ids in front of an encoded object."""
    front = ",".join(f'"{name}":{value}' for name, value in ids.items())
    return b"{" + front.encode() + b"," + piece[1:]


class CocoWriter:
    """Writes images and annotations as they come, and the categories at the end.

    Annotations wait in a second file, because COCO readers expect images first.
    """

    def __init__(self, stream: IO[bytes], waiting: IO[bytes], categories: Sequence[Category]) -> None:
        self._stream, self._waiting, self._categories = stream, waiting, categories
        self.images = self.annotations = self.last_id = 0
        stream.write(b'{"info":{"description":"made by workbench convert"},"licenses":[],"images":[')

    def add(self, image: Piece, annotations: Iterable[Piece | None]) -> None:
        """Number one image and its annotations and write them; None takes a number and is not written."""
        self.images += 1
        self._stream.write((b",\n" if self.images > 1 else b"\n") + number_piece(image, id=self.images))
        for piece in annotations:
            self.last_id += 1
            if piece is not None:
                self._wait(number_piece(piece, id=self.last_id, image_id=self.images))

    def _wait(self, piece: Piece) -> None:
        self.annotations += 1
        self._waiting.write((b",\n" if self.annotations > 1 else b"\n") + piece)

    def close(self) -> None:
        """Append the annotations and the categories."""
        from shutil import copyfileobj

        self._stream.write(b'\n],"annotations":[')
        self._waiting.seek(0)
        copyfileobj(self._waiting, self._stream, 1 << 20)
        categories = orjson.dumps([category_to_json(category) for category in self._categories])
        self._stream.write(b'\n],"categories":' + categories + b"}\n")


class PanopticWriter(CocoWriter):
    """The same for COCO panoptic, whose annotations have no id of their own."""

    def add(self, image: Piece, annotations: Iterable[Piece | None]) -> None:
        """Number one image and write its annotation."""
        super().add(image, ())
        for piece in annotations:
            if piece is not None:
                self._wait(number_piece(piece, image_id=self.images))
