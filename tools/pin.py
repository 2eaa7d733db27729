"""Writes constraints.txt from pip's own reports, one for each Python: `make pins` tells how they are made.

python3 -m tools.pin 3.11=report311.json 3.12=report312.json 3.13=report313.json > constraints.txt
"""

import json
import re
import sys
from pathlib import Path

HEAD = """\
# Exact versions of everything that setup.cfg's extras bring, also of what they need in turn: tried together on
# Linux x86-64 with Python {pythons}. Written by tools/pin.py from pip's reports (`make pins`); edit setup.cfg instead.
"""
OURS = {"detectron2-workbench"}
# Needed to build and install, and by what is installed beside the extras (a Detectron2 of one's own asks for black).
# setuptools stays below 82 for pkg_resources, which detectron2.model_zoo imports.


def read_name(requirement: str) -> str:
    """The project of `ray>=2.52; python_version < "3.13"`."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def read_report(path: str) -> dict[str, str]:
    """Name → version of everything that pip would install."""
    items = json.loads(Path(path).read_text())["install"]
    pins = {i["metadata"]["name"].replace("_", "-").lower(): i["metadata"]["version"] for i in items}
    return {name: version for name, version in pins.items() if name not in OURS}


def merge(pins: dict[str, dict[str, str]]) -> list[str]:
    """One line for each name and version, with a marker where the Pythons differ."""
    lines = []
    for name in sorted(set().union(*pins.values())):
        by_version: dict[str, list[str]] = {}
        for python, found in pins.items():
            if name in found:
                by_version.setdefault(found[name], []).append(python)
        for version, pythons in by_version.items():
            lines.append(f"{name}=={version}{marker(pythons, list(pins))}")
    return lines


def marker(pythons: list[str], known: list[str]) -> str:
    """Nothing when all agree; the newest Python's pin holds for later ones too."""
    if pythons == known:
        return ""
    parts = [f'python_version >= "{pythons[0]}"'] if pythons[0] != known[0] else []
    if pythons[-1] != known[-1]:
        parts.append(f'python_version <= "{pythons[-1]}"')
    return "; " + " and ".join(parts)


def main(arguments: list[str]) -> int:
    """Print the file."""
    pins = {python: read_report(path) for python, _, path in (a.partition("=") for a in arguments)}
    print(HEAD.format(pythons=", ".join(pins)), *merge(pins), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
