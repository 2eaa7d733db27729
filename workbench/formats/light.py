"""How bright and how sharp a picture is, for whoever asks which pictures a model finds hard."""

from pathlib import Path
from typing import NamedTuple

from workbench.formats.images import open_picture

SIDE = 512  # px: a smaller copy is looked at, so that sharpness does not depend on the camera


class Light(NamedTuple):
    """Mean grey from 0 to 255, and the variance of the Laplacian."""

    brightness: float
    sharpness: float


def measure_light(path: Path) -> Light:
    """Look at a grey copy whose longer side has 512 pixels at most."""
    import numpy as np

    with open_picture(path) as picture:
        picture.draft("L", (SIDE, SIDE))
        grey = picture.convert("L")
        grey.thumbnail((SIDE, SIDE))
        values = np.asarray(grey, float)
    middle = values[1:-1, 1:-1]
    sides = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    waves = sides - 4 * middle
    return Light(float(values.mean()), float(waves.var()) if waves.size else 0.0)
