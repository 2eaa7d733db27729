"""Everything that is decided before the first step, and how a run folder keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from detectron2.config import CfgNode

from workbench.engine.config.changes import Change
from workbench.engine.models.build import blank_config
from workbench.project import Task
from workbench.run import Run, RunError, read_record
from workbench.settings import Settings, settings_from_json

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same rules, seven times faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The whole plan of a run; two runs of one course on one machine end in the same weights."""

    project: Path
    task: Task
    model: str
    extend: tuple[str, ...]  # what adds keys to Detectron2's own
    things: tuple[str, ...]
    stuff: tuple[str, ...]
    dataset: Path
    fingerprint: str
    settings: Settings
    typed: Mapping[str, str]
    cfg: CfgNode
    changes: tuple[Change, ...]
    world: int

    @property
    def steps(self) -> int:
        """The length of the run."""
        return int(self.cfg.SOLVER.MAX_ITER)

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self.cfg.MODEL.DEVICE)

    @property
    def evaluate_every(self) -> int:
        """Steps between two evaluations."""
        return int(self.cfg.TEST.EVAL_PERIOD) or self.steps

    @property
    def checkpoint_every(self) -> int:
        """Steps between two checkpoints: as much work a power cut may cost."""
        return int(self.cfg.SOLVER.CHECKPOINT_PERIOD)

    @property
    def part_batch(self) -> int:
        """Images that go through the model at once, over all processes."""
        return int(self.cfg.SOLVER.IMS_PER_BATCH) // self.settings.train.accumulate

    def identity(self) -> dict[str, Any]:
        """What a resume must find equal."""
        return {
            "classes": {"things": list(self.things), "stuff": list(self.stuff)},
            "data": self.fingerprint,
            "model": self.model,
            "settings": self.settings.to_json(),
            "config": dump_config(self.cfg),
        }

    def to_record(self) -> dict[str, Any]:
        """As run.json keeps it; the config is beside it."""
        return {
            "project": str(self.project),
            "task": self.task,
            "model": self.model,
            "extend": list(self.extend),
            "classes": {"things": list(self.things), "stuff": list(self.stuff)},
            "settings": self.settings.to_json(),
            "typed": dict(self.typed),
            "seed": self.settings.train.seed,
            "device": self.device,
            "world": self.world,
            "steps": self.steps,
            "dataset": {"folder": str(self.dataset), "fingerprint": self.fingerprint},
            "changes": [change.to_json() for change in self.changes],
        }


def read_course(run: Run, *, world: int) -> Course:
    """Take a course back from its run folder."""
    record = read_record(run)
    try:
        extend = tuple(record["extend"])
        return Course(
            project=Path(record["project"]),
            task=record["task"],
            model=record["model"],
            extend=extend,
            things=tuple(record["classes"]["things"]),
            stuff=tuple(record["classes"]["stuff"]),
            dataset=Path(record["dataset"]["folder"]),
            fingerprint=record["dataset"]["fingerprint"],
            settings=settings_from_json(record["settings"]),
            typed=record["typed"],
            cfg=read_config(run.config, extend),
            changes=tuple(Change(**change) for change in record["changes"]),
            world=world,
        )
    except (KeyError, TypeError) as error:
        raise RunError(
            f"{run.record}: must hold what a run was begun with, but lacks {error}; start a new run"
        ) from error


def dump_config(cfg: CfgNode) -> dict[str, Any]:
    """As plain values; tuples become lists."""
    return {key: _plain(value) for key, value in cfg.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, CfgNode):
        return dump_config(value)
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def read_config(path: Path, extend: tuple[str, ...]) -> CfgNode:
    """Read the config of a run with the safe reader; every key must be known."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_SAFE)
        cfg = blank_config(extend)
        cfg.merge_from_other_cfg(CfgNode(raw))
    except (OSError, yaml.YAMLError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path}: must be the config of a run, but cannot be read ({error}); start a new run"
        ) from error
    return cfg
