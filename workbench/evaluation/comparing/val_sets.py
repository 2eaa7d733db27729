"""What runs were judged on: which images, with which truths, and where two such sets differ.

An image is its bytes (their digest, as the dataset's manifest has it), else its path: ids are only places in a file.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.evaluation.coco.coco_truth import Truth
from workbench.evaluation.coco.outlines import rasterise


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedImage:
    """One image of a set."""

    number: int
    name: str
    key: str  # what tells it from any other
    truth: str  # a digest of all that should be found in it
    burst: str = ""  # the same for images that are nearly one; empty where it is alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ValSet:
    """The images that a run was judged on, in the order of their ids, and the classes looked for."""

    images: tuple[JudgedImage, ...]
    classes: tuple[str, ...]

    def by_key(self) -> dict[str, JudgedImage]:
        """Find images by what they are."""
        return {image.key: image for image in self.images}

    def number_bursts(self) -> list[int]:
        """Return the number of each image's burst, from 0."""
        names = [image.burst or image.key for image in self.images]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        return [numbers[name] for name in names]


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
