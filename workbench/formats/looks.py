"""A perceptual hash: pictures that look alike differ in few of its 64 bits.

The classic pHash (Zauner 2010). Own code, because the ImageHash package brings scipy for these ten lines, and in whole
numbers, because the split depends on it and must be the same on every machine.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

SIDE, BITS = 32, 8
_SCALE = 1024
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def compute_look(picture: "Image", orientation: int = 1) -> int:
    """Decode every pixel (a torn file fails here) and hash what is seen of the picture, upright."""
    import numpy as np
    from PIL import Image

    picture.draft(
        "L", (SIDE * 2, SIDE * 2)
    )  # JPEG: an eighth of the size at half the time, and still reads all of it
    small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    if orientation in _TURNS:
        small = small.transpose(Image.Transpose[_TURNS[orientation]])
    waves = _cosines() @ np.asarray(small, dtype=np.int64) @ _cosines().T
    bits = waves.ravel() > np.sort(waves.ravel())[BITS * BITS // 2 - 1 : BITS * BITS // 2 + 1].sum() // 2
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


@cache
def _cosines() -> "NDArray[np.int64]":
    """Return the slowest cosines of the discrete cosine transform, as whole numbers."""
    import numpy as np

    wave, place = np.mgrid[:BITS, :SIDE]
    scaled: NDArray[np.int64] = np.rint(_SCALE * np.cos(np.pi * wave * (2 * place + 1) / (2 * SIDE))).astype(
        np.int64
    )
    return scaled
