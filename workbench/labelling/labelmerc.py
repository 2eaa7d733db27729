"""~/.labelmerc, which is a person's: read, never written, and held against the keys that their Labelme knows.

Labelme drops its whole configuration, labels and all, when one key in it is unknown: such a key must not get through.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workbench.extras import find_install_command
from workbench.files import is_file

PACKAGES = ("lib/python*/site-packages", "lib/python3/dist-packages")
DEFAULTS = ("labelme/config/default_config.yaml", "labelme/_config/default_config.yaml")


def read_labelmerc(program: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what a person set, and a line for each thing that cannot hold."""
    path = Path.home() / ".labelmerc"
    if not is_file(path):
        return {}, []
    if find_spec("yaml") is None:
        return {}, [
            f"~/.labelmerc does not hold here: PyYAML is not there; run: {find_install_command('label')}"
        ]
    theirs, trouble = _read(path)
    if trouble or not theirs:
        return {}, [f"~/.labelmerc does not hold here: {trouble}"] if trouble else []
    known = read_defaults(program)
    if not known:
        return {}, [f"~/.labelmerc does not hold here: the keys of {program} are not to be found beside it"]
    notes: list[str] = []
    return _sift(theirs, known, "", notes), notes


def read_defaults(program: Path) -> dict[str, Any]:
    """Return the defaults that lie beside the program: a file of settings, and no code."""
    home = program.resolve().parent.parent
    for path in _find_defaults(home):
        return _read(path)[0]
    return {}


def _find_defaults(home: Path) -> Iterator[Path]:
    for packages in PACKAGES:
        for name in DEFAULTS:
            yield from sorted(home.glob(f"{packages}/{name}"))


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Return a table, or the reason why there is none."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return {}, f"it cannot be read ({error})"
    except yaml.YAMLError as error:
        return {}, f"it is not YAML ({' '.join(str(error).split())[:160]})"
    if content is None:
        return {}, ""
    return (content, "") if isinstance(content, dict) else ({}, "it is not a table of settings")


def _sift(
    theirs: Mapping[Any, Any], known: Mapping[str, Any], where: str, notes: list[str]
) -> dict[str, Any]:
    """Keep what this Labelme knows."""
    kept: dict[str, Any] = {}
    for key, value in theirs.items():
        name = f"{where}{key}"
        if key not in known:
            notes.append(f"~/.labelmerc: {name}: this Labelme does not know it; it is left out")
        elif not isinstance(known[key], dict):
            kept[key] = value
        elif isinstance(value, dict):
            kept[key] = _sift(value, known[key], f"{name}.", notes)
        elif value is not None:
            notes.append(f"~/.labelmerc: {name}: must be a table, but is not; it is left out")
    return kept
