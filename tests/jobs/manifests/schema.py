"""As much of JSON Schema as the two excerpts use; a word that it does not know is an error, not a yes."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent / "schemas"
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
IGNORED = {"$schema", "definitions", "description", "format", "default"}


def read_schema(name: str) -> dict[str, Any]:
    """Read an excerpt."""
    found: dict[str, Any] = json.loads((SCHEMAS / name).read_bytes())
    return found


def find_faults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> list[str]:
    """Everything in which a value differs from what a schema asks for."""
    return list(_find(value, schema, root, at))


def _find(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    for word, asked in schema.items():
        if word in IGNORED or word in ("patternProperties", "additionalProperties"):
            continue
        yield from _CHECKS[word](value, asked, root, at)
    if isinstance(value, dict):
        yield from _find_in_others(value, schema, root, at)


def _find_in_others(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    """Keys that `properties` does not name."""
    patterns, others = schema.get("patternProperties", {}), schema.get("additionalProperties", True)
    for key in value.keys() - schema.get("properties", {}).keys():
        fitting = [asked for pattern, asked in patterns.items() if re.search(pattern, key)]
        for asked in fitting or ([] if isinstance(others, bool) else [others]):
            yield from _find(value[key], asked, root, f"{at}.{key}")
        if others is False and not fitting:
            yield f"{at}.{key} is unknown"


def _check_type(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    names = [asked] if isinstance(asked, str) else asked
    if not any(TYPES[name](value) for name in names):
        yield f"{at} must be {' or '.join(names)}, but is {value!r}"


def _check_properties(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    for key in asked.keys() & (value.keys() if isinstance(value, dict) else set()):
        yield from _find(value[key], asked[key], root, f"{at}.{key}")


def _check_required(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at}.{key} must be there" for key in asked if key not in value)


def _check_items(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    for number, one in enumerate(value if isinstance(value, list) else ()):
        yield from _find(one, asked, root, f"{at}[{number}]")


def _check_reference(value: Any, asked: str, root: Any, at: str) -> Iterator[str]:
    yield from _find(value, root["definitions"][asked.removeprefix("#/definitions/")], root, at)


def _check_enum(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    if value not in asked:
        yield f"{at} must be one of {asked}, but is {value!r}"


def _check_loose_enum(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    if str(value).lower() not in [one.lower() for one in asked]:
        yield f"{at} must be one of {asked}, but is {value!r}"


def _check_any(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    if not any(not find_faults(value, one, root) for one in asked):
        yield f"{at} fits none of what is allowed: {value!r}"


def _check_one(value: Any, asked: Any, root: Any, at: str) -> Iterator[str]:
    if sum(not find_faults(value, one, root) for one in asked) != 1:
        yield f"{at} must fit exactly one of what is allowed: {value!r}"


def _check_size(
    value: Any, asked: Any, root: Any, at: str, right: Callable[[Any, Any], bool]
) -> Iterator[str]:
    if not right(value, asked):
        yield f"{at} is too small, too large or not different: {value!r}"


def _sized(right: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Any, str], Iterator[str]]:
    return lambda value, asked, root, at: _check_size(value, asked, root, at, right)


_CHECKS: Mapping[str, Callable[[Any, Any, Any, str], Iterator[str]]] = {
    "type": _check_type,
    "properties": _check_properties,
    "required": _check_required,
    "items": _check_items,
    "$ref": _check_reference,
    "enum": _check_enum,
    "case_insensitive_enum": _check_loose_enum,
    "anyOf": _check_any,
    "oneOf": _check_one,
    "pattern": _sized(lambda value, asked: not isinstance(value, str) or bool(re.search(asked, value))),
    "minimum": _sized(lambda value, asked: not TYPES["number"](value) or value >= asked),
    "maximum": _sized(lambda value, asked: not TYPES["number"](value) or value <= asked),
    "exclusiveMinimum": _sized(lambda value, asked: not TYPES["number"](value) or value > asked),
    "minItems": _sized(lambda value, asked: not isinstance(value, list) or len(value) >= asked),
    "maxProperties": _sized(lambda value, asked: not isinstance(value, dict) or len(value) <= asked),
    "uniqueItems": _sized(lambda value, asked: not isinstance(value, list) or len(set(value)) == len(value)),
}
