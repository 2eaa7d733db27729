"""Writes constraints.txt anew from what pip resolves for each Python: `make pins`.

    python3 -m tools.pin python3.11 python3.12 python3.13 > constraints.txt

What setup.cfg names has one version on all of them, except where setup.cfg itself tells the Pythons apart; what comes
in turn may differ, and carries a marker then.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from configparser import ConfigParser
from pathlib import Path

HEAD = """\
# Exact versions of everything that setup.cfg's extras bring, also of what they need in turn, for Linux x86-64 with
# Python {pythons}. Written by `make pins`; edit setup.cfg instead.
"""
ROOT = Path(__file__).resolve().parents[1]
OURS = "detectron2-workbench"
# The pair that training was tried with; a newer one is a decision, not an accident.
HELD = {"torch": "2.14.1", "torchvision": "0.29.1"}
# What installs and builds, and what a Detectron2 of one's own asks for.
BESIDE = ("pip", "wheel", "black")


def main(pythons: list[str]) -> int:
    """Print the file."""
    pins: dict[str, dict[str, str]] = {}
    shared = HELD
    for python in pythons:
        version, found = resolve(python, shared)
        shared = shared if pins else {name: found[name] for name in find_common_names() if name in found}
        pins[version] = found
    sys.stdout.write("\n".join([HEAD.format(pythons=", ".join(pins)), *merge(pins), ""]))
    return 0


def resolve(python: str, shared: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The Python's version, and name → version of everything that pip would install with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shared.txt").write_text("".join(f"{project}=={pin}\n" for project, pin in shared.items()))
        run(python, "-m", "venv", folder / "venv")
        pip: list[str | Path] = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet"]
        run(*pip, "--upgrade", "pip")
        report, limits = folder / "report.json", ("--constraint", folder / "shared.txt")
        run(*pip, "--dry-run", "--ignore-installed", "--report", report, *limits, f"{ROOT}[all]", *BESIDE)
        document = json.loads(report.read_text())
    items = (item["metadata"] for item in document["install"])
    found = {item["name"].replace("_", "-").lower(): str(item["version"]) for item in items}
    found.pop(OURS)
    return str(document["environment"]["python_version"]), found


def run(*command: str | Path) -> None:
    """One program; its words go to stderr, for stdout is the file."""
    subprocess.run(command, check=True, stdout=sys.stderr)


def find_common_names() -> set[str]:
    """The projects of setup.cfg that are asked for in the same words on every Python."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    text = "\n".join([config["options"]["install_requires"], *config["options.extras_require"].values()])
    return {read_name(line).lower() for line in text.splitlines() if line.strip() and ";" not in line}


def read_name(requirement: str) -> str:
    """The project of `ray>=2.52; python_version < "3.13"`."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def merge(pins: dict[str, dict[str, str]]) -> list[str]:
    """One line for each name and version, with a marker where the Pythons differ."""
    lines = []
    for name in sorted(set().union(*pins.values())):
        by_version: dict[str, list[str]] = {}
        for python, found in pins.items():
            if name in found:
                by_version.setdefault(found[name], []).append(python)
        lines += [f"{name}=={v}{make_marker(having, list(pins))}" for v, having in by_version.items()]
    return lines


def make_marker(having: Iterable[str], known: list[str]) -> str:
    """Nothing when all agree; the newest Python's pin holds for later ones too."""
    having = list(having)
    parts = [f'python_version >= "{having[0]}"'] if having[0] != known[0] else []
    if having[-1] != known[-1]:
        parts.append(f'python_version <= "{having[-1]}"')
    return "; " + " and ".join(parts) if parts else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
