"""An object on a picture: filled lightly, with a light line outside its edge and its class's colour inside."""

from typing import TYPE_CHECKING

from workbench.data.dataset import Color

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    Seen = NDArray[np.bool_]

FILL = 0.24


def tint(pixels: "Pixels", seen: "Seen", color: Color, *, fill: float = FILL, edge: int = 1) -> None:
    """Draw one object into a picture of floats; `edge` is how many pixels wide each of the two lines is."""
    import numpy as np

    paint = np.array(color, np.float32)
    if fill:
        pixels[seen] = pixels[seen] * (1 - fill) + paint * fill
    if edge:
        pixels[grow(seen, edge) & ~seen] = 255
        pixels[seen & grow(~seen, edge)] = paint


def grow(seen: "Seen", times: int = 1) -> "Seen":
    """Add the pixels to the left and right, above and below."""
    for _ in range(times):
        grown = seen.copy()
        grown[1:] |= seen[:-1]
        grown[:-1] |= seen[1:]
        grown[:, 1:] |= seen[:, :-1]
        grown[:, :-1] |= seen[:, 1:]
        seen = grown
    return seen
