"""What runs were judged on: which images, with which truths, and where two such sets differ.

An image is its bytes (their digest, as the dataset's manifest has it), else its path: ids are only places in a file.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.evaluation.coco_truth import Truth
from workbench.evaluation.outlines import rasterise

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedImage:
    """One image of a set: `key` is what tells it from any other, `truth` a digest of all that should be found in it."""

    number: int
    name: str
    key: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValSet:
    """The images that a run was judged on, in the order of their ids, and the classes looked for."""

    images: tuple[JudgedImage, ...]
    classes: tuple[str, ...]

    def by_key(self) -> dict[str, JudgedImage]:
        """Find images by what they are."""
        return {image.key: image for image in self.images}


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


def name_keys(paths: Sequence[str], digests: Mapping[str, str]) -> list[str]:
    """Return what tells each image from any other: copies of one picture are told apart by their turn."""
    turns: Counter[str] = Counter()
    keys = {}
    for path in sorted(paths):
        content = digests.get(path, path)
        turns[content] += 1
        keys[path] = content if turns[content] == 1 else f"{content} ({turns[content]})"
    return [keys[path] for path in paths]


def digest_truths(truth: Truth) -> dict[int, str]:
    """Digest all that should be found on each image, in any order: class, crowd and pixels, else the box."""
    rows: dict[int, list[str]] = {number: [] for number in truth.sizes}
    for row in rasterise(truth).raw["annotations"]:
        mask = row.get("segmentation") if truth.masks else None
        shape = mask["counts"] if mask else [float(value) for value in row["bbox"]]
        rows[row["image_id"]].append(f"{truth.names[row['category_id']]}\0{row.get('iscrowd', 0)}\0{shape}")
    return {number: hash_text("\n".join(sorted(row))) for number, row in rows.items()}


def hash_text(text: str) -> str:
    """Return a digest of words."""
    return hashlib.sha256(text.encode()).hexdigest()


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
