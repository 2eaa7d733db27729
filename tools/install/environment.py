"""A Python environment seen from outside: where it is, what is in it, and how pip is run in it."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ASK = (
    "import json, sys, sysconfig; print(json.dumps([sysconfig.get_path('purelib'), sysconfig.get_path('scripts'),"
    " '.'.join(map(str, sys.version_info[:3])), sys.prefix]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment; `own` when this installer made it, so that nothing of the person's is in it."""

    python: Path
    packages: Path
    scripts: Path
    version: str
    prefix: Path
    own: bool

    @property
    def records(self) -> Path:
        """The folder of stamps and logs."""
        return self.prefix / "workbench-install"

    @property
    def minor(self) -> str:
        """`3.12` of `3.12.1`."""
        return ".".join(self.version.split(".")[:2])


def read_environment(python: Path) -> Environment | None:
    """Ask the interpreter; None when it does not start."""
    try:
        answer = subprocess.run([python, "-c", ASK], capture_output=True, text=True, timeout=60)
        packages, scripts, version, prefix = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    own = (Path(prefix) / "workbench-install" / "own").is_file()
    return Environment(
        python=python,
        packages=Path(packages),
        scripts=Path(scripts),
        version=version,
        prefix=Path(prefix),
        own=own,
    )


def normal(name: str) -> str:
    """One spelling for each project: `Ruamel_yaml` and `ruamel.yaml` are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_installed(packages: Path) -> dict[str, str]:
    """Name → version, read from the names of the *.dist-info folders alone (one listing, no file is opened)."""
    return dict(map(read_label, packages.glob("[!~]*-*.dist-info")))


def read_label(metadata: Path) -> tuple[str, str]:
    """`torch-2.14.1.dist-info` is torch, 2.14.1."""
    name, _, version = metadata.name.removesuffix(".dist-info").rpartition("-")
    return normal(name), version
