"""Checkpoints of a run: written so that the newest readable one is never lost, and checked before they are read.

The folder holds `step-00000120.pth` with its manifest, and `last.json`, which names the one to go on from. A save is:
temporary file, fsync, manifest, rename, fsync of the folder, `last.json` the same way; only then are old ones removed.
"""

import json
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.engine.training.crash import crash_point
from workbench.engine.training.plain import to_plain
from workbench.engine.training.sealed import (
    SpoiledFile,
    check_sealed,
    read_sealed,
    remove_sealed,
    write_sealed,
)
from workbench.files import atomic_file, prepare_folder, sweep

POINTER = "last.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A checkpoint that was read; `warnings` say why it is not the one that it should be."""

    step: int
    content: Any
    path: Path
    warnings: tuple[str, ...] = ()


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return folder / f"step-{step:08}.pth"


def list_checkpoints(folder: Path) -> list[Path]:
    """Every checkpoint there, the newest first; whether they can be read is another question."""
    return sorted((path for path in folder.glob("step-*.pth") if _step(path) >= 0), key=_step, reverse=True)


def save_checkpoint(folder: Path, step: int, content: Any, *, keep: int, named: Collection[int] = ()) -> Path:
    """Save, then keep the newest `keep` checkpoints that are whole and those of the `named` steps.

    `content` is dicts, lists, tuples, texts, numbers, None and tensors: a TypeError says where it is something else.
    A full disk is an OutputError that leaves everything as it was: the run may go on and try again (see Saver).
    """
    prepare_folder(folder)
    path = checkpoint_path(folder, step)
    write_sealed(path, {"step": step, "content": to_plain(content)}, {"step": step})
    with atomic_file(folder / POINTER) as stream:
        stream.write(json.dumps({"step": step, "file": path.name}).encode() + b"\n")
        crash_point("pointer written")
    crash_point("pointer replaced")
    _remove_old(path, keep, {checkpoint_path(folder, one) for one in named})
    return path


def load_newest(folder: Path, *, strict: bool = False) -> Loaded | None:
    """Read the newest checkpoint that is whole; None where none was ever saved.

    Spoiled ones are passed over with a warning each; `strict`, or nothing whole left, is a SpoiledFile (exit 65).
    """
    sweep(folder)
    saved, warnings = list_checkpoints(folder), []
    pointed, complaint = _read_pointer(folder)
    if complaint and (saved or (folder / POINTER).exists()):
        warnings.append(complaint)
    for path in _in_order(pointed, saved):
        try:
            if strict and warnings:
                break
            return _load(path, tuple(warnings))
        except SpoiledFile as error:
            warnings.append(str(error))
    if warnings:
        hope = "; leave out --strict to go on from an older one" if strict and saved else ""
        raise SpoiledFile(f"{warnings[0]}{hope}")
    return None


def _load(path: Path, warnings: tuple[str, ...]) -> Loaded:
    raw = read_sealed(path).content
    if not isinstance(raw, dict) or raw.keys() != {"step", "content"} or raw["step"] != _step(path):
        raise SpoiledFile(
            f"{path}: must be the checkpoint of step {_step(path)}, but is another file; remove it"
        )
    return Loaded(step=raw["step"], content=raw["content"], path=path, warnings=warnings)


def _in_order(pointed: Path | None, saved: list[Path]) -> list[Path]:
    """The one that `last.json` names, then those before it, then whatever else is there."""
    if pointed is None:
        return saved
    before = [path for path in saved if _step(path) < _step(pointed)]
    return [pointed, *before, *(path for path in saved if path not in before and path != pointed)]


def _read_pointer(folder: Path) -> tuple[Path | None, str]:
    """Return what `last.json` names, and what is wrong with it."""
    path = folder / POINTER
    try:
        name = json.loads(path.read_bytes())["file"]
    except FileNotFoundError:
        return None, f"{path}: must name the newest checkpoint, but is not there"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, f"{path}: must name the newest checkpoint, but is spoiled ({error})"
    if not isinstance(name, str) or Path(name).name != name or _step(folder / name) < 0:
        return None, f"{path}: must name a checkpoint, but names {name!r}"
    if not (folder / name).exists():
        return None, f"{path}: must name a checkpoint that is there, but {name} is not"
    return folder / name, ""


def _step(path: Path) -> int:
    """The step in a checkpoint's name; -1 where it is no such name."""
    found = re.fullmatch(r"step-(\d{8,})\.pth", path.name, re.ASCII)
    return int(found[1]) if found else -1


def _remove_old(newest: Path, keep: int, named: Collection[Path]) -> None:
    """Remove what is not to be kept; steps after the newest belong to a history that was given up.

    What is kept instead is read through first: a rotten one does not count.
    """
    saved = list_checkpoints(newest.parent)
    before = (path for path in saved if _step(path) < _step(newest))
    kept = {newest, *named}
    if len(saved) > keep:
        kept |= set(islice((path for path in before if _is_whole(path)), max(keep, 1) - 1))
    else:
        kept |= set(before)
    for path in saved:
        if path not in kept:
            crash_point("before a removal")
            remove_sealed(path)
    for path in newest.parent.glob("step-*.json"):
        if not path.with_suffix(".pth").exists():
            with suppress(OSError):
                path.unlink()


def _is_whole(path: Path) -> bool:
    try:
        check_sealed(path)
    except SpoiledFile:
        return False
    return True
