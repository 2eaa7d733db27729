"""Anchors for the boxes that there are: other sizes and ratios, never another number of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.engine.config.anchors import AnchorMatch, Frame, has_anchors, match_anchors, resize_frame
from workbench.engine.config.situation import Proposal, Situation, count

GOOD = 0.9  # share of truths that an anchor overlaps by half: fine as it is
GAIN = 0.05  # at least so much more for a change to be worth it
FACTORS = tuple(2 ** (step / 4) for step in range(-12, 9))  # an eighth to four times the row's sizes
FEWEST = 20  # boxes: fewer say nothing about others


def derive_anchors(now: Situation) -> Iterator[Proposal]:
    """Propose sizes, then ratios, where the row's meet the boxes badly in the resized frame."""
    if now.model.task == "semantic" or not has_anchors(now.row) or len(now.facts.train.boxes) < FEWEST:
        return
    frame = resize_frame(now.facts.train, now.cfg.INPUT.MIN_SIZE_TEST, now.cfg.INPUT.MAX_SIZE_TEST)
    before = match_anchors(frame, now.row)
    if before is None or before.half >= GOOD:
        return
    sizes, after = choose_sizes(frame, now)
    what = f"of {count(before.boxes, 'box')} in the resized frame"
    if after.half >= before.half + GAIN:
        reason = (
            f"{before.half:.0%} {what} have an anchor that overlaps by half, with these {after.half:.0%}; "
            f"{before.under:.0%} were smaller than the smallest anchor"
        )
        yield Proposal(key="MODEL.ANCHOR_GENERATOR.SIZES", value=sizes, reason=reason)
        before = after
    else:
        sizes = now.row.MODEL.ANCHOR_GENERATOR.SIZES
    ratios = choose_ratios(frame, now.row.MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS)
    shaped = match_anchors(frame, now.row, sizes, ratios) if ratios and before.half < GOOD else None
    if shaped is not None and shaped.half >= before.half + GAIN:
        reason = f"height : width of the boxes; {before.half:.0%} {what} were met by half, with these {shaped.half:.0%}"
        yield Proposal(key="MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS", value=ratios, reason=reason)


def choose_sizes(frame: Frame, now: Situation) -> tuple[list[list[float]], AnchorMatch]:
    """Scale all sizes of the row together: their number, which the weights know, stays."""
    sizes: Any = now.row.MODEL.ANCHOR_GENERATOR.SIZES
    tried = [[[_neat(size * factor) for size in level] for level in sizes] for factor in FACTORS]
    matches = [(match_anchors(frame, now.row, one), one) for one in tried]
    return max(
        ((one, match) for match, one in matches if match),
        key=lambda pair: (round(pair[1].half, 3), pair[1].mean),
    )


def _neat(size: float) -> float:
    return max(round(size), 4)


def choose_ratios(frame: Frame, ratios: Any) -> list[list[float]]:
    """As many ratios as before, at the middles of equal shares of the boxes; nothing where levels differ."""
    if len(ratios) != 1:
        return []
    number = len(ratios[0])
    seen = np.log(frame.boxes[:, 3] / np.maximum(frame.boxes[:, 2], 1e-6))
    middles = np.quantile(seen, [(index + 0.5) / number for index in range(number)])
    return [[round(float(np.exp(middle)), 2) for middle in middles]]
