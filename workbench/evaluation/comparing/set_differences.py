"""Where two sets that runs were judged on differ, and what all of several have alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.evaluation.comparing.val_sets import ValSet

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Where two sets differ, by the names of images and classes."""

    only_first: tuple[str, ...]
    only_other: tuple[str, ...]
    changed: tuple[str, ...]  # the same image with other truths
    classes_first: tuple[str, ...]
    classes_other: tuple[str, ...]
    common: int  # images with equal truths

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any((self.only_first, self.only_other, self.changed, self.classes_first, self.classes_other))

    def tell(self, first: str, other: str) -> str:
        """Say in one line what differs."""
        parts = [
            _tell(self.only_first, "image", f"only in {first}"),
            _tell(self.only_other, "image", f"only in {other}"),
            _tell(self.changed, "image", "with other labels"),
            _tell(self.classes_first, "class", f"only in {first}"),
            _tell(self.classes_other, "class", f"only in {other}"),
        ]
        return "; ".join(part for part in parts if part)


def _tell(names: Sequence[str], noun: str, what: str) -> str:
    if not names:
        return ""
    plural = "" if len(names) == 1 else "es" if noun.endswith("s") else "s"
    listed = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return f"{len(names)} {noun}{plural} {what} ({listed})"


def find_differences(first: ValSet, other: ValSet) -> Differences:
    """Compare two sets, whatever ids they use."""
    here, there = first.by_key(), other.by_key()
    both = [key for key in here if key in there]
    changed = [key for key in both if here[key].truth != there[key].truth]
    return Differences(
        only_first=tuple(here[key].name for key in here if key not in there),
        only_other=tuple(there[key].name for key in there if key not in here),
        changed=tuple(here[key].name for key in changed),
        classes_first=tuple(name for name in first.classes if name not in other.classes),
        classes_other=tuple(name for name in other.classes if name not in first.classes),
        common=len(both) - len(changed),
    )


def find_shared(sets: Sequence[ValSet]) -> tuple[list[str], list[str]]:
    """Return the keys of images that are in all sets with equal truths, and the classes that all have."""
    tables = [one.by_key() for one in sets]
    keys = [
        key
        for key, image in tables[0].items()
        if all(key in table and table[key].truth == image.truth for table in tables)
    ]
    classes = [name for name in sets[0].classes if all(name in one.classes for one in sets)]
    return keys, classes
