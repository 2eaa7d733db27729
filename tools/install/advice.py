"""What to do when a step fails: the first known sign in pip's own words decides."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

NETWORK = (
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|name resolution|Network is unreachable|"
    r"Connection (refused|reset|aborted|broken)|Could not resolve host|IncompleteRead|Failed to establish|"
    r"Tunnel connection failed|Could not connect|No route to host"
)

NO_SPACE = "No space left on device"

SIGNS: tuple[tuple[str, str], ...] = (
    (
        NO_SPACE + "|Errno 28",
        "free some disk space: {megabytes} MB in {prefix}, and half of that for a while in the temporary folder "
        "(TMPDIR=/big/disk moves it); then run the same again",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLError",
        "name the certificate of your network: export PIP_CERT=/path/to/ca.pem",
    ),
    (
        NETWORK,
        "the package registry could not be reached: check the network (behind a proxy: export "
        "HTTPS_PROXY=http://host:port; with a mirror: export PIP_INDEX_URL=…), then run the same again",
    ),
    (
        "externally-managed-environment",
        "this Python belongs to the system: leave VENV=active away, and .venv is made",
    ),
    (
        "ensurepip is not|No module named '?(venv|ensurepip)",
        "install the venv module: sudo apt install python{minor}-venv; then run the same again",
    ),
    (
        r"Python\.h: No such file",
        "install Python's headers: sudo apt install python{minor}-dev; then run the same again",
    ),
    (
        r"command '[^']*(gcc|g\+\+|cc)' failed|No such file or directory: '[^']*(gcc|g\+\+|c\+\+)'|"
        r"Unable to find a compiler|unable to execute '[^']*(gcc|g\+\+)'|command '[^']*(which|c\+\+)'",
        "a C++ compiler is needed: sudo apt install build-essential; or leave DETECTRON2 away, as the packed one "
        "needs none",
    ),
    (
        "No such file or directory: 'git'|Cannot find command 'git'",
        "sudo apt install git; then run the same again",
    ),
    (
        "DO NOT MATCH THE HASHES|its sha256 must be",
        "the download is damaged or was replaced: pip cache purge, then run the same again; if it stays so, "
        "do not trust it",
    ),
    (
        "No matching distribution found|is not a supported wheel",
        "there is no file of it for this machine; tried are Linux x86-64 with Python 3.11, 3.12 and 3.13 "
        "(another one: make demo PYTHON=python3.12 VENV=.venv312)",
    ),
    (
        "ResolutionImpossible|conflicting dependencies",
        "something else in this environment asks for other versions: use a new one (make demo VENV=.venv)",
    ),
    (
        "Permission denied|Errno 13|Read-only file system",
        "{prefix} cannot be written: make it yours, or name another place (make demo VENV=~/workbench-venv)",
    ),
)


def advise(log: str, **facts: object) -> str:
    """One line on what to do."""
    for sign, advice in SIGNS:
        if re.search(sign, log):
            return advice.format(**facts)
    return "the log says more; mend that, then run the same again"


def find_reason(log: str, lines: int = 6) -> list[str]:
    """The last lines that say why: pip's ERROR lines where there are any, else the last ones."""
    kept = [line.rstrip() for line in log.splitlines() if line.strip() and not is_noise(line)]
    errors = [line for line in kept if re.match(r"\s*(ERROR|error|fatal|OSError|.*Error:)", line)]
    return [line[:300] for line in (errors or kept)[-lines:]]


def is_noise(line: str) -> bool:
    """Lines that hide the reason."""
    return bool(re.match(r"WARNING: (Location|Running pip|Retrying)|\[notice\]|\s*$", line))


def find_lack_of_space(folders: Sequence[Path], megabytes: int) -> str:
    """Say where there is too little room, before a step fills it; empty when there is enough."""
    for folder in folders:
        there = next(p for p in (folder, *folder.parents) if p.exists())
        free = shutil.disk_usage(there).free // 2**20
        if free < megabytes:
            return f"{folder}: {megabytes} MB of disk must be free, but only {free} MB are"
    return ""
