"""How large images are made: never larger than they are, never larger than the row likes, unless objects are tiny."""

from collections.abc import Iterator

import numpy as np

from workbench.engine.config.boxes import Floats, PartFacts
from workbench.engine.config.situation import Proposal, Situation, count

TINY = 16  # pixels of a side: four cells of the finest map that FPN looks at
TINY_SHARE = 0.1  # more of the objects than this must be tiny for it to matter
GROW = 1.5  # times the row's natural size, at most, for tiny objects
BLOW_UP = 2  # times the images' own size, at most: more holds no more to see
SMALL = 32  # pixels of a side: what COCO calls small
STEP = 32  # edges are whole multiples, as the levels of a pyramid want


def choose_short_edge(part: PartFacts, natural: int, long_edge: int) -> tuple[int, str]:
    """Return the length of the short edge, and why."""
    own = float(np.median(part.sizes.min(axis=1)))
    edge = min(float(natural), own)
    reason = (
        f"images are {own:.0f} px on the short edge (median); {natural} px would only blow them up"
        if own < natural
        else f"the row's own size; images have {own:.0f} px"
    )
    share, tiny = _measure_tiny(part, edge, edge * long_edge / natural)
    if share > TINY_SHARE:
        most = min(max(float(natural), min(own, GROW * natural)), BLOW_UP * own)
        larger = min(edge * TINY / max(_tenth(part, edge, edge * long_edge / natural), 1), most)
        if round_edge(larger) > round_edge(edge):
            reason = f"{tiny} of {count(len(part.boxes), 'object')} would be smaller than {TINY} px at {edge:.0f} px"
            edge = larger
    return round_edge(edge), reason


def round_edge(edge: float) -> int:
    """The nearest multiple of 32, and never nothing."""
    return max(int(edge / STEP + 0.5) * STEP, 2 * STEP)


def _measure_tiny(part: PartFacts, short_edge: float, long_edge: float) -> tuple[float, int]:
    """Share and number of objects that would be tiny at this size."""
    if not len(part.boxes):
        return 0.0, 0
    tiny = int((_sides(part, short_edge, long_edge) < TINY).sum())
    return tiny / len(part.boxes), tiny


def _tenth(part: PartFacts, short_edge: float, long_edge: float) -> float:
    """A tenth of the objects have a shorter side than this."""
    return float(np.quantile(_sides(part, short_edge, long_edge), TINY_SHARE))


def _sides(part: PartFacts, short_edge: float, long_edge: float) -> Floats:
    """The side of a square of each box's area, after the resize."""
    return np.asarray(np.sqrt(part.resize_boxes(short_edge, long_edge).prod(axis=1)))


def derive_sizes(now: Situation) -> Iterator[Proposal]:
    """The sizes for training and testing, in the proportions that the row has."""
    if now.settings.augment.short_edge:
        yield from _take_sizes(now)
        return
    natural = now.model.short_edge
    edge, reason = choose_short_edge(now.facts.train, natural, now.model.long_edge)
    if edge == natural == now.row.INPUT.MIN_SIZE_TEST == max(now.row.INPUT.MIN_SIZE_TRAIN):
        return
    yield from _scale_sizes(now, edge / natural, edge, reason)


def _scale_sizes(now: Situation, ratio: float, edge: int, reason: str) -> Iterator[Proposal]:
    sizes = now.row.INPUT.MIN_SIZE_TRAIN
    scaled = sorted({max(int(size * edge / max(sizes) / 8 + 0.5) * 8, 32) for size in sizes})
    long_edge = int(now.model.long_edge * ratio + 0.5)
    yield Proposal(key="INPUT.MIN_SIZE_TRAIN", value=tuple(scaled), reason=reason)
    seen, seen_reason = choose_test_edge(now.facts.train, edge, long_edge, now.model.test_scale)
    yield Proposal(key="INPUT.MIN_SIZE_TEST", value=seen, reason=seen_reason or reason)
    why = f"{now.model.long_edge} : {now.model.short_edge} as in the row"
    yield Proposal(key="INPUT.MAX_SIZE_TRAIN", value=long_edge, reason=why)
    yield Proposal(key="INPUT.MAX_SIZE_TEST", value=int(long_edge * seen / edge + 0.5), reason=why)


def choose_test_edge(part: PartFacts, edge: int, long_edge: int, scale: float) -> tuple[int, str]:
    """Look closer in prediction than in training, where the row wants it, objects are small and images hold more.

    Large objects would come out larger than any that was trained on: they fall to pieces.
    """
    own = float(np.median(part.sizes.min(axis=1)))
    closer = round_edge(min(edge * scale, max(own, edge)))
    small = _tenth(part, edge, long_edge) if len(part.boxes) else SMALL
    if closer <= edge or small >= SMALL:
        return edge, ""
    return (
        closer,
        f"a tenth of the objects are below {small:.0f} px in training: {scale:g} times closer, they are found",
    )


def _take_sizes(now: Situation) -> Iterator[Proposal]:
    """What the person chose: one of these in training, the largest in tests."""
    edges = tuple(sorted(now.settings.augment.short_edge))
    reason = "train.augment.short_edge"
    long_edge = int(edges[-1] * now.model.long_edge / now.model.short_edge + 0.5)
    yield Proposal(key="INPUT.MIN_SIZE_TRAIN", value=edges, reason=reason)
    yield Proposal(key="INPUT.MIN_SIZE_TRAIN_SAMPLING", value="choice", reason=reason)
    yield Proposal(key="INPUT.MIN_SIZE_TEST", value=edges[-1], reason=f"the largest of {reason}")
    why = f"{now.model.long_edge} : {now.model.short_edge} as in the row"
    yield Proposal(key="INPUT.MAX_SIZE_TRAIN", value=long_edge, reason=why)
    yield Proposal(key="INPUT.MAX_SIZE_TEST", value=long_edge, reason=why)
