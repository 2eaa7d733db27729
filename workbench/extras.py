"""Parts that the core install does not bring: imported where they are needed, and named when they are missing."""

import shlex
import sys
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType

from workbench.errors import MissingExtra

PROJECT = "detectron2-workbench"
EXTRAS = ("train", "review", "label", "serve", "scale", "timm", "mlflow", "wandb", "dev")
# What pip alone cannot install right, because it is not on the registry or its label is wrong.
STEPS = {"detectron2": "detectron2", "panopticapi": "panoptic", "mongod": "mongod"}
DETECTRON2 = "pip install --no-build-isolation 'git+https://github.com/facebookresearch/detectron2.git'"
PANOPTIC = "pip install --no-deps panopticapi-lite"


def require(module: str, *, extra: str) -> ModuleType:
    """Import a module of an extra, or say in one line how to get it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        project = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != project:
            raise MissingExtra(
                _broken(project, extra, f"it needs {error.name}, which is not there")
            ) from error
        raise MissingExtra(
            f"{project} must be installed for this, but is not; run: {find_install_command(extra, project)}"
        ) from error
    except (ImportError, OSError, RuntimeError) as error:  # a library of the system, or two that do not fit
        reason = (str(error).splitlines() or ["it does not import"])[0]
        raise MissingExtra(_broken(module.partition(".")[0], extra, reason)) from error


def _broken(project: str, extra: str, reason: str) -> str:
    mend = find_install_command(extra, project)
    return f"{project} must be importable, but {reason}; run: {mend} (workbench doctor tells more)"


def find_install_command(extra: str, project: str = "") -> str:
    """The command that brings an extra (one project of it; without an extra the core) into this environment."""
    step = STEPS.get(project, extra or "core")
    source = find_source()
    clone = Path(source) if source and "://" not in source else None
    if clone and (clone / "tools" / "install").is_dir():
        return _make_command(clone, step)
    python = _short(Path(sys.executable)) if sys.prefix != sys.base_prefix else Path(sys.executable).name
    if step == "detectron2":
        return f"{python} -m {DETECTRON2}"
    if step == "panoptic":
        return f"{python} -m {PANOPTIC}"
    return f"{python} -m pip install {shlex.quote(_name_source(source, f'[{extra}]' if extra else ''))}"


def _name_source(source: str, extras: str) -> str:
    """As pip wants it: a path with the extras behind it, or a name at an address."""
    if "://" in source:
        return f"{PROJECT}{extras} @ {source}"
    return (source or PROJECT) + extras


def _make_command(clone: Path, step: str) -> str:
    """`make install-STEP`, with the folder and the environment where they are not the usual ones."""
    there = "" if clone == Path.cwd() else f" -C {shlex.quote(str(clone))}"
    usual = Path(sys.prefix) == clone / ".venv"
    if usual:
        return f"make{there} install-{step}"
    if sys.prefix == sys.base_prefix:
        return f"make{there} install-{step} VENV=active PYTHON={shlex.quote(sys.executable)}"
    return f"make{there} install-{step} VENV={shlex.quote(sys.prefix)}"


def find_source() -> str:
    """Where the workbench was installed from: a clone's folder, an address for pip, or nothing known."""
    clone = Path(__file__).resolve().parents[1]
    if (clone / "setup.cfg").is_file():
        return str(clone)
    try:
        text = metadata.distribution(PROJECT).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    return _read_origin(text) if text else ""


def _read_origin(text: str) -> str:
    """pip's own note of an install from a folder or a repository."""
    import json
    from urllib.parse import unquote, urlsplit

    origin = json.loads(text)
    url = str(origin["url"])
    if "vcs_info" in origin:
        return f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    folder = Path(unquote(urlsplit(url).path))
    if url.startswith("file://"):
        return str(folder) if folder.exists() else ""  # it may be gone since
    return url


def _short(path: Path) -> str:
    """As seen from here, when it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
