"""COCO panoptic to Labelme: every segment of the PNG becomes a mask, every id is accounted for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.annotation import Shape
from workbench.importing import drawing
from workbench.importing.contract import Size, Source, SourceObject, skip
from workbench.importing.image_index import ImageIndex, build_index
from workbench.importing.skip import Skip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int32]


@dataclass(slots=True)
class Pictures:
    """The PNG files beside a panoptic json; the last one is kept, because its segments come one after the other."""

    index: ImageIndex
    bases: tuple[str, ...]
    last: dict[str, "Ids"] = field(default_factory=dict)

    def read(self, name: str) -> "Ids":
        """Return the ids of each pixel."""
        if name not in self.last:
            self.last.clear()
            self.last[name] = read_ids(self.index.root / self._find(name))
        return self.last[name]

    def _find(self, name: str) -> str:
        for base in self.bases:
            wanted = f"{base}/{name}" if base else name
            if wanted in self.index.names.get(Path(name).name, []):
                return wanted
        return self.index.find(name)


def build_pictures(source: Source, path: Path) -> Pictures:
    """List the PNG files; COCO keeps them in a folder named like the json file."""
    index = build_index(source.folder)
    here = path.parent.relative_to(source.folder).as_posix().removeprefix(".")
    return Pictures(index, tuple(base.strip("/") for base in (f"{here}/{path.stem}", here)))


def read_ids(path: Path) -> "Ids":
    """Decode red + 256 · green + 65536 · blue."""
    import numpy as np
    from PIL import Image

    from workbench.data.mask import require_raster_size

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            require_raster_size(*picture.size)
            if picture.mode not in ("RGB", "RGBA"):
                raise Skip("bad-mask", f"{path.name}: a panoptic PNG must be RGB, but is {picture.mode}")
            colors = np.asarray(picture.convert("RGB")).astype(np.int32)
    except Skip:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Skip(
            "bad-mask", f"{path.name}: a panoptic PNG must be readable, but is not ({error})"
        ) from error
    return colors[..., 0] + 256 * colors[..., 1] + 65536 * colors[..., 2]


def used_categories(annotations: Iterable[Any]) -> Iterator[object]:
    """Yield the category of every annotation and every segment."""
    for annotation in annotations:
        if isinstance(annotation, dict):
            segments = annotation.get("segments_info")
            for one in segments if isinstance(segments, list) else [annotation]:
                if isinstance(one, dict):
                    yield one.get("category_id")


def read_segments(
    place: int, raw: Any, names: Mapping[int, str], pictures: Pictures
) -> Iterator[SourceObject]:
    """Make an object of each segment that is listed, and of each id that is painted without being listed."""
    name = raw["file_name"] if isinstance(raw.get("file_name"), str) else ""
    listed: set[int] = set()
    for number, segment in enumerate(raw["segments_info"]):
        where = f"annotations[{place}].segments_info[{number}]"
        segment = segment if isinstance(segment, dict) else {}
        yield _read_segment(where, segment, names, partial(pictures.read, name), listed)
    for painted in _unlisted(pictures, name, listed):
        make = skip(
            "unlisted-segment", f"{name}: pixels of id {painted} must be in segments_info, but are not"
        )
        yield SourceObject(where=f"annotations[{place}] id {painted}", label="", kind="segment", make=make)


def _unlisted(pictures: Pictures, name: str, listed: set[int]) -> list[int]:
    import numpy as np

    try:
        return sorted(set(np.unique(pictures.read(name)).tolist()) - listed - {0})
    except Skip:
        return []  # the segments themselves say that the PNG cannot be read


def _read_segment(
    where: str, raw: Mapping[str, Any], names: Mapping[int, str], ids: Any, listed: set[int]
) -> SourceObject:
    number, category = raw.get("id"), raw.get("category_id")
    label = names.get(category, "") if type(category) is int else ""
    if type(number) is not int or number in listed or number == 0:
        make = skip(
            "bad-segment", f"a segment must have an id of its own above 0, but got {str(number)[:40]}"
        )
    elif not label:
        listed.add(number)
        make = skip(
            "unknown-category", f"category_id must be one of the categories, but got {str(category)[:40]}"
        )
    else:
        listed.add(number)
        make = partial(_draw, ids, number, label, {"crowd": True} if raw.get("iscrowd") in (1, True) else {})
    return SourceObject(where=where, label=label, kind="segment", make=make, note="")


def _draw(ids: Any, number: int, label: str, flags: dict[str, bool], size: Size) -> tuple[Shape, ...]:
    import numpy as np

    picture = ids()
    if picture.shape != (size[1], size[0]):
        shape = f"{picture.shape[1]} x {picture.shape[0]}"
        raise Skip(
            "size-mismatch", f"the PNG must be as large as its image, {size[0]} x {size[1]}, but is {shape}"
        )
    return (drawing.draw_mask(label, (picture == number).astype(np.uint8), flags=flags),)
