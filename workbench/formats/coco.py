"""COCO instances: written piece by piece, so that a hundred thousand images need no more memory than one.

Ids start at 1 (pycocotools takes an annotation with id 0 for unmatched). `shapes` and `annotation` lead back to
the Labelme file. Pieces carry no ids of their own: whoever joins them numbers them in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from shutil import copyfileobj
from typing import IO, Any

import orjson

from workbench.data.dataset import Category, Image, Instance
from workbench.data.geometry import Outline
from workbench.data.mask import Mask

Piece = bytes


def instance_to_piece(instance: Instance) -> Piece:
    """Encode one object, without its ids and without its category's."""
    raw: dict[str, Any] = {
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

    def __init__(self, stream: IO[bytes], waiting: IO[bytes]) -> None:
        self._stream, self._waiting = stream, waiting
        self.images = self.annotations = self.last_id = 0
        stream.write(b'{"info":{"description":"made by workbench convert"},"licenses":[],"images":[')

    def add(self, image: Piece, annotations: Iterable[Piece | None], categories: Iterable[int]) -> None:
        """Number one image and its annotations and write them; None takes a number and is not written."""
        self._add_image(image)
        for piece, category in zip(annotations, categories, strict=True):
            self.last_id += 1
            if piece is not None:
                front = b'{"category_id":%d,"id":%d,"image_id":%d,' % (category, self.last_id, self.images)
                self._wait(front + piece[1:])

    def _add_image(self, image: Piece) -> None:
        self.images += 1
        self._stream.write((b",\n" if self.images > 1 else b"\n") + number_piece(image, id=self.images))

    def _wait(self, piece: Piece) -> None:
        self.annotations += 1
        self._waiting.write((b",\n" if self.annotations > 1 else b"") + piece)

    def close(self, categories: Sequence[Category], final: Mapping[int, int] | None = None) -> None:
        """Append the annotations and the categories; `final` are the ids of categories numbered on the way."""
        self._stream.write(b'\n],"annotations":[\n')
        self._waiting.seek(0)
        if final is None or all(number == last for number, last in final.items()):
            copyfileobj(self._waiting, self._stream, 1 << 20)
        else:
            self._stream.writelines(renumber_category(line, final) for line in self._waiting)
        rows = orjson.dumps([category_to_json(category) for category in categories])
        self._stream.write(b'\n],"categories":' + rows + b"}\n")


def renumber_category(line: bytes, final: Mapping[int, int]) -> bytes:
    """Change the category of an annotation as the writer has written it, one a line with the category in front."""
    front, number, rest = line[:15], *line[15:].split(b",", 1)
    return front + str(final[int(number)]).encode() + b"," + rest


class PanopticWriter(CocoWriter):
    """The same for COCO panoptic: one annotation for each image, without an id of its own."""

    def add_segments(self, image: Piece, segments: Piece) -> None:
        """Number one image and write its segments."""
        self._add_image(image)
        self._wait(number_piece(segments, image_id=self.images))
