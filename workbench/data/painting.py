"""One class and one object for each pixel of an image: what panoptic and semantic models learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.data.dataset import Category
from workbench.data.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What is left to see of one instance; `instance` is its place in the image, None for unlabelled pixels."""

    id: int
    category: Category
    area: int
    box: Box
    crowd: bool
    instance: int | None


@dataclass(frozen=True, slots=True)
class Painting:
    """`ids` holds a segment id for each pixel, 0 where nothing is known."""

    ids: "NDArray[np.uint32]"
    segments: tuple[Segment, ...]
