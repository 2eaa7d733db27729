"""manifest.json of a dataset folder, and the digests of the files that lie there."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import orjson

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest, Source
from workbench.errors import DatasetError, nearest
from workbench.files import digest_file, write_atomically

NAME = "manifest.json"

Raw = dict[str, Any]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it last: a folder with a manifest is whole."""
    write_atomically(
        folder / NAME, orjson.dumps(manifest_to_dict(manifest), option=orjson.OPT_INDENT_2) + b"\n"
    )


def read_manifest(folder: Path) -> Manifest:
    """Read what a dataset folder says of itself."""
    path = folder / NAME
    try:
        return dict_to_manifest(orjson.loads(path.read_bytes()), path)
    except (OSError, ValueError) as error:
        message = (
            f"a dataset folder must have a whole manifest, but has not ({error}); delete it and convert again"
        )
        raise DatasetError(path, "", message, "bad-manifest") from error


def digest_outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a dataset folder, the manifest itself left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        name: digest_file(path) for path in files if (name := path.relative_to(folder).as_posix()) != NAME
    }


def manifest_to_dict(manifest: Manifest) -> Raw:
    """Return what manifest.json holds, everything sorted."""
    raw = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    raw["categories"] = [asdict(category) for category in sorted(manifest.categories, key=lambda row: row.id)]
    raw["sources"] = [
        {field.name: getattr(source, field.name) for field in fields(source)}
        for source in sorted(
            manifest.sources,
            key=lambda row: (row.image, row.annotation, row.image_digest, row.annotation_digest),
        )
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
