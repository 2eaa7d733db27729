"""How well objects that were found without a model agree with labels that a person drew; classes do not count."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.data.mask import Mask, array_to_mask, iou
from workbench.segmenting.segment import Region

ENOUGH = 0.5  # IoU of masks


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Labels of one or more images, objects that were drawn, and how many of them are the same."""

    labels: int = 0
    drawn: int = 0
    found: int = 0

    def __add__(self, other: "Agreement") -> "Agreement":
        """Sum up images."""
        return Agreement(
            labels=self.labels + other.labels, drawn=self.drawn + other.drawn, found=self.found + other.found
        )

    @property
    def recall(self) -> float:
        """The share of labels that were found."""
        return self.found / self.labels if self.labels else 0.0

    @property
    def precision(self) -> float:
        """The share of what was drawn that is a label."""
        return self.found / self.drawn if self.drawn else 0.0


def compare(regions: Sequence[Region], labels: Sequence[Mask]) -> Agreement:
    """Pair labels with the objects that cover them, each with one at most: the best pairs first."""
    if not regions or not labels:
        return Agreement(labels=len(labels), drawn=len(regions))
    width, height = labels[0].width, labels[0].height
    masks = [array_to_mask(one.place(width, height)) for one in regions]
    pairs = sorted(
        (
            (-overlap, row, column)
            for row, mask in enumerate(masks)
            for column, label in enumerate(labels)
            if (overlap := iou(mask, label)) >= ENOUGH
        )
    )
    taken: set[int] = set()
    found: set[int] = set()
    for _, row, column in pairs:
        if row not in taken and column not in found:
            taken.add(row)
            found.add(column)
    return Agreement(labels=len(labels), drawn=len(regions), found=len(found))
