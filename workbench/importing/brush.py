"""Label Studio's brush strokes: a bit stream of runs over the bytes of an RGBA picture; its alpha is the mask.

32 bits: how many bytes there are. 5 bits: the width of a byte less one (7). Four times 4 bits: the widths less one
of the run counters. Then runs: 1 bit (1 repeated, 0 literal), 2 bits (which counter), the count less one, the bytes.
"""

from typing import TYPE_CHECKING

from workbench.importing.skip import Skip

if TYPE_CHECKING:
    from workbench.data.mask import Array


class _Bits:
    """Reads a few bits at a time."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def take(self, count: int) -> int:
        first, last = self._place >> 3, (self._place + count + 7) >> 3
        if last > len(self._content):
            raise Skip("bad-rle", "the brush must be whole, but its data ends too early")
        chunk = int.from_bytes(self._content[first:last], "big")
        self._place += count
        return chunk >> (last * 8 - self._place) & ((1 << count) - 1)


def decode_brush(rle: object, width: int, height: int) -> "Array":
    """Return the picture of 0 and 1."""
    import numpy as np

    if not isinstance(rle, list) or not all(type(byte) is int and 0 <= byte < 256 for byte in rle):
        raise Skip("bad-rle", "a brush must be a list of bytes, but is not")
    bits = _Bits(bytes(rle))
    total = bits.take(32)
    if total != width * height * 4:
        raise Skip("bad-rle", f"a brush must have 4 bytes for each of {width} x {height} px, but has {total}")
    word = bits.take(5) + 1
    if word != 8:
        raise Skip("bad-rle", f"the bytes of a brush must be 8 bits wide, but are {word}")
    values = np.zeros(total, dtype=np.uint8)
    _fill(values, bits, [bits.take(4) + 1 for _ in range(4)])
    return (values[3::4] > 0).astype(np.uint8).reshape(height, width)


def _fill(values: "Array", bits: _Bits, widths: list[int]) -> None:
    place, total = 0, len(values)
    while place < total:
        repeated = bits.take(1)
        count = bits.take(widths[bits.take(2)]) + 1
        if place + count > total:
            raise Skip("bad-rle", "a brush must end with its picture, but goes on")
        if repeated:
            values[place : place + count] = bits.take(8)
        else:
            values[place : place + count] = [bits.take(8) for _ in range(count)]
        place += count
