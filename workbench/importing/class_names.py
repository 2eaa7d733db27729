"""Lists of class names: labels.txt, classes.txt, and `names:` of a YOLO data.yaml."""

import json
import re
from pathlib import Path

from workbench.errors import DatasetError
from workbench.formats.labelme import read_bytes
from workbench.importing.contract import SILENT_LABELS

_KEY = re.compile(r"^([A-Za-z_][\w-]*)\s*:\s*(.*)$")
_COMMENT = re.compile(r"""^((?:"[^"]*"|'[^']*'|[^"'#]|(?<=\S)#)*)(?:(?<!\S)#.*)$""")
_ITEM = re.compile(r"^\s*(?:-|(?P<number>\d{1,6})\s*:)\s+(?P<name>\S.*)$")


def read_lines(path: Path) -> tuple[str, ...]:
    """Read one class a line; lines for background, ignored pixels and (in a Labelme list) holes name no class."""
    names = [line.strip() for line in _text(path).splitlines() if line.strip()]
    silent = (*SILENT_LABELS, "hole") if SILENT_LABELS[0] in names else SILENT_LABELS
    return _require_unique(path, [name for name in names if name not in silent])


def read_yaml_names(path: Path) -> tuple[str, ...]:
    """Read `names:` of a data.yaml: [a, b], or lines of `- name` or `0: name`. Nothing else of YAML is read."""
    names: dict[int, str] = {}
    inside = False
    for line in _text(path).splitlines():
        line = _COMMENT.sub(r"\1", line).rstrip()
        key = _KEY.match(line)
        if key and key[1] == "kpt_shape":
            raise DatasetError(
                path, "kpt_shape", "the labels must be boxes or polygons, but are poses; these are not read"
            )
        if key:
            inside = key[1] == "names"
            if inside and key[2]:
                names = _flow(key[2], path)
        elif inside and (item := _ITEM.match(line)):
            names[int(item["number"]) if item["number"] else len(names)] = _unquote(item["name"])
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            raise DatasetError(
                path,
                "names",
                f"it must be a plain list, but has {line.strip()[:40]!r}; write `names: [a, b]`",
            )
    if sorted(names) != list(range(len(names))) or not names:
        raise DatasetError(
            path, "names", "it must list the classes 0, 1, 2 …, but does not; write `names: [a, b]`"
        )
    return _require_unique(path, [names[number] for number in range(len(names))])


def _flow(text: str, path: Path) -> dict[int, str]:
    """Read [a, 'b', "c"] or {0: a, 1: b} on one line."""
    text = text.strip()
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        raise DatasetError(path, "names", f"it must be a list, but got {text[:40]!r}; write `names: [a, b]`")
    items = re.findall(r"""\s*((?:\d{1,6}\s*:\s*)?(?:"[^"]*"|'[^']*')|[^,]+?)\s*(?:,|$)""", text[1:-1])
    if text[0] == "[":
        return {number: _unquote(item) for number, item in enumerate(items)}
    pairs = [item.partition(":") for item in items]
    return {int(number) if number.strip().isdecimal() else -1: _unquote(name) for number, _, name in pairs}


def _unquote(text: str) -> str:
    text = text.strip()
    if text[:1] == '"':
        try:
            value = json.loads(text)
            return value if isinstance(value, str) else text
        except ValueError:
            pass
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            path, "", f"the text must be UTF-8, but byte {error.start} is not; save it as UTF-8"
        ) from error


def _require_unique(path: Path, names: list[str]) -> tuple[str, ...]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DatasetError(
            path, "", f"each class must be there once, but {twice!r} is there twice; remove one"
        )
    return tuple(names)
