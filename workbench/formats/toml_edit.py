"""Values changed in a TOML file that a person wrote: comments, order and everything else stay as they are."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import ProjectError

Path = tuple[str, ...]
Value = str | int | float | bool | Sequence["Value"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: from the letter behind the equals sign to the end of the value."""

    path: Path
    start: int
    end: int
    line_end: int  # of the line on which the value ends


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table begins; its lines end where the next one begins."""

    path: Path
    end: int


def set_values(text: str, values: Mapping[Path, Value], *, source: object = "the file") -> str:
    """Return the text with these values, each in its place, or at the end of its table.

    What comes out is read again: unless it says exactly what it said before, and these values, nothing is returned.
    """
    wanted = tomllib.loads(text)
    for path, value in values.items():
        _put(wanted, path, value)
        text = _set(text, path, value)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        listed = ", ".join(f"{'.'.join(path)} = {show(value)}" for path, value in values.items())
        raise ProjectError(
            f"{source}: must have a form that a program can change, but has not; write into it: {listed}"
        )
    return text


def show(value: Value) -> str:
    """Return a value as TOML spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence):
        return f"[{', '.join(map(show, value))}]"
    return repr(value)


def _put(tree: dict[str, Any], path: Path, value: Value) -> None:
    for name in path[:-1]:
        step = tree.setdefault(name, {})
        if not isinstance(step, dict):
            return  # no table: what comes out will not be what was wanted
        tree = step
    tree[path[-1]] = _plain(value)


def _plain(value: Value) -> Any:
    return list(map(_plain, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _set(text: str, path: Path, value: Value) -> str:
    places, headers = _scan(text)
    for place in places:
        if place.path == path:
            return f"{text[: place.start]} {show(value)}{text[place.end :]}"
    tables = [header for header in headers if header.path == path[: len(header.path)] != ()]
    if not tables:
        body = text.rstrip("\n")
        table, key = ".".join(map(_spell, path[:1])), ".".join(map(_spell, path[1:]))
        return f"{body}\n\n[{table}]\n{key} = {show(value)}\n"
    table_found = max(tables, key=lambda header: len(header.path))
    inside = [one for one in places if _home(one, headers) is table_found]
    end = max([table_found.end, *(one.line_end for one in inside)])
    key = ".".join(map(_spell, path[len(table_found.path) :]))
    newline = "" if text[:end].endswith("\n") or not end else "\n"
    return f"{text[:end]}{newline}{key} = {show(value)}\n{text[end:]}"


def _home(place: Place, headers: Sequence[Header]) -> Header | None:
    before = [header for header in headers if header.end <= place.start]
    return before[-1] if before else None


def _spell(name: str) -> str:
    """A bare key where it may be one."""
    return (
        name if name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name) else json.dumps(name)
    )


def _scan(text: str) -> tuple[list[Place], list[Header]]:
    """Find every value and every table; one that cannot be understood is passed over."""
    places: list[Place] = []
    headers: list[Header] = []
    at: Path = ()
    position = 0
    while position < len(text):
        line_end = _line_end(text, position)
        line = text[position:line_end]
        if line.lstrip().startswith("["):
            at = _read_header(line)
            headers.append(Header(at, line_end))
        elif "=" in line and not line.lstrip().startswith("#"):
            place = _read_place(text, position, at)
            if place:
                places.append(place)
                line_end = place.line_end
        position = line_end
    return places, headers


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _read_header(line: str) -> Path:
    """The name of a table; of a list of tables, one that no path has."""
    try:
        return _walk(tomllib.loads(line))
    except tomllib.TOMLDecodeError:
        return ("", "")


def _walk(tree: Any) -> Path:
    if isinstance(tree, dict) and len(tree) == 1:
        ((name, rest),) = tree.items()
        return (name, *_walk(rest))
    return ("", "") if isinstance(tree, list) else ()


def _read_place(text: str, position: int, at: Path) -> Place | None:
    """The shortest piece that is a whole key and value: up to a comment, the end of the line, or of a later one."""
    for end in _ends(text, position):
        piece = text[position:end]
        try:
            tree = tomllib.loads(piece)
        except tomllib.TOMLDecodeError:
            continue
        start = position + _find_equals(piece)
        last = position + len(piece.rstrip())
        return Place((*at, *_walk_key(tree, piece)), start, last, _line_end(text, max(last - 1, position)))
    return None


def _ends(text: str, position: int) -> Iterator[int]:
    """Where a value may end."""
    for place in range(position, len(text)):
        if text[place] in "#\n":
            yield place
    yield len(text)


def _find_equals(piece: str) -> int:
    """Behind the first equals sign that divides a key from a value."""
    for place, letter in enumerate(piece):
        if letter == "=":
            try:
                tomllib.loads(f"{piece[:place]}= 0")
            except tomllib.TOMLDecodeError:
                continue
            return place + 1
    return len(piece)


def _walk_key(tree: Any, piece: str) -> Path:
    """The names on the left: a table on the right is a value."""
    return _walk(tomllib.loads(f"{piece[: _find_equals(piece)]} 0"))
