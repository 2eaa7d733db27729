"""Labelme's settings for one window: ours for the task, a person's own for the rest, and theirs left as they are."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workbench.data.annotation import HOLE_LABELS, IGNORE
from workbench.files import write_atomically
from workbench.labelling.labelmerc import read_labelmerc
from workbench.project import Project

HEAD = "# Written by `workbench label` each time it opens a window. What you want to keep belongs into ~/.labelmerc.\n"
PLACE = "labelme"  # in the project's folder: what the window needs, and nothing that a person made
GREY, BLACK = [150, 150, 150], [30, 30, 30]
# What a project decides; docs/labelling.md says why for each.
OURS = (
    "auto_save", "store_data", "with_image_data", "keep_prev", "labels", "validate_label", "sort_labels",
    "shape_color", "label_colors", "default_shape_color", "shift_auto_shape_color", "file_search",
)  # fmt: skip


def write_config(path: Path, project: Project, major: int, program: Path) -> tuple[Path, list[str]]:
    """Write the config of one window, and say what of ~/.labelmerc does not hold in it."""
    theirs, notes = read_labelmerc(program)
    clashing = [key for key in theirs if key in OURS]
    if clashing:
        notes.append(f"~/.labelmerc: {', '.join(clashing)}: the project decides; the rest of it holds")
    kept = {key: value for key, value in theirs.items() if key not in OURS}
    text = json.dumps({**task_config(project, major), **kept}, indent=2, ensure_ascii=False)
    write_atomically(path, f"{HEAD}{text}\n".encode())
    return path, notes


def task_config(project: Project, major: int) -> dict[str, Any]:
    """What is drawn is saved, without a copy of the image, and classes have the project's colours."""
    colors = {category.name: list(category.color) for category in project.categories}
    colors = dict.fromkeys(HOLE_LABELS, BLACK) | {IGNORE: GREY} | colors
    config: dict[str, Any] = {"auto_save": True, "with_image_data": False, "keep_prev": False}
    if project.task != "semantic":  # one row a class: a key of many would be longer than YAML allows
        things = [category.name for category in project.categories if category.thing]
        config["label_flags"] = {f"^{re.escape(name)}$": ["crowd"] for name in things}
    if major >= 7:
        by_label = {"colors": colors, "fallback": GREY}
        return {**config, "shape_color": {"mode": "by_label", "by_label": by_label}}
    return {**config, "shape_color": "manual", "label_colors": colors, "default_shape_color": GREY}


@contextmanager
def keep_settings_apart(place: Path) -> Iterator[Mapping[str, str]]:
    """Yield an environment in which Labelme writes its window's size and place into our folder."""
    ours = place / "settings"
    theirs = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    _mirror(theirs, ours)
    try:
        with keep_labelmerc():
            yield {**os.environ, "XDG_CONFIG_HOME": str(ours.resolve())}
    finally:
        _remove_links(ours)


def _mirror(theirs: Path, ours: Path) -> None:
    """Link everything of ~/.config (fonts, themes), and begin with a copy of Labelme's own folder."""
    ours.mkdir(parents=True, exist_ok=True)
    _remove_links(ours)
    for path in theirs.iterdir() if theirs.is_dir() else ():
        if path.name != "labelme" and not (ours / path.name).exists():
            with suppress(OSError):
                (ours / path.name).symlink_to(path.resolve())
    if (theirs / "labelme").is_dir() and not (ours / "labelme").exists():
        shutil.copytree(theirs / "labelme", ours / "labelme")


def _remove_links(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_symlink():
            with suppress(OSError):
                path.unlink()


@contextmanager
def keep_labelmerc() -> Iterator[None]:
    """Labelme makes a ~/.labelmerc with nothing but comments where there is none: it goes again."""
    labelmerc = Path.home() / ".labelmerc"
    was_there = labelmerc.exists()
    try:
        yield
    finally:
        if not was_there:
            _remove_empty(labelmerc)


def _remove_empty(labelmerc: Path) -> None:
    with suppress(OSError, UnicodeDecodeError):
        lines = labelmerc.read_text(encoding="utf-8").splitlines()
        if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
            labelmerc.unlink()
