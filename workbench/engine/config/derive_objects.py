"""What depends on how many objects there are, of which classes, and how much of an image they take."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.engine.config.boxes import DatasetFacts
from workbench.engine.config.situation import Proposal, Situation, count

ROOM = 1.5  # times the objects of the fullest image: a detector says a few things twice
UNBALANCED = 5  # the most frequent class in so many times the images of the rarest
MOST_REPEATS = 4  # of an image of the rarest class in one pass
COCO_AREA = 640 * 480  # pixels of the images that the zoo's thresholds were made for


def choose_detections(most: int, now: int) -> int:
    """Room for the fullest image, in steps of 50; never less than there was."""
    wanted = most * ROOM
    return now if wanted <= now else int(-(-wanted // 50)) * 50


def derive_detections(now: Situation) -> Iterator[Proposal]:
    """How many objects of an image are kept."""
    most = now.facts.most_objects()
    before = now.cfg.TEST.DETECTIONS_PER_IMAGE
    number = choose_detections(most, now.get_row("TEST.DETECTIONS_PER_IMAGE"))
    reason = f"the fullest image has {count(most, 'object')}; {before} would cut it off"
    yield Proposal(key="TEST.DETECTIONS_PER_IMAGE", value=number, reason=reason)
    for key in ("MODEL.RPN.POST_NMS_TOPK_TEST", "MODEL.RPN.PRE_NMS_TOPK_TEST"):
        if now.get("MODEL.ROI_HEADS.NAME") and now.get_row(key, 2 * most) < 2 * most:
            why = f"the fullest image has {count(most, 'object')}; twice as many must be proposed"
            yield Proposal(key=key, value=2 * most, reason=why)


def derive_balance(now: Situation) -> Iterator[Proposal]:
    """Show images of rare classes more often."""
    balance = now.settings.train.balance
    threshold, reason = choose_repeats(now.facts)
    if balance == "off" or now.model.task == "semantic" or not threshold:
        return
    if balance == "on" or is_unbalanced(now.facts):
        why = f"{reason}; images of rare classes are shown up to {MOST_REPEATS} times as often"
        yield Proposal(key="DATALOADER.SAMPLER_TRAIN", value="RepeatFactorTrainingSampler", reason=why)
        why = "classes in fewer images than this share are repeated, by the root of what they lack"
        yield Proposal(key="DATALOADER.REPEAT_THRESHOLD", value=threshold, reason=why)


def measure_frequencies(facts: DatasetFacts) -> dict[str, float]:
    """The share of the images that has each thing; things that are nowhere are left out."""
    things = zip(facts.things, facts.train.class_images, strict=False)
    return {name: images / facts.train.images for name, images in things if images}


def is_unbalanced(facts: DatasetFacts) -> bool:
    """Whether the rarest thing is in far fewer images than the most frequent."""
    frequencies = measure_frequencies(facts).values()
    return len(frequencies) > 1 and max(frequencies) >= UNBALANCED * min(frequencies)


def choose_repeats(facts: DatasetFacts) -> tuple[float, str]:
    """The share of images below which a class is repeated, and what makes it so; 0 with one class alone."""
    frequencies = measure_frequencies(facts)
    if len(frequencies) < 2:
        return 0.0, ""
    rare, frequent = (
        min(frequencies, key=frequencies.__getitem__),
        max(frequencies, key=frequencies.__getitem__),
    )
    threshold = min(frequencies[frequent] / 2, frequencies[rare] * MOST_REPEATS**2)
    images = facts.train.images
    reason = (
        f"{rare} is in {round(frequencies[rare] * images)} of {count(images, 'image')}, "
        f"{frequent} in {round(frequencies[frequent] * images)}"
    )
    return round(threshold, 6), reason


def compute_repeats(records: list[dict[str, Any]], cfg: Any) -> tuple[float, ...] | None:
    """How often each record is shown in a pass, by Detectron2's own rule; None where all are shown once."""
    from detectron2.data.samplers import RepeatFactorTrainingSampler

    if cfg.DATALOADER.SAMPLER_TRAIN != "RepeatFactorTrainingSampler" or not cfg.DATALOADER.REPEAT_THRESHOLD:
        return None
    if not all("annotations" in record for record in records):
        return None
    factors = RepeatFactorTrainingSampler.repeat_factors_from_category_frequency(
        records, cfg.DATALOADER.REPEAT_THRESHOLD, sqrt=cfg.DATALOADER.REPEAT_SQRT
    )
    return tuple(factors.tolist())


def derive_negatives(now: Situation) -> Iterator[Proposal]:
    """Images without objects teach what is no object; Detectron2 leaves them out."""
    part = now.facts.train
    keep = now.settings.train.negatives
    what = f"{part.negatives} of {count(part.images, 'image')} have no object"
    reason = (
        f"{what}, and show what is none (train.negatives)" if keep else f"{what}; train.negatives is false"
    )
    yield Proposal(key="DATALOADER.FILTER_EMPTY_ANNOTATIONS", value=not keep, reason=reason)


def derive_stuff_area(now: Situation) -> Iterator[Proposal]:
    """The smallest piece of stuff that is kept: the zoo's is for images of COCO's size."""
    if now.model.task != "panoptic":
        return
    for key in ("MODEL.PANOPTIC_FPN.COMBINE.STUFF_AREA_LIMIT", "MODEL.PANOPTIC_DEEPLAB.STUFF_AREA"):
        before = now.get_row(key)
        if before is None or (
            key.startswith("MODEL.PANOPTIC_FPN") and now.cfg.MODEL.META_ARCHITECTURE != "PanopticFPN"
        ):
            continue
        limit, reason = choose_stuff_area(now.facts, before)
        yield Proposal(key=key, value=limit, reason=reason)


def choose_stuff_area(facts: DatasetFacts, before: int) -> tuple[int, str]:
    """The same share of an image as in COCO, and at most half of the smallest piece that was drawn."""
    area = float(np.median(facts.train.sizes.prod(axis=1)))
    limit = min(before, before * area / COCO_AREA)
    reason = f"{before} px are for images of 640 × 480; these have {area:,.0f} px"
    pieces = np.concatenate([part.stuff_areas for part in facts.parts.values()])
    if pieces.size and np.quantile(pieces, 0.01) / 2 < limit:
        smallest = float(np.quantile(pieces, 0.01))
        limit = smallest / 2
        reason = (
            f"half of the smallest piece of stuff ({smallest:.0f} px; the 1st percentile of {pieces.size:,})"
        )
    return max(int(limit), 1), reason
