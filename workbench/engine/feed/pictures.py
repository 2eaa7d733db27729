"""Reading the files of a sample: as Detectron2 reads them, but from bytes whose digest was compared first."""

import errno
import io
import struct
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from detectron2.data import detection_utils
from numpy.typing import NDArray
from PIL import Image

from workbench.errors import WorkbenchError
from workbench.files import digest

Pixels = NDArray[np.uint8]
PLANES = {"image": "file_name", "sem_seg": "sem_seg_file_name", "pan_seg": "pan_seg_file_name"}
DIGESTS = {"image": "digest", "sem_seg": "sem_seg_digest", "pan_seg": "pan_seg_digest"}

_PASSING = {errno.EIO, errno.ESTALE, errno.EAGAIN, errno.EINTR, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE}
_PAUSES = (0.05, 0.5)  # a network disk that hiccups is asked again
_TORN = (
    OSError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, EOFError, AttributeError,
    RuntimeError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class BadPicture(WorkbenchError):
    """A file of one image that vanished, was replaced or cannot be decoded; training goes on without the image."""


def read_plane(record: Mapping[str, Any], plane: str, form: str) -> Pixels:
    """Read the image, or the PNG of classes that belongs to it, and check its size."""
    path = record[PLANES[plane]]
    content = _read_bytes(path)
    wanted = record.get(DIGESTS[plane], "")
    if wanted and digest(content) != wanted:
        raise BadPicture(f"{path}: must be as it was converted, but was changed; run workbench convert again")
    pixels = _decode(path, content, form)
    size, got = (record["width"], record["height"]), (pixels.shape[1], pixels.shape[0])
    if size != got:
        raise BadPicture(
            f"{path}: must be {size[0]} x {size[1]}, but is {got[0]} x {got[1]}; run workbench convert again"
        )
    return pixels


def _read_bytes(path: str) -> bytes:
    for pause in (*_PAUSES, 0.0):
        try:
            return Path(path).read_bytes()
        except OSError as error:
            if error.errno == errno.ENOMEM:  # no fault of the picture's
                raise
            if error.errno not in _PASSING or not pause:
                message = f"{path}: must be there, but cannot be read ({error.strerror}); put it back"
                raise BadPicture(message) from error
            time.sleep(pause)
    return b""


def _decode(path: str, content: bytes, form: str) -> Pixels:
    """Do what Detectron2's read_image does with a file of these bytes."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            upright = detection_utils._apply_exif_orientation(picture)
            pixels = detection_utils.convert_PIL_to_numpy(upright, form)
    except _TORN as error:
        raise BadPicture(
            f"{path}: must be a whole picture, but cannot be decoded ({error}); restore it"
        ) from error
    return np.ascontiguousarray(pixels)
