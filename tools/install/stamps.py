"""What a finished step left behind, so that the next run can tell in a moment that nothing is to be done.

A stamp holds the key of the step (a hash of all that it was made from) and what was then installed. It is believed
only while all of that is still there at the same versions. `clear_broken` is asked before: it looks at every file of
every package (0.6 s for the 60,000 of them), so a stamp cannot vouch for what somebody deleted.
"""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tools.install.environment import Environment, find_installed, read_label


def make_key(*inputs: str) -> str:
    """One hash of everything that a step is made from."""
    return hashlib.sha256("\0".join(inputs).encode()).hexdigest()


def is_fresh(environment: Environment, step: str, key: str) -> bool:
    """Is the stamp there, of this key, and still true?"""
    try:
        stamp = json.loads((environment.records / f"{step}.json").read_text())
        installed = find_installed(environment.packages)
        return stamp["key"] == key and all(
            installed.get(name) == version for name, version in stamp["projects"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # a torn stamp is no stamp


def write_stamp(environment: Environment, step: str, key: str, names: Iterable[str]) -> None:
    """Note what is installed of `names` (only those that the constraints know: the rest is the person's own)."""
    installed = find_installed(environment.packages)
    projects = {name: installed[name] for name in sorted(set(names)) if name in installed}
    environment.records.mkdir(parents=True, exist_ok=True)
    target = environment.records / f"{step}.json"
    draft = target.with_suffix(".tmp")
    draft.write_text(json.dumps({"key": key, "projects": projects}, indent=1))
    draft.replace(target)


def drop_stamp(environment: Environment, step: str) -> None:
    """Forget a step before it is done anew: an interrupted one must not look finished."""
    (environment.records / f"{step}.json").unlink(missing_ok=True)


def read_record(metadata: Path) -> list[str]:
    """The files of one project as its RECORD lists them; none when it has no RECORD."""
    record = metadata / "RECORD"
    if not record.is_file():
        return []
    with record.open(newline="") as lines:
        return [row[0] for row in csv.reader(lines) if row]


def clear_broken(environment: Environment, names: Iterable[str]) -> list[str]:
    """Take the label off projects that are half there, so that pip puts them in again; return their names.

    pip writes RECORD last: without it, or with a file of it missing, an install was cut short or files were deleted.
    """
    for rest in environment.packages.glob("~*") if environment.own else ():
        shutil.rmtree(rest, ignore_errors=True)  # what pip had moved aside when it was killed
    known, broken = set(names), []
    for metadata in sorted(environment.packages.glob("[!~]*-*.dist-info")):
        name, _ = read_label(metadata)
        if name in known and not is_whole(environment.packages, metadata):
            shutil.rmtree(metadata)
            broken.append(name)
    return broken


def is_whole(packages: Path, metadata: Path) -> bool:
    """Are METADATA, RECORD and every file in it there? Compiled .pyc files come and go."""
    files = read_record(metadata)
    there = (metadata / "METADATA").is_file() and bool(files)
    return there and all(os.path.exists(f"{packages}/{f}") for f in files if not f.endswith(".pyc"))  # noqa: PTH110
