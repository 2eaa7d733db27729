"""What to do when a step fails: the first known sign in pip's own words decides."""

import re
import shutil
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
        "free some disk space (this step puts {megabytes} MB into {prefix}, and half of that for a while into the "
        "temporary folder: TMPDIR=/big/disk moves it), then run the same again",
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


OTHERWISE = ("", "the log says more; mend that, then run the same again")


def find_sign(log: str) -> tuple[str, str]:
    """The first known sign in the log, and its advice."""
    return next((pair for pair in SIGNS if re.search(pair[0], log)), OTHERWISE)


def advise(log: str, **facts: object) -> str:
    """One line on what to do."""
    return find_sign(log)[1].format(**facts)


def find_reason(log: str, lines: int = 4) -> list[str]:
    """The lines that say why: the last with the sign, then pip's last ERROR lines, or the last ones at all."""
    sign, _ = find_sign(log)
    kept = [line.strip() for line in log.splitlines() if line.strip() and not is_noise(line)]
    telling = [line for line in log.splitlines() if sign and re.search(sign, line)][-1:]
    errors = [line for line in kept if re.match(r"ERROR|error|fatal|OSError|\w*Error:", line)]
    reasons = [*(line.strip() for line in telling), *(errors or kept)[-lines:]]
    return [reason[:300] for reason in dict.fromkeys(reasons)]


def is_noise(line: str) -> bool:
    """Lines that hide the reason."""
    return bool(re.match(r"WARNING: (Location|Running pip|Retrying)|\[notice\]|\s*$", line))


def find_lack_of_space(home: Path, passing: Path, megabytes: int) -> str:
    """Say where there is too little room, before a step fills it; empty when there is enough.

    pip holds the downloads, about half of what they become, in the temporary folder (`passing`) for a while.
    """
    needs = {home.stat().st_dev: (home, megabytes)}
    _, before = needs.get(passing.stat().st_dev, (home, 0))
    needs[passing.stat().st_dev] = (home if before else passing, before + megabytes // 2)
    for folder, need in needs.values():
        free = shutil.disk_usage(folder).free // 2**20
        if free < need:
            return f"{folder}: {need} MB of disk must be free, but only {free} MB are"
    return ""
