"""Class counts, and the form of masks: what must fit the data for a model to be built at all."""

from collections.abc import Iterator

from workbench.engine.config.situation import Proposal, Situation, count, name_some


def count_classes(what: str, things: int, stuff: int) -> int:
    """Things, stuff + 1 (0 stands for every thing), or all."""
    return {"things": things, "stuff": stuff + 1, "all": things + stuff}[what]


def derive_classes(now: Situation) -> Iterator[Proposal]:
    """Set every key of the row that counts classes from the one list of the project."""
    things, stuff = now.facts.things, now.facts.stuff
    for key, what in now.model.class_keys.items():
        number = count_classes(what, len(things), len(stuff))
        names = {"things": things, "stuff": stuff, "all": things + stuff}[what]
        reason = f"{count(len(names), 'class')}: {name_some(names)}"
        if what == "stuff":
            reason = f"{count(len(stuff), 'class')} of stuff ({name_some(stuff)}), and 0 for every thing"
        yield Proposal(key=key, value=number, reason=reason, must=True)


def derive_masks(now: Situation) -> Iterator[Proposal]:
    """Bitmaps where the head samples points in masks, or where polygons cannot hold what was drawn."""
    if not now.get("MODEL.MASK_ON") and not now.model.bitmask:
        return
    if now.model.bitmask:
        reason = f"{now.model.name} samples points in masks, which polygons do not give"
        yield Proposal(key="INPUT.MASK_FORMAT", value="bitmask", reason=reason, must=True)
        return
    lengths = sum(part.run_lengths for part in now.facts.parts.values())
    objects = sum(len(part.boxes) for part in now.facts.parts.values())
    if lengths:
        reason = f"{lengths:,} of {count(objects, 'object')} have holes or were painted, which polygons lose"
        yield Proposal(key="INPUT.MASK_FORMAT", value="bitmask", reason=reason, must=True)


def derive_ignored(now: Situation) -> Iterator[Proposal]:
    """255 is what the pictures of classes say where nobody knows."""
    if now.model.task == "instance":
        return
    reason = "255 is what the dataset's pictures hold where nobody said what is there"
    yield Proposal(key="MODEL.SEM_SEG_HEAD.IGNORE_VALUE", value=255, reason=reason, must=True)
