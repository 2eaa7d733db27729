"""What a person said in Detectron2's own words: keys must exist, values must fit, and nothing is ever run."""

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from detectron2.config import CfgNode

from workbench.engine.config.changes import show
from workbench.engine.config.keys import explain_unknown, flatten, get_key, has_key
from workbench.errors import ProjectError

LONGEST = 10_000  # characters of one value


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value that somebody asked for, and where: it wins over whatever the data suggest."""

    value: Any
    where: str


TYPED = "typed"


def read_typed(cfg: CfgNode, typed: Mapping[str, str]) -> dict[str, Said]:
    """Check `KEY VALUE …` of the command line against a row's config."""
    said = {}
    for key, text in typed.items():
        old = _require_key(cfg, key, "the command line")
        value = text if isinstance(old, str) else parse_value(text)
        said[key] = Said(value=_fit("the command line", key, value, old), where=TYPED)
    return said


def read_table(cfg: CfgNode, table: Mapping[str, Any], where: str) -> dict[str, Said]:
    """Check [detectron2] of project.toml, or what stood in a YAML, against a row's config."""
    said = {}
    for key, value in flatten(table):
        old = _require_key(cfg, key, where)
        if isinstance(value, str) and not isinstance(old, str):
            value = parse_value(value)  # YAML has no tuples: Detectron2's own files write "(640, 800)"
        said[key] = Said(value=_fit(where, key, value, old), where=f"said in {where}")
    return said


def parse_value(text: str) -> Any:
    """Read a literal of Python, else a scalar of YAML (`true`, `null`), else it is text; never run anything."""
    if len(text) > LONGEST:
        raise ProjectError(f"a value must have at most {LONGEST} characters, but has {len(text)}; shorten it")
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if text.strip().lower() in ("true", "false", "yes", "no", "on", "off", "null", "~"):
        return yaml.safe_load(text)
    return text


def _require_key(cfg: CfgNode, key: str, where: str) -> Any:
    if not has_key(cfg, key):
        raise ProjectError(
            f"{where}: {key}: must be a key of Detectron2, but is not{explain_unknown(key, cfg)}"
        )
    old = get_key(cfg, key)
    if isinstance(old, CfgNode):
        names = ", ".join(f"{key}.{name}" for name in list(old)[:6])
        raise ProjectError(f"{where}: {key}: must be a key, but is a section; set one of {names} …")
    return old


def _fit(where: str, key: str, value: Any, old: Any) -> Any:
    """The value as the key's kind: whole numbers widen, lists and tuples change into each other, text stays text."""
    if isinstance(value, list | tuple) and isinstance(old, list | tuple):
        _require_like(where, key, value, old)
        return type(old)(map(_plain, value))
    fitted = _fit_number(value, old) if isinstance(old, int | float) else value
    alike = isinstance(fitted, type(old)) and isinstance(fitted, bool) == isinstance(old, bool)
    free = old is None and (fitted is None or isinstance(fitted, int | float))
    if not alike and not free:
        raise ProjectError(
            f"{where}: {key}: must be {_kind(old)}, but got {show(value)}; {_advise(value, old)}"
        )
    _require_finite(where, key, fitted)
    return fitted


def _fit_number(value: Any, old: int | float) -> Any:
    if isinstance(value, bool) or isinstance(old, bool):
        return value
    if isinstance(old, float) and isinstance(value, int):
        return float(value)
    if isinstance(value, float) and isinstance(old, int) and value.is_integer():
        return int(value)  # 1e4 steps
    return value


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, list) else value


def _require_like(where: str, key: str, value: Any, old: Any) -> None:
    """Texts where there were texts, numbers where there were numbers."""
    leaves, before = list(_leaves(value)), list(_leaves(old))
    for leaf in leaves:
        _require_finite(where, key, leaf)
    if before and any(isinstance(leaf, str) != isinstance(before[0], str) for leaf in leaves):
        word = "texts" if isinstance(before[0], str) else "numbers"
        raise ProjectError(f"{where}: {key}: must hold {word}, but got {show(value)}; it is now {show(old)}")
    if any(not isinstance(leaf, str | int | float | bool | None) for leaf in leaves):
        raise ProjectError(f"{where}: {key}: must hold numbers or texts, but got {value!r:.80}; change it")


def _leaves(value: Any) -> Iterator[Any]:
    for item in value:
        if isinstance(item, list | tuple):
            yield from _leaves(item)
        else:
            yield item


def _require_finite(where: str, key: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ProjectError(f"{where}: {key}: must be a finite number, but got {value}; change it")


def _kind(old: Any) -> str:
    words = {bool: "True or False", int: "a whole number", float: "a number", str: "text"}
    if isinstance(old, list | tuple):
        return f"a {type(old).__name__}"
    return words.get(type(old), "a number or None")


def _advise(value: Any, old: Any) -> str:
    if isinstance(old, list | tuple) and not isinstance(value, dict):
        return f"one value alone is written ({value!r},) with a comma"
    return f"it is now {show(old)}"
