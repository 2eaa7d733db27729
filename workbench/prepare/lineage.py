"""Where a dataset came from: one short fingerprint of all that went in; and whether what came out is still so."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.data.dataset import Category
from workbench.data.finding import Finding
from workbench.data.manifest import Manifest, Source

CONVERTER = 1  # raised whenever equal inputs give other bytes than before; a release alone does not raise it
LENGTH = 16


def fingerprint(
    *,
    sources: Sequence[Source],
    parts: Mapping[str, str],
    categories: Sequence[Category],
    task: str,
    unlabelled: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Name everything that a converted dataset depends on; the order in which it is given does not matter."""
    images = {source.image for source in sources}
    content = {
        "converter": CONVERTER,
        "task": task,
        "categories": sorted((category.id, category.name, category.thing) for category in categories),
        "unlabelled": unlabelled,
        "options": dict(options or {}),
        "sources": sorted(_names(source) for source in sources),
        "parts": {image: part for image, part in parts.items() if image in images},
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:LENGTH]


def _names(source: Source) -> tuple[str, str, str, str]:
    return source.image, source.annotation, source.image_digest, source.annotation_digest


def verify_manifest(manifest: Manifest, found: Mapping[str, str]) -> tuple[Finding, ...]:
    """Compare the outputs with the files that are there (name -> SHA-256); manifest.json itself is not among them."""
    findings = []
    for name in sorted(manifest.outputs.keys() | found.keys()):
        wanted, there = manifest.outputs.get(name), found.get(name)
        if wanted != there:
            findings.append(_difference(name, wanted, there))
    return tuple(findings)


def _difference(name: str, wanted: str | None, there: str | None) -> Finding:
    if there is None:
        rule, message = "dataset-missing", "must be there, but is not; run workbench convert again"
    elif wanted is None:
        rule, message = (
            "dataset-unknown",
            "must be named in manifest.json, but is not; move it out of the dataset folder",
        )
    else:
        rule = "dataset-changed"
        message = f"must be as converted ({wanted[:12]}…), but is {there[:12]}…; delete the folder and convert again"
    return Finding(
        path=name, where="", rule=rule, level="warning" if wanted is None else "error", message=message
    )
