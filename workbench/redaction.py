"""Secrets stay out of run.json, logs and reports: keys, tokens and passwords become `***`."""

import os
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
_NAMES = r"(?:[\w-]*(?:api[_-]?key|access[_-]?key|private[_-]?key|token|secret|passw(?:or)?d|passphrase|credentials?))"
_SECRET_NAME = re.compile(rf"^{_NAMES}$", re.IGNORECASE)
_PATTERNS = (
    (
        re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]+@", re.IGNORECASE),
        rf"\1{HIDDEN}@",
    ),  # user:password@host
    (re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(rf"(\b{_NAMES}['\"]?\s*(?:=|:|\s)\s*['\"]?)[^\s'\"&,;}}\]]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
)
_SHORTEST = 6  # a shorter value of the environment would hide parts of ordinary words


def redact(text: str) -> str:
    """Hide what looks like a secret, and every value that the environment calls one."""
    for value in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for pattern, hidden in _PATTERNS:
        text = pattern.sub(hidden, text)
    return text


def redact_all(value: Any) -> Any:
    """The same for every text of a document, and for whatever has a secret's name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            name: HIDDEN
            if one and _SECRET_NAME.match(str(name)) and isinstance(one, str)
            else redact_all(one)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_all(one) for one in value]
    return value


def _secrets() -> set[str]:
    return {
        value for name, value in os.environ.items() if _SECRET_NAME.match(name) and len(value) >= _SHORTEST
    }
