"""Limits that a picture's header must keep before a decoder may see the rest of it."""

import struct
from typing import IO

LARGEST_SIDE = 32_767  # Labelme 7's own limit, and the raster code's
LARGEST_PIXELS = 178_956_970  # where Pillow itself refuses, also when somebody has switched its guard off
MOST_TAGS = 2_000
MOST_TAG_BYTES = 64 * 1024 * 1024

_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_FOLDERS = (0x8769, 0x8825, 0xA005)  # Exif, GPS and interoperability: what Pillow follows


class Bomb(ValueError):
    """A small file that would fill the memory or the day."""


def require_modest_tags(stream: IO[bytes]) -> None:
    """Refuse a TIFF (or the EXIF block, which is one) with masses of tags, or whose tags all hold the whole file."""
    stream.seek(0)
    head = stream.read(16)
    order = "<" if head[:1] == b"I" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    offset = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    budget = MOST_TAG_BYTES
    for folder in (offset, *_find_folders(stream, order, offset, big)):
        budget -= sum(size for _, size, _ in _read_tags(stream, order, folder, big))
        if budget < 0:
            raise Bomb(f"its tags claim over {MOST_TAG_BYTES >> 20} MB")
    stream.seek(0)


def _find_folders(stream: IO[bytes], order: str, offset: int, big: bool) -> list[int]:
    return [value for tag, _, value in _read_tags(stream, order, offset, big) if tag in _FOLDERS]


def _read_tags(stream: IO[bytes], order: str, offset: int, big: bool) -> list[tuple[int, int, int]]:
    """Return (tag, bytes, value) of each entry of one folder of tags."""
    stream.seek(offset)
    count_form, entry = ("Q", "HHQQ") if big else ("H", "HHII")
    width = struct.calcsize(order + entry)
    raw = stream.read(struct.calcsize(order + count_form))
    count = (
        struct.unpack(order + count_form, raw)[0] if len(raw) == struct.calcsize(order + count_form) else 0
    )
    if count > MOST_TAGS:
        raise Bomb(f"it has {count} tags")
    block = stream.read(count * width)
    entries = struct.iter_unpack(order + entry, block[: len(block) // width * width])
    return [(tag, _SIZES.get(kind, 1) * number, value) for tag, kind, number, value in entries]
