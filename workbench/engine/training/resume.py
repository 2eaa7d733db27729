"""What must be equal for a run to go on, and the words when it is not."""

from collections.abc import Iterator, Mapping
from typing import Any

from detectron2.config import CfgNode

from workbench.engine.models.build import build_model
from workbench.engine.training.checkpoint import load_newest
from workbench.errors import BAD_CONFIG, nearest
from workbench.run import Run, RunError

# What may differ from machine to machine without changing what is learned.
FREE = (
    "config.OUTPUT_DIR",
    "config.DATALOADER.NUM_WORKERS",
    "config.DATASETS",
    "config.MODEL.WEIGHTS",
    "settings.train.workers",
    "settings.train.cache_mb",
    "settings.train.watch",
    "settings.train.keep",
    "settings.train.checkpoint_every",
)


class ChangedRun(RunError):
    """A resume that would not be the same run."""

    exit_code = BAD_CONFIG


def find_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Compare two identities key by key."""
    old, new = dict(_flatten(before)), dict(_flatten(now))
    return {
        key: (old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key) and not _is_in(key, FREE)
    }


def require_equal(
    name: str, before: Mapping[str, Any], now: Mapping[str, Any], allowed: tuple[str, ...]
) -> list[str]:
    """Refuse what differs and was not allowed by name; return the words for what was allowed."""
    differences = find_differences(before, now)
    for key in allowed:
        if not any(_is_in(different, (key, f"config.{key}", f"settings.{key}")) for different in differences):
            known = nearest(key, map(_short, differences))
            raise ChangedRun(f"--allow-changed {key}: must name what differs, but it does not{known}")
    names = tuple(name for key in allowed for name in (key, f"config.{key}", f"settings.{key}"))
    refused = [key for key in differences if not _is_in(key, names)]
    if refused:
        lines = [
            f"  {_short(key)}: was {differences[key][0]!r}, is {differences[key][1]!r}" for key in refused
        ]
        keys = " ".join(dict.fromkeys(map(_short, refused)))
        raise ChangedRun(
            f"{name}: must go on with what it began with, but differs:\n"
            + "\n".join(lines)
            + f"\nstart a new run, or allow it by name: --allow-changed {keys}"
        )
    return [f"{_short(key)}: {old!r} → {new!r}, as was allowed" for key, (old, new) in differences.items()]


def require_fitting(run: Run, cfg: CfgNode) -> None:
    """Refuse a model whose parameters are not those of the checkpoint; to be asked before anything is written."""
    loaded = load_newest(run.checkpoints)
    if loaded is None:
        return
    cfg = cfg.clone()
    cfg.MODEL.DEVICE = "cpu"
    before, now = _shapes(loaded.content["model"]), _shapes(build_model(cfg).state_dict())
    different = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if different:
        name, more = different[0], len(different) - 1
        raise ChangedRun(
            f"{run.name}: must be the model that the run began with, but {name} was {before.get(name, 'not there')}"
            f" and is {now.get(name, 'not there')}{f', and {more} more differ' if more else ''}; "
            f"start a new run from its weights: model.weights {run.folder}"
        )


def _shapes(state: Mapping[str, Any]) -> dict[str, str]:
    return {name: " x ".join(map(str, value.shape)) or "one number" for name, value in state.items()}


def _is_in(key: str, roots: tuple[str, ...]) -> bool:
    return any(key == root or key.startswith(f"{root}.") for root in roots)


def _short(key: str) -> str:
    """As a person types it."""
    return key.removeprefix("config.").removeprefix("settings.")


def _flatten(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _flatten(item, f"{before}{key}.")
        else:
            yield f"{before}{key}", list(item) if isinstance(item, tuple) else item
