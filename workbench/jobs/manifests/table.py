"""The kinds of manifests by name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.manifests.work import Work

MANIFESTS: Mapping[str, str] = {"kubernetes": "show_kubernetes", "skypilot": "show_skypilot"}


def show_manifest(kind: str, work: Work) -> str:
    """Return the text of a manifest."""
    if kind not in MANIFESTS:
        words = f"must be one of {', '.join(MANIFESTS)}, but is not{nearest(kind, MANIFESTS)}"
        raise JobError(f"--manifest {kind}: {words}", USAGE)
    module = import_module(f"workbench.jobs.manifests.{kind}")
    show = cast("Callable[[Work], str]", getattr(module, MANIFESTS[kind]))
    return show(work)
