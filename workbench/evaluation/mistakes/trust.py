"""How far a prediction can be trusted, and which objects are alike: counted, not believed."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.mistakes.findings import Findings
from workbench.evaluation.overlap.objects import Objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def compute_trust(findings: Findings) -> "Floats":
    """For each prediction how many of the others of its class are right, from the score up to its own that is best.

    One that is right and three that are wrong are added: of two others that are right nobody knows much.
    """
    ranked, trust = findings.ranked, np.zeros(len(findings.scene.found))
    for part in ranked.parts:
        score, right = ranked.score[part], ranked.right[part]
        last = np.searchsorted(-score, -score, "right")
        hits = np.append(np.cumsum(right), 0)[last - 1]
        shares = [(hits + 1 - own) / (last + 3) for own in (0, 1)]  # without the prediction itself
        wrong, good = (np.maximum.accumulate(share[::-1])[::-1] for share in shares)
        trust[ranked.place[part]] = np.where(right, good, wrong)
    return trust


def name_alike(objects: Objects) -> "Ints":
    """Number the groups of alike objects: of one class, their sides (roots of areas) between the same powers of 2."""
    octave = np.log2(np.sqrt(objects.area.clip(1))).astype(np.int64)
    _, group = np.unique(objects.category * 64 + octave, return_inverse=True)
    return group
