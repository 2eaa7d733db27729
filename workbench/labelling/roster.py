"""classes.json: the classes that a project had, and which images were labelled before one of them existed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import ProjectError
from workbench.files import write_atomically

FILE, VERSION = "classes.json", 1
_MEND = "restore it from version control, or delete it to begin anew with the classes of today"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """`look_again`: class → images that were finished before it existed and that nobody has looked at since."""

    classes: tuple[str, ...]
    look_again: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_roster(path: Path) -> Roster | None:
    """Read it; none where nothing was written down yet."""
    try:
        raw: Any = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectError(
            f"{path}: must be readable, but is not ({error.strerror}); check its permissions"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path}: must be whole JSON, but is not ({error}); {_MEND}") from error
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        got = raw.get("version") if isinstance(raw, dict) else raw
        raise ProjectError(f"{path}: version: must be {VERSION}, but got {str(got)[:60]}; {_MEND}")
    lists = {"classes": raw.get("classes"), **_require_table(path, raw.get("look_again"))}
    for name, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise ProjectError(f"{path}: {name}: must be a list of texts, but is not; {_MEND}")
    look_again = {name: tuple(images) for name, images in raw["look_again"].items()}
    return Roster(classes=tuple(raw["classes"]), look_again=look_again)


def _require_table(path: Path, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProjectError(f"{path}: look_again: must be a table of classes, but is not; {_MEND}")
    return value


def write_roster(path: Path, roster: Roster) -> bool:
    """Write it, one image a line; False where it says so already."""
    look_again = {name: sorted(images) for name, images in sorted(roster.look_again.items()) if images}
    raw = {"version": VERSION, "classes": list(roster.classes), "look_again": look_again}
    content = json.dumps(raw, indent=1, ensure_ascii=False).encode(errors="replace") + b"\n"
    if path.is_file() and path.read_bytes() == content:
        return False
    write_atomically(path, content)
    return True
