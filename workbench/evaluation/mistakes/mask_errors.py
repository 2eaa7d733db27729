"""What is wrong with masks whose objects were found, or nearly: five kinds, each with its rule in docs/mistakes.md."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.mistakes.mask_fillings import find_fillings
from workbench.evaluation.mistakes.mask_groups import Group, find_merged, find_split
from workbench.evaluation.mistakes.mask_outlines import find_rims
from workbench.evaluation.mistakes.mask_shares import Shares, compute_shares
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

NEAR = 0.25  # IoU from which a prediction that found nothing is compared with the truth that it is nearest to


def find_mask_errors(scene: Scene, matches: Matches, sure: "Bools") -> list[MaskError]:
    """Look at the masks of the predictions that are `sure`; matches are those of masks."""
    shares = compute_shares(scene, matches, sure)
    merged, split = find_merged(scene, shares), find_split(scene, shares)
    pairs = _pair_off(shares, matches, merged, split)
    errors = [*find_rims(scene, pairs), *find_fillings(scene, pairs)]
    errors += [MaskError("merged", *group, len(group.others) + 1) for group in merged]
    errors += [MaskError("split", *group, len(group.others) + 1) for group in split]
    return sorted(errors)


def _pair_off(shares: Shares, matches: Matches, merged: Sequence[Group], split: Sequence[Group]) -> Shares:
    """Each prediction with the truth that it found, or nearly found where nothing else did; groups are left out."""
    alone = np.ones(len(matches.considered), bool)
    alone[[group.found for group in merged]] = False
    alone[[place for group in split for place in (group.found, *group.others)]] = False
    hit = matches.truth[shares.found, 0] == shares.truth
    near = (matches.truth[shares.found, 0] < 0) & (shares.owner[shares.truth] < 0) & (shares.iou >= NEAR)
    chosen = np.flatnonzero(alone[shares.found] & (hit | near))
    order = chosen[np.lexsort((shares.truth[chosen], -shares.iou[chosen], shares.found[chosen]))]
    return shares.take(order[np.flatnonzero(np.diff(shares.found[order], prepend=-1))])
