"""Where a dataset came from: one short fingerprint of all that went in, and a manifest of all that came out."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_origin, get_type_hints

from workbench.data.dataset import Category
from workbench.data.finding import Finding
from workbench.errors import DatasetError, nearest

CONVERTER = 1  # raised whenever equal inputs give other bytes than before; a release alone does not raise it
LENGTH = 16

Raw = dict[str, Any]


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


def manifest_to_dict(manifest: Manifest) -> Raw:
    """Return what manifest.json holds, everything sorted."""
    raw = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    raw["categories"] = [asdict(category) for category in sorted(manifest.categories, key=lambda row: row.id)]
    raw["sources"] = [
        {field.name: getattr(source, field.name) for field in fields(source)}
        for source in sorted(manifest.sources, key=_names)
    ]
    for key in ("options", "parts", "counts", "outputs"):
        raw[key] = dict(sorted(raw[key].items()))
    return raw


def dict_to_manifest(raw: object, path: object) -> Manifest:
    """Understand manifest.json; `path` is only for messages."""
    table = _require_table(raw, path, "manifest", Manifest)
    rows = {
        "categories": tuple(
            Category(**{**row, "color": tuple(row["color"])})
            for row in _rows(table, path, "categories", Category)
        ),
        "sources": tuple(Source(**row) for row in _rows(table, path, "sources", Source)),
    }
    return Manifest(**{**table, **rows})


def _rows(table: Raw, path: object, key: str, kind: type) -> Iterator[Raw]:
    if not isinstance(table[key], list):
        raise _wrong(path, key, "a list", table[key])
    for index, row in enumerate(table[key]):
        yield _require_table(row, path, f"{key}[{index}]", kind)


def _require_table(raw: object, path: object, where: str, kind: type) -> Raw:
    """An object that has exactly the fields of a noun, each of its type."""
    if not isinstance(raw, dict):
        raise _wrong(path, where, "an object", raw)
    names, hints = [field.name for field in fields(kind)], get_type_hints(kind)
    for name in names:
        if name not in raw:
            raise _wrong(path, where, f'an object with "{name}"', list(raw))
        plain = get_origin(hints[name]) or hints[name]
        if plain is Mapping and not isinstance(raw[name], dict):
            raise _wrong(path, f"{where}.{name}", "an object", raw[name])
        if plain in (str, int, bool) and type(raw[name]) is not plain:
            raise _wrong(path, f"{where}.{name}", plain.__name__, raw[name])
    for name in raw:
        if name not in names:
            raise DatasetError(
                path, where, f'must have known keys, but has "{name}"{nearest(name, names)}', "bad-manifest"
            )
    return dict(raw)


def _wrong(path: object, where: str, must: str, got: object) -> DatasetError:
    message = f"must be {must}, but got {str(got)[:60]}; run workbench convert again"
    return DatasetError(path, where, message, "bad-manifest")


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
