"""How many pixels of each other predictions and truths of one class hold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Objects, Scene
from workbench.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Pairs of one class, crowds left out, and of predictions only those that are looked at."""

    found: "Ints"
    truth: "Ints"
    iou: "Floats"
    common: "Floats"  # pixels that both have
    size: "Floats"  # pixels of the prediction
    wanted: "Floats"  # pixels of the truth
    owner: "Ints"  # of each truth of the scene: the sure prediction that found it, or -1

    def take(self, chosen: "Ints | Bools") -> "Shares":
        """Return some of the pairs."""
        names = ("found", "truth", "iou", "common", "size", "wanted")
        return Shares(**{name: getattr(self, name)[chosen] for name in names}, owner=self.owner)

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.found)


def compute_shares(scene: Scene, matches: Matches, sure: "Bools") -> Shares:
    """Measure the pairs of the predictions that are sure enough."""
    pairs, found, truths = matches.pairs, scene.found, scene.truths
    alike = found.category[pairs.found] == truths.category[pairs.truth]
    chosen = np.flatnonzero(alike & ~truths.crowd[pairs.truth] & (sure & matches.considered)[pairs.found])
    own, other, iou = pairs.found[chosen], pairs.truth[chosen], pairs.iou[chosen]
    size, wanted = measure(found, own)[own], measure(truths, other)[other]
    owner = matches.found_of[:, 0].copy()
    owner[~np.append(sure, False)[owner]] = -1
    return Shares(
        found=own,
        truth=other,
        iou=iou,
        common=np.round(iou * (size + wanted) / (1 + iou)),
        size=size,
        wanted=wanted,
        owner=owner,
    )


def measure(objects: Objects, places: "Ints") -> "Floats":
    """Count the pixels of the masks at these places; of all others 0."""
    pixels = np.zeros(len(objects))
    some = np.unique(places)
    if len(some):
        pixels[some] = require("hotcoco.mask", extra="train").area(to_rles(objects, some))
    return pixels


def to_rles(objects: Objects, places: "Ints") -> list[dict[str, object]]:
    """Return some masks as compiled code wants them."""
    if objects.masks is None or objects.sizes is None:
        raise ValueError("masks can be looked at only where truth and predictions have them")
    sizes = objects.sizes[places].tolist()
    return [
        {"size": size, "counts": objects.masks[place]}
        for size, place in zip(sizes, places.tolist(), strict=True)
    ]
