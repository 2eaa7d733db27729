"""Where the data of two runs differ: images of each part, labels that changed, objects of each class."""

from collections.abc import Mapping
from typing import Any

from workbench.data.manifest import Manifest

Side = Mapping[str, str]  # digest of an image -> digest of its labels


def diff_datasets(first: Manifest, other: Manifest) -> dict[str, Any]:
    """Return for each part that differs its images, which came, went and were labelled anew, and objects by class."""
    parts = dict.fromkeys([*sorted(set(first.parts.values())), *sorted(set(other.parts.values()))])
    table = {part: _diff_part(first, other, part) for part in parts}
    return {part: row for part, row in table.items() if row}


def _diff_part(first: Manifest, other: Manifest, part: str) -> dict[str, Any]:
    here, there = _list_part(first, part), _list_part(other, part)
    counts = (_count_objects(first, part), _count_objects(other, part))
    names = dict.fromkeys([*counts[0], *counts[1]])
    objects = {name: [counts[0].get(name, 0), counts[1].get(name, 0)] for name in names}
    row = {
        "images": [len(here), len(there)],
        "added": len(there.keys() - here.keys()),
        "removed": len(here.keys() - there.keys()),
        "relabelled": sum(here[key] != there[key] for key in here.keys() & there.keys()),
        "objects": {name: pair for name, pair in objects.items() if pair[0] != pair[1]},
    }
    changed = row["added"] or row["removed"] or row["relabelled"] or row["objects"]
    return row if changed else {}


def _list_part(manifest: Manifest, part: str) -> dict[str, str]:
    rows = (source for source in manifest.sources if manifest.parts.get(source.image) == part)
    return {source.image_digest: source.annotation_digest for source in rows}


def _count_objects(manifest: Manifest, part: str) -> dict[str, int]:
    classes = manifest.counts.get("parts", {}).get(part, {}).get("classes", {})
    return {name: row["instances"] for name, row in classes.items()}


def describe_dataset(diff: Mapping[str, Any]) -> list[str]:
    """Say it, a line a part."""
    return [_describe_part(part, row) for part, row in diff.items()]


def _describe_part(part: str, row: Mapping[str, Any]) -> str:
    facts = [(row["added"], "new"), (row["removed"], "gone"), (row["relabelled"], "labelled anew")]
    told = ", ".join(f"{count} {what}" for count, what in facts if count)
    before, after = row["images"]
    images = f"{before} images" if before == after else f"{before} → {after} images"
    objects = ", ".join(f"{name} {old} → {new}" for name, (old, new) in row["objects"].items())
    return f"{part}: {images}{f' ({told})' if told else ''}{f'; objects: {objects}' if objects else ''}"
