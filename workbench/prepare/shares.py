"""What each part holds of each class, and what it lacks."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.data.finding import Finding
from workbench.prepare.leaks import SETTINGS_FILE
from workbench.project import SplitSettings

Labels = Mapping[str, Counter[str]]  # image -> how often each label is on it
PARTS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Share:
    """What one part holds: images, images with nothing on them, and for each class its instances and images."""

    images: int
    negatives: int
    classes: Mapping[str, tuple[int, int]]


def share_rows(shares: Mapping[str, Share]) -> list[tuple[str, ...]]:
    """Return a table with its head: each part's instances (images) of each class, and its share of them in percent."""
    parts = [shares[part] for part in PARTS if part in shares]
    rows = [("class", *(part for part in PARTS if part in shares), "share")]
    for name in sorted({name for share in parts for name in share.classes}):
        pairs = [share.classes.get(name, (0, 0)) for share in parts]
        rows.append(
            (name, *(f"{count} ({images})" for count, images in pairs), _percent([pair[0] for pair in pairs]))
        )
    negatives, images = [share.negatives for share in parts], [share.images for share in parts]
    for name, counts in (("(images with nothing)", negatives), ("(images)", images)):
        if any(counts):
            rows.append((name, *(f"({count})" for count in counts), _percent(counts)))
    return rows


def _carriers(labels: Labels) -> dict[str, list[str]]:
    """Return the images that each label is on, labels in order."""
    images: dict[str, list[str]] = {}
    for path, counts in labels.items():
        for label, count in counts.items():
            if count:
                images.setdefault(label, []).append(path)
    return dict(sorted(images.items()))


def _percent(counts: Sequence[int]) -> str:
    total = sum(counts) or 1
    return " / ".join(f"{100 * count / total:.0f}" for count in counts)


def find_gaps(
    labels: Labels, parts: Mapping[str, str], groups: Sequence[Sequence[str]], settings: SplitSettings
) -> Iterator[Finding]:
    """Say which part is empty, and which class a part lacks."""
    held = set(parts.values())
    wanted = {"train": 1.0, "val": settings.val, "test": settings.test}
    for part, share in wanted.items():
        if labels and share > 0 and part not in held:
            yield _gap("split", "split-empty", _emptiness(part, len(labels), len(groups)))
    home = {path: number for number, group in enumerate(groups) for path in group}
    for name, images in _carriers(labels).items():
        there = {parts[path] for path in images}
        for part in PARTS:
            if part in held - there:
                scenes = len({home[path] for path in images})
                yield _gap(f'class "{name}"', "split-class-missing", _lack(part, len(images), scenes))


def _gap(where: str, rule: str, message: str) -> Finding:
    return Finding(path=SETTINGS_FILE, where=where, rule=rule, level="warning", message=message)


def _emptiness(part: str, images: int, groups: int) -> str:
    if groups == 1:
        return f"{part} must have images, but all {images} belong together as one group; add images of other scenes"
    return f"{part} must have images, but none is left for it in {groups} groups; add images, or list some for {part}"


def _lack(part: str, images: int, groups: int) -> str:
    effect = "the model cannot learn it" if part == "train" else f"{part} cannot score it"
    one = "in one group" if groups == 1 else f"in {groups} groups"
    return (
        f"{part} must have some of it, but has none ({images} images, {one}), so {effect}; "
        f"label it in more scenes, or list some of its images for {part}"
    )
