"""The values of a trial as settings of the project: what would change in project.toml, and the file with it."""

import ast
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from stat import S_IMODE
from typing import Any

from workbench.errors import ProjectError
from workbench.files import atomic_file, write_atomically
from workbench.formats.toml_edit import Path as Keys
from workbench.formats.toml_edit import Value, set_values
from workbench.project import Project, read_project
from workbench.project_folder import FILE
from workbench.run import Run, read_record
from workbench.settings import read_settings
from workbench.sweeps.names import FOLD, SEED
from workbench.sweeps.record import SweepFolder

# Of what was typed: what says nothing about how good the values are, or holds on one machine only.
LEFT_OUT = (SEED, FOLD, "model.code", "train.device", "train.workers", "train.cache_mb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """The new project.toml; `changes` are what differs: key, before (None: not there), after."""

    old: bytes
    new: bytes
    changes: tuple[tuple[str, Any, Any], ...]
    left_out: tuple[str, ...]
    changed_since: bool  # whether project.toml is not what the trial was trained with


def plan_adoption(folder: SweepFolder, run: Run) -> Adoption:
    """Put all that was typed for a run into the project's own words."""
    path = folder.project / FILE
    old = path.read_bytes()
    ending = "\r\n" if b"\r\n" in old else "\n"
    text = old.decode().replace("\r\n", "\n")
    project = read_project(folder.project)
    typed = {str(key): str(value) for key, value in read_record(run).get("typed", {}).items()}
    kept = {key: value for key, value in typed.items() if key not in LEFT_OUT}
    values = read_values(project, kept)
    before = tomllib.loads(text)
    changes = [(".".join(keys), _find(before, keys), _plain(value)) for keys, value in values.items()]
    new = set_values(text, values, source=path)
    _require_readable(project, tomllib.loads(new))
    return Adoption(
        old=old,
        new=new.replace("\n", ending).encode(),
        changes=tuple(change for change in changes if change[1] != change[2]),
        left_out=tuple(key for key in typed if key in LEFT_OUT),
        changed_since=run.project_copy.is_file() and run.project_copy.read_text(encoding="utf-8") != text,
    )


def read_values(project: Project, typed: Mapping[str, str]) -> dict[Keys, Value]:
    """Return each typed word by its place in project.toml, as the kind of value that it has there."""
    small = {key: text for key, text in typed.items() if not key.partition(".")[0].isupper()}
    settings = read_settings(project, small)
    values: dict[Keys, Value] = {}
    for key, text in typed.items():
        if key not in small:
            values["detectron2", *key.split(".")] = read_literal(text)
            continue
        table, _, name = key.replace("train.augment.", "augment.", 1).partition(".")
        keys = ("train", "augment", name) if table == "augment" else (table, name)
        values[keys] = getattr(getattr(settings, table), name)
    return values


def read_literal(text: str) -> Value:
    """A number, a truth or a list of them where the text is one; else the text."""
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    return found if _fits(found) else text


def _fits(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_fits, value))
    return isinstance(value, str | bool | int) or (isinstance(value, float) and abs(value) < float("inf"))


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value


def _find(tree: Any, keys: Keys) -> Any:
    for name in keys:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _require_readable(project: Project, tree: Mapping[str, Any]) -> None:
    """What nobody could train with is not written."""
    known = {one.name for one in fields(Project)} & {"model", "train", "detectron2"}
    read_settings(replace(project, **{name: tree.get(name, {}) for name in known}))


def write_best(folder: SweepFolder, adoption: Adoption) -> Path:
    """Write best.toml into the sweep's folder."""
    write_atomically(folder.best, adoption.new)
    return folder.best


def accept(folder: SweepFolder, adoption: Adoption) -> Path:
    """Put it in the place of project.toml; return where the old one is kept, which is never written over."""
    path = (folder.project / FILE).resolve()  # a link stays one
    kept = next(place for place in map(folder.before, range(1, 1000)) if not _is_other(place, adoption.old))
    if not kept.exists():
        write_atomically(kept, adoption.old)
    with atomic_file(path) as stream:
        os.fchmod(stream.fileno(), S_IMODE(path.stat().st_mode))
        stream.write(adoption.new)
        if path.read_bytes() != adoption.old:
            raise ProjectError(f"{path}: must stay as it is meanwhile, but somebody wrote it; adopt again")
    return kept


def _is_other(place: Path, content: bytes) -> bool:
    return place.exists() and place.read_bytes() != content
