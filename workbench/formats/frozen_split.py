"""split.json: each image's part, written down once, so that new images never move old ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import ProjectError
from workbench.files import write_atomically

VERSION = 1
_PARTS = ("train", "val", "test")
_MEND = "restore it from version control (without it a new split is drawn, and old scores cannot be compared)"


def read_frozen_split(path: Path) -> dict[str, str]:
    """Return image -> part; nothing when there is no file yet."""
    try:
        raw = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_refuse_twice)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ProjectError(
            f"{path}: must be readable, but is not ({error.strerror}); check its permissions"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path}: must be whole JSON, but is not ({error}); {_MEND}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("parts"), dict):
        raise ProjectError(f'{path}: must be an object with "parts", but is not; {_MEND}')
    if raw.get("version") != VERSION:
        got = raw.get("version")
        raise ProjectError(
            f"{path}: version: must be {VERSION}, but got {got!r}; update the workbench, or {_MEND}"
        )
    for image, part in raw["parts"].items():
        if part not in _PARTS:
            raise ProjectError(
                f'{path}: parts["{image}"]: must be train, val or test, but got {part!r}; correct it'
            )
    return dict(raw["parts"])


def write_frozen_split(path: Path, parts: Mapping[str, str]) -> bool:
    """Add images to the file, one a line; those no longer there keep their part. False when nothing changed."""
    before = read_frozen_split(path)
    after = dict(sorted((before | dict(parts)).items()))
    if before == after and path.exists():
        return False
    content = json.dumps({"version": VERSION, "parts": after}, indent=1, ensure_ascii=False)
    write_atomically(path, content.encode(errors="replace") + b"\n")
    return True


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A merge of two branches can leave an image there twice; JSON would keep the last without a word."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ValueError(f'"{key}" is there twice, with {found[key]!r} and {value!r}')
    return found
