"""Runs may be compared where they were judged on the same: what to do where they were not."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import DatasetError
from workbench.evaluation.comparing.cutting import cut
from workbench.evaluation.comparing.judged import Judged
from workbench.evaluation.comparing.set_differences import Differences, find_differences, find_shared

SAME, COMMON, FORCED = "same", "common", "forced"
_GRAMMAR = "must be judged on the same images, labels and classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Runs that can be compared: what of each counts, and what was left out of them."""

    judged: tuple[Judged, ...]
    mode: str  # same, common or forced
    differences: tuple[Differences, ...]  # of each run but the first to the first
    paired: bool  # all were judged on the same images, in the same order


def settle(judged: Sequence[Judged], *, common: bool = False, force: bool = False) -> Settled:
    """Cut runs to what they have in common, or refuse: images or labels that differ are named."""
    first = judged[0]
    if not all(one.val.images for one in judged):
        raise DatasetError(
            "the runs", "", "must be judged on images, but there are none; check the truth", "no-val"
        )
    differences = tuple(find_differences(first.val, other.val) for other in judged[1:])
    mode = SAME
    if any(differences):
        mode = COMMON if common else FORCED
        if not common and not force:
            raise _refuse(judged, differences)
    keys, classes = find_shared([one.val for one in judged])
    if mode == FORCED:
        return _force(judged, differences)
    if not keys or not classes:
        what = "image with the same labels" if not keys else "class"
        message = f"{_GRAMMAR}, but have no {what} in common; --force compares all the same"
        raise DatasetError("the runs", "", message, "other-val")
    kept = tuple(cut(one, keys, classes) for one in judged)
    return Settled(judged=kept, mode=mode, differences=differences, paired=True)


def _refuse(judged: Sequence[Judged], differences: Sequence[Differences]) -> DatasetError:
    other, found = next((one, found) for one, found in zip(judged[1:], differences, strict=True) if found)
    first, second = judged[0].name, other.name
    keys, classes = find_shared([one.val for one in judged])
    ways = ["--force compares all the same"]
    if keys and classes:
        noun = "image" if len(keys) == 1 else "images"
        ways.insert(0, f"--common compares on the {len(keys)} {noun} that all have alike")
    message = f"{_GRAMMAR} as {first}, but differs: {found.tell('the first', 'it')}; {', '.join(ways)}"
    return DatasetError(second, "", message, "other-val")


def _force(judged: Sequence[Judged], differences: tuple[Differences, ...]) -> Settled:
    """Images are paired where only labels differ; else each run has its own."""
    tables = [one.val.by_key() for one in judged]
    keys = [image.key for image in judged[0].val.images]
    paired = all(table.keys() == tables[0].keys() for table in tables)
    kept = tuple(cut(one, keys, one.val.classes) for one in judged) if paired else tuple(judged)
    return Settled(judged=kept, mode=FORCED, differences=differences, paired=paired)
