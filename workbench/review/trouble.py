"""What a database can refuse, in words a person can act on: read from mongod's own log."""

import os
from contextlib import suppress
from pathlib import Path

from workbench.errors import SERVICE_DOWN, WorkbenchError

FOLDER = "WORKBENCH_DATABASE"  # where the database lies, if not at the usual place
_FULL = "the disk is full; free some space and run it again"
_TAKEN = "another mongod works on it; end that one{who}, or set {variable} to another folder"
_CLOSED = "you may not write there; run: chown -R {user} {folder} (or set {variable} to another folder)"
_FOREIGN = (
    "it was written by another version of mongod; set {variable} to another folder, or move this one away"
)
_DAMAGED = "its files are damaged; run: mv {folder} {folder}.damaged (it is filled anew, without the tags)"
_WORDS = {
    "Not enough free space": _FULL,
    "No space left on device": _FULL,
    "DBPathInUse": _TAKEN,
    "Unable to lock the lock file": _TAKEN,
    "Permission denied": _CLOSED,
    "IllegalOperation": _CLOSED,
    "Wrong mongod version": _FOREIGN,
    "featureCompatibilityVersion": _FOREIGN,
    "UPGRADE PROBLEM": _FOREIGN,
    "WT_PANIC": _DAMAGED,
    "WiredTiger metadata corruption": _DAMAGED,
    "unable to read root page": _DAMAGED,
}


class ReviewError(WorkbenchError):
    """FiftyOne, its database or its App cannot be used."""

    exit_code = SERVICE_DOWN


def read_log(log: Path) -> list[str]:
    """Its lines, as far as it is there."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def explain_log(folder: Path) -> str:
    """Why the server of a folder ended, as far as its log says."""
    log = folder / "mongod.log"
    bad = [line for line in read_log(log) if '"s":"E"' in line or '"s":"F"' in line]
    for sign, words in _WORDS.items():
        if any(sign in line for line in bad):
            reason = words.format(
                who=_name_holder(folder), variable=FOLDER, user=os.environ.get("USER", "$USER"), folder=folder
            )
            return f"{folder}: the database must be usable, but {reason}"
    return f"{folder}: mongod must run, but it ended; run it again ({log} tells more)"


def _name_holder(folder: Path) -> str:
    """mongod writes its number into its lock."""
    with suppress(OSError, ValueError):
        return f" (kill {int((folder / 'data' / 'mongod.lock').read_text())})"
    return ""
