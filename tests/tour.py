"""Blocks of code in the docs, and a place where their commands can be run."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and the lines that it is said to print; `…` stands for any."""

    command: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """Every page that a reader may open."""
    return [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def blocks(page: Path, *kinds: str) -> list[str]:
    """Return the fenced blocks of these kinds."""
    return [body for kind, body in FENCE.findall(page.read_text(encoding="utf-8")) if kind in kinds]


def steps(page: Path) -> list[Step]:
    """Return the commands of all console blocks in order."""
    found: list[Step] = []
    for body in blocks(page, "console"):
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ()))
            elif line.strip():
                found[-1] = Step(found[-1].command, (*found[-1].shown, line))
    return found


def copy_samples(home: Path) -> Path:
    """Put the drawn projects there, as a fresh clone has them."""
    skip = shutil.ignore_patterns("datasets", "runs")
    shutil.copytree(ROOT / "projects", home / "projects", ignore=skip)
    shutil.copytree(ROOT / "annotations", home / "annotations")
    return home


def mask(line: str) -> str:
    """Keep the words; figures and fingerprints may change with the samples."""
    line = re.sub(r"\b[0-9a-f]{16}\b", "<fingerprint>", line)
    return re.sub(r"\s+", " ", re.sub(r"[0-9][0-9.,]*", "#", line)).strip()
