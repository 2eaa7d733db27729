"""Plain values as YAML that people like to read; a small part of the language, in which nothing means anything else."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

WIDTH = 90  # letters of a list that stands in one line

Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]

_PLAIN = re.compile(r"(?:--)?[A-Za-z_/][\w./=+-]*(?: [\w./=+-]+)*", re.ASCII)
# What looks like text and means something else, in one version of YAML or another.
_OTHER = re.compile(r"(?:true|false|yes|no|on|off|null|y|n|\.?inf|\.?nan|~)", re.IGNORECASE)


def dump_yaml(document: Mapping[str, Value]) -> str:
    """Return a document of YAML that means exactly these values."""
    return "\n".join(_show_mapping(document)) + "\n"


def _show_mapping(values: Mapping[str, Value]) -> Iterator[str]:
    for key, value in values.items():
        yield from _show_entry(f"{_show_text(key)}:", value)


def _show_entry(head: str, value: Value) -> Iterator[str]:
    """A key with its value: beside it where that is short, or below it and further in."""
    below = list(_show_below(value))
    if below:
        yield f"{head} |" if isinstance(value, str) else head
        yield from (f"  {line}" if line else line for line in below)
    else:
        yield f"{head} {_show_beside(value)}"


def _show_item(value: Value) -> Iterator[str]:
    """The same for an item of a list, which begins in its first line."""
    if isinstance(value, str):
        yield from _show_entry("-", value)
        return
    first, *rest = list(_show_below(value)) or [_show_beside(value)]
    yield f"- {first}"
    yield from (f"  {line}" if line else line for line in rest)


def _show_below(value: Value) -> Iterator[str]:
    """The lines of what does not stand in one; none where it does."""
    if isinstance(value, str):
        yield from value.removesuffix("\n").split("\n") if _is_script(value) else ()
    elif isinstance(value, Mapping):
        yield from _show_mapping(value)
    elif isinstance(value, Sequence) and not _is_short(value):
        for item in value:
            yield from _show_item(item)


def _show_beside(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_show_scalar, value))}]"
    return _show_scalar(value)


def _is_short(values: Sequence[Value]) -> bool:
    """Whether a list stands in one line: of words and numbers only."""
    plain = all(one is None or isinstance(one, str | int) for one in values)
    return plain and sum(len(str(one)) + 4 for one in values) <= WIDTH and not any(map(_is_script, values))


def _show_scalar(value: Value) -> str:
    return _show_text(value) if isinstance(value, str) else json.dumps(value)


def _show_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _OTHER.fullmatch(text):
        return text
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _is_script(text: Value) -> bool:
    """Whether a script can stand as it is: several lines that print, none of which ends or begins with a blank."""
    if not isinstance(text, str):
        return False
    lines = text.removesuffix("\n").split("\n")
    return (
        text.endswith("\n")
        and len(lines) > 1
        and bool(lines[0])
        and not lines[0][0].isspace()
        and bool(lines[-1])
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )
