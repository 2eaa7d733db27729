"""Image files as methods want them: upright, in colour, and decoded no larger than they will be looked at."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.formats.images import open_picture
from workbench.segmenting.frame import Frame, make_frame
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    Pixels = NDArray[np.uint8]


def read_frame(path: Path, settings: Settings) -> Frame:
    """Read an image file; of a large JPEG only every eighth, quarter or half pixel is decoded."""
    import numpy as np

    picture, size = open_upright(path, settings.size)
    return make_frame(np.asarray(picture), settings, whole=size)


def open_upright(path: Path, longest: int) -> "tuple[Picture, tuple[int, int]]":
    """Return a picture that is about `longest` or larger, and how large the whole one is."""
    from PIL import ImageOps

    with open_picture(path) as source:
        size = source.size
        source.draft("RGB", (longest, longest))
        source.load()
        picture = ImageOps.exif_transpose(source)
        turned = (picture.width < picture.height) != (source.width < source.height)
        return _to_colour(picture), (size[1], size[0]) if turned else size


def _to_colour(picture: "Picture") -> "Picture":
    """Microscopes and thermal cameras write 16 bits and use few of them: from the darkest to the lightest."""
    import numpy as np
    from PIL import Image

    if not picture.mode.startswith(("I", "F")):
        return picture.convert("RGB")
    values: NDArray[Any] = np.asarray(picture).astype(np.float64)
    low, high = (float(value) for value in np.percentile(values, (0.1, 99.9)))
    grey = ((values - low) / max(high - low, 1e-9) * 255).clip(0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
