"""Pictures that are masks: one class in black and white (Carvana), or numbers for pixels (id maps).

`<stem>_mask.png|gif` or `<stem>.png` belongs to the photograph `<stem>.*`. 0 is background. With several --labels
pixel k is the k-th class and each class of an image is one mask, because nothing says where one object ends; with
one class each number is an object of its own. 255 in a map of several classes is void and named in the ledger.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.annotation import Shape
from workbench.errors import DatasetError
from workbench.importing import drawing
from workbench.importing.contract import (
    DEFAULT_LABEL,
    BadFile,
    Imported,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
    skip,
)
from workbench.importing.skip import Skip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.int32]

SUFFIXES = (".png", ".gif", ".bmp", ".tif", ".tiff")
MODES = ("1", "L", "P", "I", "I;16", "LA")
VOID = 255
MOST_OBJECTS = 1000  # numbers in one map; a picture with more is no id map


def read_mask_png(source: Source) -> Imported:
    """Read one mask, or every mask of a folder."""
    files = [
        path for path in find_files(source, *SUFFIXES) if source.path.is_file() or _is_mask(source, path)
    ]
    if not files:
        message = "a folder must hold <image>_mask.png (any PNG with --images), but holds none; name another"
        raise DatasetError(source.path, "", message)
    return Imported(images=_read_many(source, files), total=len(files), labels=source.labels)


def _is_mask(source: Source, path: Path) -> bool:
    """Where photographs lie among the masks, only the name tells them apart."""
    apart = not source.images.root.resolve().is_relative_to(source.folder.resolve())
    return (
        apart
        or path.stem.endswith("_mask")
        or not path.resolve().is_relative_to(source.images.root.resolve())
    )


def _read_many(source: Source, files: list[Path]) -> Iterator[SourceImage | BadFile]:
    for path in files:
        try:
            picture = read_picture(path)
        except Skip as error:
            yield BadFile(source=source.name(path), rule=error.rule, message=error.message)
            continue
        yield SourceImage(
            source=source.name(path),
            name=path.stem.removesuffix("_mask"),
            base=source.base(path),
            size=(picture.shape[1], picture.shape[0]),
            objects=tuple(_read_objects(source, picture)),
        )


def read_picture(path: Path) -> "Picture":
    """Decode the numbers of the pixels; of a palette its indices, of a GIF its first frame."""
    import numpy as np
    from PIL import Image

    from workbench.data.mask import require_raster_size

    try:
        with Image.open(path) as picture:
            require_raster_size(*picture.size)
            if picture.mode not in (*MODES, "RGB", "RGBA"):
                raise Skip(
                    "bad-mask", f"{path.name}: a mask must hold one number a pixel, but is {picture.mode}"
                )
            array = np.asarray(picture).astype(np.int32)
    except Skip:
        raise
    except (OSError, SyntaxError, ValueError, IndexError, Image.DecompressionBombError) as error:
        raise Skip(
            "bad-mask", f"{path.name}: a mask must be readable, but is not ({str(error)[:80]})"
        ) from error
    if array.ndim == 3:
        array = _flatten(array, path)
    return array


def _flatten(array: "Picture", path: Path) -> "Picture":
    """Take grey for numbers, even when it is stored as colour; real colours mean nothing without a table."""
    colors = array[..., :3] if array.shape[2] > 2 else array[..., :1]
    if (colors != colors[..., :1]).any():
        raise Skip(
            "color-mask", f"{path.name}: a mask must hold numbers, but is coloured; save it as a grey id map"
        )
    return colors[..., 0]


def _read_objects(source: Source, picture: "Picture") -> Iterator[SourceObject]:
    import numpy as np

    values = [value for value in np.unique(picture).tolist() if value]
    if not values:
        return
    if len(source.labels) < 2 and (len(values) == 1 or _is_id_map(values, source)):
        label = source.labels[0] if source.labels else DEFAULT_LABEL
        for value in values:
            yield _read_object(value, label, picture)
    elif len(source.labels) > 1:
        for value in values:
            yield _read_class(value, source, picture)
    else:
        rule, message = _explain(values, source)
        yield SourceObject(where="pixels", label="", kind="mask", make=skip(rule, message))


def _is_id_map(values: list[int], source: Source) -> bool:
    return bool(source.labels) and VOID not in values and len(values) <= MOST_OBJECTS


def _explain(values: list[int], source: Source) -> tuple[str, str]:
    if not source.labels:
        return (
            "needs-labels",
            f"a mask of {len(values)} numbers needs --labels, but none are given; name the classes",
        )
    return (
        "grey-mask",
        f"a mask must be black and white or an id map, but has {len(values)} greys; threshold it first",
    )


def _read_object(value: int, label: str, picture: "Picture") -> SourceObject:
    return SourceObject(
        where=f"pixel {value}", label=label, kind="mask", make=partial(_draw, picture, value, label)
    )


def _read_class(value: int, source: Source, picture: "Picture") -> SourceObject:
    if 1 <= value <= len(source.labels):
        return _read_object(value, source.labels[value - 1], picture)
    rule = "void" if value == VOID else "unknown-label"
    make = skip(rule, f"pixels must be 0 (background) to {len(source.labels)}, but some are {value}")
    return SourceObject(where=f"pixel {value}", label="", kind="mask", make=make)


def _draw(picture: "Picture", value: int, label: str, _size: Size) -> tuple[Shape, ...]:
    return (drawing.draw_mask(label, (picture == value).astype("uint8")),)
