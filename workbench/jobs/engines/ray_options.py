"""What is said about a Ray cluster when a job is launched: which one, with whose token, and what the job needs there.

Whatever can be seen to be wrong is refused while somebody is looking. The daemon runs in another environment than
the terminal, later, and for all projects: where the cluster is and where its token lies goes with each job.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import BAD_CONFIG, NO_INPUT, USAGE, JobError, nearest

OPTIONS = ("address", "token", "memory", "resources", "accelerator")
OLDEST = (2, 52)  # the first that asks for a token
TOKEN = Path(".ray") / "auth_token"  # below one's home: where Ray itself looks
MAKE_ONE = "ray get-auth-token --generate makes one, for the cluster and for here"
LAST_PORT = 2**16 - 1
_UNITS = {"MB": 2**20, "GB": 2**30, "TB": 2**40}


def complete_options(typed: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the daemon has to know; refuse what Ray could not be told."""
    for name in typed:
        if name not in OPTIONS:
            words = f"must be one of {', '.join(OPTIONS)}, but is not{nearest(name, OPTIONS)}"
            raise JobError(f"--ray {name}: {words}", USAGE)
    _require_version()
    choose_resources(typed)
    address = require_address(typed.get("address") or environment.get("RAY_ADDRESS", ""))
    return {**typed, "address": address, "token": str(_require_token(typed, environment))}


def require_address(text: str) -> str:
    """Return HOST:PORT of the cluster's head; refuse what would be guessed, or would start a cluster."""
    found = re.fullmatch(r"(?:[^\s/:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", text)
    if found and 0 < int(found[1]) <= LAST_PORT:
        return text
    told = repr(text) if text else "none"
    hint = "say --ray address=… or set RAY_ADDRESS; the machine of the queue must be a node of the cluster"
    raise JobError(
        f"--on ray: address: must be HOST:PORT of the cluster's head, but got {told}; {hint}", USAGE
    )


def _require_token(typed: Mapping[str, str], environment: Mapping[str, str]) -> Path:
    """Return the file of the token; the token itself stays there, and is in no job, no log and no command line."""
    home = Path(environment.get("HOME") or Path.home())
    named = typed.get("token") or environment.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named).expanduser().absolute() if named else home / TOKEN
    try:
        found = path.read_text(encoding="utf-8").strip()
    except OSError:
        only = (
            "; the one in RAY_AUTH_TOKEN is not seen by the daemon" if "RAY_AUTH_TOKEN" in environment else ""
        )
        hint = f"write the cluster's token into it, or name its file with --ray token=…; {MAKE_ONE}"
        raise JobError(
            f"{path}: must hold the token of the cluster, but cannot be read{only}; {hint}", NO_INPUT
        ) from None
    if not found:
        raise JobError(f"{path}: must hold the token of the cluster, but is empty; {MAKE_ONE}", NO_INPUT)
    return path


def _require_version() -> None:
    """Look at what is installed without importing it, which takes a second."""
    from importlib.metadata import PackageNotFoundError, version

    from workbench.extras import find_install_command, require

    try:
        found = version("ray")
    except PackageNotFoundError:
        require("ray", extra="scale")
        return
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        reason = (
            f"must be {oldest} or newer, but is {found}, which lets everybody on the network run commands"
        )
        raise JobError(f"ray: {reason}; run: {find_install_command('scale', 'ray')}", BAD_CONFIG)


def choose_resources(options: Mapping[str, str]) -> dict[str, object]:
    """Return what a job asks of Ray beside cores and GPUs, in Ray's own words."""
    found: dict[str, object] = {}
    if "memory" in options:
        found["memory"] = _read_memory(options["memory"])
    if "resources" in options:
        found["resources"] = dict(_read_resource(part) for part in options["resources"].split(","))
    if "accelerator" in options:
        found["accelerator_type"] = options["accelerator"]
    return found


def _read_memory(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(MB|GB|TB)", text)
    if found is None:
        raise JobError(f"--ray memory={text}: must be a size such as 32GB, but is not; correct it", USAGE)
    return int(float(found[1]) * _UNITS[found[2]])


def _read_resource(text: str) -> tuple[str, float]:
    found = re.fullmatch(r"([^\s:]+):(\d+(?:\.\d+)?)", text)
    if found is None:
        hint = "must be NAME:AMOUNT, as the nodes were started with it, but is not; correct it"
        raise JobError(f"--ray resources={text}: {hint}", USAGE)
    return found[1], float(found[2])
