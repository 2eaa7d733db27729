"""Pairs by boundary IoU (Cheng et al. 2021): a match must fit at the border, too.

The border of a mask are its pixels within 2 % of the image's diagonal (a square around each) of what is outside; the
image's own edge counts as outside. A pair has the smaller of the IoU of the masks and that of the borders.
"""

from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.overlap.pairs import Pairs, compute_mask_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray


def narrow_to_boundary(scene: Scene, pairs: Pairs) -> Pairs:
    """Judge pairs of masks by their borders, too. Who wants both has them in one go from `compute_mask_pairs`."""
    borders = compute_mask_pairs(scene)[1]
    wanted = np.isin(_number(scene, borders), _number(scene, pairs))
    return Pairs(
        kind="boundary", found=borders.found[wanted], truth=borders.truth[wanted], iou=borders.iou[wanted]
    )


def _number(scene: Scene, pairs: Pairs) -> "NDArray[np.int64]":
    return pairs.found * len(scene.truths) + pairs.truth
