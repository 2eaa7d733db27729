"""Programs that look on: TensorBoard, MLflow, W&B. One that fails is let go with a warning; the training goes on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Protocol

from workbench.engine.watching.metrics import flatten
from workbench.errors import ProjectError, nearest
from workbench.redaction import redact, redact_all
from workbench.run import Run

# name in train.watch -> the module here that knows the program
ADAPTERS = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}
Say = Callable[[str], object]


class Watcher(Protocol):
    """What an adapter does; it may fail at any time, and in any way."""

    def scalars(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """Show numbers."""

    def picture(self, step: int, tag: str, array: Any) -> None:
        """Show a picture: height x width x 3 bytes, red first."""

    def close(self) -> None:
        """Write what is still to be written."""


class Watchers:
    """All that were chosen and still work."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._open: dict[str, Watcher] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that still look on."""
        return tuple(self._open)

    def open(self, name: str, make: Callable[[], Watcher]) -> None:
        """Take one in, if it can be started."""
        self._try(name, lambda: self._open.update({name: make()}))

    def scalars(self, step: int, values: Mapping[str, Any], kind: str = "train") -> None:
        """Show numbers; groups become dotted names, and what is no number is left out."""
        numbers = {name: float(value) for name, value in flatten(values) if isinstance(value, int | float)}
        self._each(lambda watcher: watcher.scalars(step, kind, numbers))

    def picture(self, step: int, tag: str, array: Any) -> None:
        """Show a picture."""
        self._each(lambda watcher: watcher.picture(step, tag, array))

    def close(self) -> None:
        """Let all go, in peace."""
        self._each(lambda watcher: watcher.close())
        self._open.clear()

    def _each(self, act: Callable[[Watcher], None]) -> None:
        for name, watcher in tuple(self._open.items()):
            self._try(name, partial(act, watcher))

    def _try(self, name: str, act: Callable[[], None]) -> None:
        error = attempt(act)
        if error is not None:
            self._open.pop(name, None)
            self._say(
                redact(
                    f"warning: {name} does not look on: {_explain(error)}; the training goes on without it"
                )
            )


def attempt(act: Callable[[], object]) -> Exception | None:
    """Do something of a foreign program, and return what went wrong: networks, disks and bugs come in every kind."""
    try:
        act()
    except Exception as error:
        return error
    return None


def require_names(names: Sequence[str]) -> None:
    """Refuse what nobody knows, before anything is computed."""
    for name in names:
        if name not in ADAPTERS:
            raise ProjectError(f"train.watch: must name programs, but got {name!r}{nearest(name, ADAPTERS)}")


def open_watchers(
    names: Sequence[str], run: Run, *, say: Say, step: int = 0, about: Mapping[str, Any] | None = None
) -> Watchers:
    """Start what was chosen; `step` is where the training goes on from, `about` what the run is (without secrets)."""
    require_names(names)
    watchers = Watchers(say)
    for name in dict.fromkeys(names):
        watchers.open(name, partial(_start, name, run, step, redact_all(about or {})))
    return watchers


def _start(name: str, run: Run, step: int, about: Mapping[str, Any]) -> Watcher:
    module = import_module(f"workbench.engine.watching.{ADAPTERS[name]}")
    watcher: Watcher = module.open_watcher(run, step, about)
    return watcher


def _explain(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0][:300] if lines else 'it gave no reason'} ({type(error).__name__})"
