"""What a picture's file says about it: from the header alone, or with every pixel decoded once."""

import calendar
import hashlib
import struct
import time
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workbench.data.survey import ImageFacts
from workbench.errors import AnnotationError
from workbench.formats.bombs import LARGEST_PIXELS, LARGEST_SIDE, Bomb, require_modest_tags
from workbench.formats.looks import compute_look

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
IMAGE_SUFFIXES = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"RIFF": "WEBP",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
    **dict.fromkeys((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), "PPM"),
}
# Whatever Pillow's decoders throw at a file that lies; the mutation tests are the list's witness.
_FAILURES = (
    OSError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, EOFError, AttributeError,
    RuntimeError, MemoryError, AssertionError, struct.error, zlib.error,
)  # fmt: skip
_ORIENTATION, _EXIF_FOLDER, _TAKEN, _TAKEN_FRACTION = 0x0112, 0x8769, 0x9003, 0x9291
_EXIF_PLACES = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}
_PNG_TAIL = 256 * 1024  # where an eXIf chunk behind the pixels is looked for


def read_facts(source: Path | bytes, *, pixels: bool = False, name: str = "") -> ImageFacts:
    """Read a picture's size as it stands upright, capture time, and with `pixels` its hash and look.

    Raises AnnotationError with the rule `image-corrupt` or `image-too-large`; `name` is what messages call it.
    """
    name = name or (source.name if isinstance(source, Path) else "imageData")
    with _refusing(name), _open(source) as stream, _decode_header(stream) as picture:
        orientation, taken = _read_exif(picture, stream)
        turned = picture.format == "TIFF"  # Pillow turns these by itself
        width, height = picture.size if orientation < 5 or turned else picture.size[::-1]
        return ImageFacts(
            width=width,
            height=height,
            orientation=orientation,
            format=str(picture.format),
            taken=taken,
            notes=tuple(_note(picture, orientation, name)),
            look=compute_look(picture, 1 if turned else orientation) if pixels else None,
            digest=_digest(stream) if pixels else "",
        )


@contextmanager
def open_picture(path: Path) -> Iterator["Image"]:
    """Open a picture for whoever wants its pixels; what goes wrong meanwhile is refused as by read_facts."""
    with _refusing(path.name), _open(path) as stream, _decode_header(stream) as picture:
        yield picture


def _digest(stream: IO[bytes]) -> str:
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary stream will do


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn whatever a decoder throws into one of two rules."""
    from PIL.Image import DecompressionBombError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd tags on stderr
            yield
    except (Bomb, DecompressionBombError) as error:
        limits = f"{LARGEST_SIDE} px a side and {LARGEST_PIXELS // 10**6} MP"
        message = f"{name} must be at most {limits}, but {error}; scale it down"
        raise AnnotationError("", "imagePath", message, "image-too-large") from error
    except _FAILURES as error:
        reason = str(error).strip("\n.") or type(error).__name__
        message = (
            f"{name} must be a whole picture, but cannot be decoded ({reason}); restore it from its source"
        )
        raise AnnotationError("", "imagePath", message, "image-corrupt") from error


@contextmanager
def _open(content: Path | bytes) -> Iterator[IO[bytes]]:
    with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        yield stream


@contextmanager
def _decode_header(stream: IO[bytes]) -> "Iterator[Image]":
    """Open with the one decoder that the first bytes ask for, after a look for what would explode in it."""
    from PIL import Image

    head = stream.read(12)
    kind = next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)
    if kind is None or (kind == "WEBP" and head[8:] != b"WEBP"):
        kinds = ", ".join(SUFFIXES)
        raise ValueError(f"it is not one of {kinds}" if head else "it is empty")
    if kind == "TIFF":
        require_modest_tags(stream)
    with Image.open(stream, formats=(kind,)) as picture:
        width, height = picture.size
        if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
            raise Bomb(f"is {width} x {height}")
        yield picture


def _read_exif(picture: "Image", stream: IO[bytes]) -> tuple[int, float | None]:
    """Return how Detectron2 will turn the picture, and when it was taken; broken tags say nothing."""
    if not _has_exif(picture, stream):
        return 1, None
    try:
        if "exif" in picture.info:
            require_modest_tags(BytesIO(picture.info["exif"].removeprefix(b"Exif\0\0")))
        exif = picture.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        return orientation if orientation in range(1, 9) else 1, _read_time(exif.get_ifd(_EXIF_FOLDER))
    except Bomb:
        raise
    except _FAILURES:
        return 1, None


def _has_exif(picture: "Image", stream: IO[bytes]) -> bool:
    """Asking a PNG for its tags decodes all its pixels, so it is asked only when it has some."""
    if picture.format == "PNG" and _has_late_exif(stream):
        return True
    return picture.format == "TIFF" or not _EXIF_PLACES.isdisjoint(picture.info)


def _has_late_exif(stream: IO[bytes]) -> bool:
    """PNG may keep its eXIf chunk behind the pixels, where opening it does not look."""
    place = stream.tell()
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - _PNG_TAIL))
    found = b"eXIf" in stream.read()
    stream.seek(place)
    return found


def _read_time(tags: Mapping[int, Any]) -> float | None:
    """Return when the picture was taken, in seconds; cameras write no time zone, so none is assumed."""
    try:
        seconds = calendar.timegm(time.strptime(str(tags.get(_TAKEN, "")).strip("\0 "), "%Y:%m:%d %H:%M:%S"))
    except ValueError:
        return None
    digits = str(tags.get(_TAKEN_FRACTION, "")).strip("\0 ")
    return seconds + (int(digits) / 10 ** len(digits) if digits.isdecimal() and len(digits) < 10 else 0.0)


def _note(picture: "Image", orientation: int, name: str) -> Iterator[tuple[str, str]]:
    """Say what is odd about a picture that can be decoded all the same."""
    kind = "JPEG" if picture.format == "MPO" else str(picture.format)
    suffix = Path(name).suffix.lower()
    if suffix and suffix not in SUFFIXES[kind]:
        expected = SUFFIXES[kind][0]
        yield (
            "wrong-extension",
            f"{name} must end as its content says, but is {kind}; rename it to *{expected}",
        )
    if picture.mode.startswith(("I", "F")):
        yield (
            "image-depth",
            f"{name} must have 8 bits a channel, but has mode {picture.mode}; save it with 8 bits",
        )
    if picture.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        yield "image-colors", f"{name} should be RGB or grey, but is {picture.mode}; save it as RGB"
    if kind == "TIFF" and orientation != 1:
        yield "turned-tiff", f"{name} must be stored upright, but has orientation {orientation}; save it anew"
    if kind in ("GIF", "PNG", "WEBP", "TIFF") and getattr(picture, "is_animated", False):
        yield "animated-image", f"{name} should have one frame, but has more; only the first is used"
