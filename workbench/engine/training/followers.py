"""Keys that a resume may find changed because something else was allowed to change: what is derived follows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.engine.config.keys import flatten
from workbench.engine.training.resume import find_differences

Identity = Mapping[str, Any]  # of a Course
CONFIG, SETTINGS = "config.", "settings."
ROOTS = (
    "data",
    "classes",
    "model",
)  # these cannot be taken back: everything that nobody said may follow from them


def find_followers(before: Identity, now: Identity, without: Identity) -> tuple[str, ...]:
    """Keys of Detectron2 that are as they were in `without`, the plan of now with what is allowed taken back."""
    still = find_differences(before, without)
    return tuple(key for key in _find_changed(before, now) if f"{CONFIG}{key}" not in still)


def find_underived(before: Identity, now: Identity, said: Collection[str]) -> tuple[str, ...]:
    """Keys of Detectron2 that differ, but for those that were said."""
    return tuple(key for key in _find_changed(before, now) if key not in said)


def take_back(before: Identity, now: Identity, allowed: Sequence[str]) -> dict[str, str]:
    """What to type for the allowed settings and keys to be as the run began."""
    names = [f"{place}{key}." for key in allowed for place in (CONFIG, SETTINGS)]
    old = dict(flatten(before))
    differ = [key for key in find_differences(before, now) if f"{key}.".startswith(tuple(names))]
    return {_as_typed(key): str(old[key]) for key in differ if key in old}


def _find_changed(before: Identity, now: Identity) -> list[str]:
    return [key.removeprefix(CONFIG) for key in find_differences(before, now) if key.startswith(CONFIG)]


def _as_typed(key: str) -> str:
    name = key.removeprefix(CONFIG).removeprefix(SETTINGS)
    return f"train.{name}" if name.startswith("augment.") else name
