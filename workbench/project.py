"""A project: the folder with project.toml, and what it says."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from workbench.data.annotation import RESERVED_LABELS
from workbench.data.colors import category_color
from workbench.data.dataset import Category
from workbench.errors import ProjectError, nearest
from workbench.project_folder import FILE

Task = Literal["instance", "semantic", "panoptic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSettings:
    """[split]: shares of the parts, and what must stay together."""

    val: float = 0.2
    test: float = 0.0
    group: str = ""
    seconds: float = 20.0
    hash_distance: int = 8
    lists: Mapping[str, str] = field(default_factory=dict)  # part -> file with one image path a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold of a cross-validation: the part of each image that takes part, and the file that says so."""

    file: Path
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything project.toml says, checked; `folder` is where it lies."""

    folder: Path
    name: str
    task: Task
    annotations: Path
    categories: tuple[Category, ...]
    unlabelled: str | None = None
    split: SplitSettings = field(default_factory=SplitSettings)
    model: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    detectron2: Mapping[str, Any] = field(default_factory=dict)
    fold: Fold | None = None  # typed, never in the file: judged on this, in place of the project's own split

    @property
    def datasets(self) -> Path:
        """The folder of converted datasets, one for each fingerprint."""
        return self.folder / "datasets"

    @property
    def runs(self) -> Path:
        """The folder of training runs."""
        return self.folder / "runs"

    @property
    def frozen_split(self) -> Path:
        """Where each image's part is written down, for ever."""
        return self.folder / "split.json"


KEYS = (
    "name",
    "task",
    "annotations",
    "categories",
    "stuff",
    "unlabelled",
    "split",
    "model",
    "train",
    "detectron2",
)


def read_project(folder: Path) -> Project:
    """Read and check project.toml."""
    path = folder / FILE
    raw = _read_toml(path)
    _refuse_unknown(path, "", raw, KEYS)
    for key in ("annotations", "categories"):
        if key not in raw:
            raise ProjectError(
                f"{path}: {key}: must be set, but is missing; add it (docs/projects.md shows how)"
            )
    task = _require(path, raw, "task", str, "instance")
    if task not in get_args(Task):
        raise ProjectError(
            f"{path}: task: must be one of {', '.join(get_args(Task))}, but got {task!r}; change it"
        )
    categories = read_categories(path, raw)
    return Project(
        folder=folder,
        name=_require(path, raw, "name", str, folder.resolve().name),
        task=task,
        annotations=_annotation_folder(path, raw),
        categories=categories,
        unlabelled=_unlabelled(path, raw, categories),
        split=_read_split(path, raw),
        **{key: _require(path, raw, key, dict, {}) for key in ("model", "train", "detectron2")},
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(f"{path}: must exist, but does not; make one with workbench new NAME") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProjectError(f"{path}: must be TOML, but is not ({error}); mend that line") from error


def _refuse_unknown(path: Path, where: str, raw: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in raw:
        if key not in known:
            name = f"{where}.{key}" if where else key
            raise ProjectError(f"{path}: {name}: must be a known key, but is not{nearest(key, known)}")


def _require(path: Path, raw: Mapping[str, Any], key: str, kind: type | tuple[type, ...], absent: Any) -> Any:
    value = raw.get(key, absent)
    if not isinstance(value, kind) or isinstance(value, bool):
        word = {str: "text", dict: "a table", list: "a list of texts", int: "a whole number"}
        must = word[kind] if isinstance(kind, type) else "a number"
        raise ProjectError(f"{path}: {key}: must be {must}, but got {value!r}; change it")
    return value


def read_categories(path: Path, raw: Mapping[str, Any]) -> tuple[Category, ...]:
    """Number the things, then the stuff, from 1 in the order of the lists."""
    things, stuff = (_require(path, raw, key, list, []) for key in ("categories", "stuff"))
    names = [*things, *stuff]
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ProjectError(f"{path}: categories: each must be a name, but got {name!r}; change it")
        if names.count(name) > 1:
            raise ProjectError(
                f'{path}: categories: each name must be there once, but "{name}" is twice; drop one'
            )
    if not names:
        raise ProjectError(f"{path}: categories: must name at least one class, but is empty; add one")
    return make_categories(things, stuff)


def make_categories(things: list[str], stuff: list[str] | None = None) -> tuple[Category, ...]:
    """Return categories in order, each with its colour."""
    return tuple(
        Category(id=number, name=name, thing=number <= len(things), color=category_color(number))
        for number, name in enumerate([*things, *(stuff or [])], start=1)
    )


def read_labels(path: Path) -> list[str]:
    """Read a labels.txt: one class a line; what Labelme gives a meaning of its own (`__ignore__`) is no class."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"{path}: must be a text file of labels, but is not ({error}); check the name"
        ) from error
    names = [line.strip() for line in lines if line.strip() and line.strip() not in RESERVED_LABELS]
    for name in names:
        if names.count(name) > 1:
            raise ProjectError(f'{path}: each label must be there once, but "{name}" is not; drop one')
    if not names:
        raise ProjectError(f"{path}: must name at least one class, but names none; add one a line")
    return names


def _annotation_folder(path: Path, raw: Mapping[str, Any]) -> Path:
    folder = Path(os.path.normpath(path.parent / _require(path, raw, "annotations", str, "")))
    if not folder.is_dir():
        raise ProjectError(
            f"{path}: annotations: must be a folder, but {folder} is not; make it or correct the path"
        )
    return folder


def _unlabelled(path: Path, raw: Mapping[str, Any], categories: tuple[Category, ...]) -> str | None:
    if raw.get("unlabelled") is None:
        return None
    name: str = _require(path, raw, "unlabelled", str, "")
    stuff = [category.name for category in categories if not category.thing]
    if name not in stuff:
        raise ProjectError(
            f"{path}: unlabelled: must be one of stuff, but got {name!r}{nearest(name, stuff)}"
        )
    return name


def _read_split(path: Path, raw: Mapping[str, Any]) -> SplitSettings:
    table = _require(path, raw, "split", dict, {})
    defaults = {key.name: key.default for key in fields(SplitSettings) if key.default is not MISSING}
    _refuse_unknown(path, "split", table, (*defaults, "lists"))
    kinds = {"group": str, "hash_distance": int}
    values = {
        key: _require(path, table, key, kinds.get(key, (int, float)), value)
        for key, value in defaults.items()
    }
    settings = SplitSettings(**values, lists=_require(path, table, "lists", dict, {}))
    if not 0 <= settings.val + settings.test < 1 or min(settings.val, settings.test) < 0:
        raise ProjectError(
            f"{path}: split: val + test must be from 0 to below 1, but is {settings.val + settings.test}; change it"
        )
    _refuse_unknown(path, "split.lists", settings.lists, ("train", "val", "test"))
    _require_pattern(path, settings.group)
    return settings


def _require_pattern(path: Path, pattern: str) -> None:
    import re

    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ProjectError(
            f"{path}: split.group: must be a regular expression, but {error}; mend it"
        ) from error
    if pattern and not groups:
        raise ProjectError(
            f"{path}: split.group: must have a (group), but got {pattern!r}; put brackets around what is common"
        )
