"""What manifest.json of a dataset says: where it came from, and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.data.dataset import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The digests (SHA-256) of one annotation file's bytes and of its image's; `image` is the image's path."""

    annotation: str
    image: str
    annotation_digest: str
    image_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """manifest.json of a dataset: no clock and no path of this machine, so equal inputs give equal bytes."""

    fingerprint: str
    converter: int
    workbench: str
    project: str
    task: str
    categories: tuple[Category, ...]
    unlabelled: str | None
    options: Mapping[str, Any]
    image_root: str
    sources: tuple[Source, ...]
    parts: Mapping[str, str]
    counts: Mapping[str, Any]
    outputs: Mapping[str, str]  # file in the dataset folder -> SHA-256 of its bytes
