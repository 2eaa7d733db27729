"""One mask that is wrong."""

from typing import NamedTuple


class MaskError(NamedTuple):
    """Places of prediction and truth in the scene, and what is wrong with the mask."""

    kind: str
    found: int
    truth: int
    others: tuple[int, ...]  # merged: further truths; split: further predictions
    amount: float  # width of the rim, pixels of the holes, or how many there are
