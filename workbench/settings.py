"""How to train, in the workbench's own words: [model], [train], [train.augment] of project.toml, and what was typed.

Defaults < file < typed. What Detectron2 has a key for is Detectron2's: [detectron2], or KEY VALUE in capitals.
"""

import ast
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

from workbench.errors import ProjectError, nearest
from workbench.project import Project
from workbench.project_folder import FILE

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Schedule = Literal["row", "step", "cosine"]
Balance = Literal["auto", "on", "off"]
Flip = Literal["horizontal", "vertical", "both", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """[model]: which row, and what is changed about it."""

    name: str = ""  # a row of `workbench models`; empty: the task's default
    backbone: str = ""  # a timm backbone in place of the row's
    weights: str = "row"  # "row": the row's own; "": none; or a file, a run folder, an address of the zoo
    config: str = ""  # a Detectron2 YAML in place of a row
    code: str = ""  # the project's model.py; runs only where --trust names it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """[train]: how long, how fast, how careful. 0, -1 and "auto" mean: derived from the data, and said."""

    steps: int = 0
    batch: int = 0  # images an optimiser step, over all processes and accumulated parts
    accumulate: int = 1  # parts in which such a batch goes through the model
    lr: float = 0.0
    schedule: Schedule = "row"  # how the rate falls; the row's own
    warmup: int = -1
    clip: float = 5.0  # largest norm of the gradient; 0: off
    ema: float = -1.0  # decay of the averaged weights; -1: from the length of the run, 0: off
    freeze: tuple[str, ...] = ()  # patterns of parameter names, such as "backbone.*"
    precision: Precision = "auto"
    device: str = "auto"
    seed: int = 0
    workers: int = -1
    cache_mb: int = -1
    negatives: bool = True  # train on images without objects, too
    balance: Balance = "auto"  # repeat images of rare classes
    evaluate_every: int = 0
    checkpoint_every: int = 0
    keep: int = 2  # checkpoints kept to resume from
    patience: int = 0  # evaluations without a better score until it stops; 0: never
    skip_bad_losses: int = 0  # steps with a loss that is no number that are passed over before it stops
    validation_images: int = 50  # for the validation loss; the scores take them all
    watch: tuple[str, ...] = ("tensorboard",)


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """[train.augment]: what may be done to an image before the model sees it; Detectron2's transforms."""

    flip: Flip = "horizontal"
    short_edge: tuple[int, ...] = ()  # one of these; empty: derived
    crop: float = 0.0  # share of each side; 0: off
    jitter: tuple[float, ...] = ()  # large-scale jitter: smallest and largest scale
    color: float = 0.0  # brightness, contrast, saturation: up to this share
    rotation: float = 0.0  # degrees to either side


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitChoice:
    """What is judged on, where it is not val of the project's own split; only typed, so that no file hides it."""

    fold: str = ""  # SWEEP/NUMBER: a fold of a cross-validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it."""

    split: SplitChoice = field(default_factory=SplitChoice)
    model: ModelSettings = field(default_factory=ModelSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def to_json(self) -> dict[str, Any]:
        """As run.json keeps it."""
        return asdict(self)


def read_settings(project: Project, typed: Mapping[str, str] | None = None) -> Settings:
    """Take the project's words, then the typed ones (`train.ema 0.999`)."""
    path = str(project.folder / FILE)
    train = dict(project.train)
    augment = train.pop("augment", {})
    if not isinstance(augment, Mapping):
        raise ProjectError(f"{path}: train.augment: must be a table, but got {augment!r}; change it")
    tables: dict[str, dict[str, Any]] = {
        "split": {},
        "model": dict(project.model),
        "train": train,
        "augment": dict(augment),
    }
    for key, text in (typed or {}).items():
        table, _, name = key.replace("train.augment.", "augment.", 1).partition(".")
        if table not in tables:
            known = [f"{room}.{item.name}" for room, kind in _TABLES.items() for item in fields(kind)]
            raise ProjectError(
                f"{key}: must be a setting, but is not{nearest(key if '.' in key else f'train.{key}', known)}"
            )
        tables[table][name] = _Typed(text)
    return Settings(
        **{
            room: kind(**{key: _read(path, room, kind, key, value) for key, value in tables[room].items()})
            for room, kind in _TABLES.items()
        }
    )


def settings_from_json(raw: Mapping[str, Any]) -> Settings:
    """Take back what run.json kept; settings that are younger than the run have their defaults."""
    tables = {
        room: {key: _read("run.json", room, kind, key, value) for key, value in raw.get(room, {}).items()}
        for room, kind in _TABLES.items()
    }
    return Settings(**{room: kind(**tables[room]) for room, kind in _TABLES.items()})


def choose_decay(asked: float, steps: int) -> float:
    """The average reaches over the last hundredth or so of a run, unless something else was asked for."""
    return asked if asked >= 0 else max(1 - 10 / max(steps, 1), 0.0)


_TABLES: Mapping[str, Any] = {
    "split": SplitChoice,
    "model": ModelSettings,
    "train": TrainSettings,
    "augment": AugmentSettings,
}
_LEAST = {
    "keep": 1,
    "accumulate": 1,
    "warmup": -1,
    "ema": -1,
    "workers": -1,
    "cache_mb": -1,
}  # of the others: 0


class _Typed(str):
    """A value from the command line, whose kind is the setting's."""


def _read(path: str, room: str, kind: type, key: str, value: Any) -> Any:
    """Check one value against the kind of its setting."""
    known = {item.name: item for item in fields(kind)}
    table = "train.augment" if room == "augment" else room
    place = f"{table}.{key}" if isinstance(value, _Typed) else f"{path}: {table}.{key}"
    if key not in known:
        raise ProjectError(f"{place}: must be a known setting, but is not{nearest(key, known)}")
    wanted = known[key].type
    got = _parse(value, wanted) if isinstance(value, _Typed) else value
    if get_origin(wanted) is Literal:
        if got not in get_args(wanted):
            raise ProjectError(
                f"{place}: must be one of {', '.join(get_args(wanted))}, but got {got!r}; change it"
            )
        return got
    if get_origin(wanted) is tuple:
        return _read_tuple(place, got, get_args(wanted)[0])
    return _read_number(place, key, got, wanted)


def _read_tuple(place: str, got: Any, kind: type) -> tuple[Any, ...]:
    if not isinstance(got, list | tuple) or not all(_is(item, kind) for item in got):
        word = {str: "texts", int: "whole numbers", float: "numbers"}[kind]
        raise ProjectError(f"{place}: must be a list of {word}, but got {got!r}; change it")
    return tuple(map(kind, got))


def _read_number(place: str, key: str, got: Any, kind: Any) -> Any:
    if not _is(got, kind):
        word = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[kind]
        raise ProjectError(f"{place}: must be {word}, but got {str(got)!r}; change it")
    if kind in (int, float) and not _LEAST.get(key, 0) <= got < float("inf"):
        raise ProjectError(f"{place}: must be {_LEAST.get(key, 0)} or more, but got {got}; change it")
    return kind(got)


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _parse(text: str, wanted: Any) -> Any:
    """Read a typed value as the kind that the setting has."""
    plain = str(text)
    if wanted is str or get_origin(wanted) is Literal:
        return plain
    if wanted is bool:
        return {"true": True, "false": False}.get(plain.lower(), plain)
    if get_origin(wanted) is tuple and not plain.startswith(("(", "[")):
        plain = f"({plain},)" if get_args(wanted)[0] is not str else repr(tuple(plain.split(",")))
    try:
        return ast.literal_eval(plain)
    except (ValueError, SyntaxError):
        return plain
