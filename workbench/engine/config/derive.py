"""The config of a run: the row, fitted to the data by small rules, each with its reason; what was said always wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detectron2.config import CfgNode

from workbench.engine.config.boxes import DatasetFacts
from workbench.engine.config.changes import Change, show
from workbench.engine.config.contradictions import find_contradictions
from workbench.engine.config.derive_anchors import derive_anchors
from workbench.engine.config.derive_classes import derive_classes, derive_ignored, derive_masks
from workbench.engine.config.derive_length import (
    derive_batch,
    derive_length,
    derive_periods,
    derive_rate,
    derive_schedule,
)
from workbench.engine.config.derive_machine import derive_house, derive_machine, derive_weights
from workbench.engine.config.derive_norm import derive_norm
from workbench.engine.config.derive_objects import (
    derive_balance,
    derive_detections,
    derive_negatives,
    derive_stuff_area,
)
from workbench.engine.config.derive_sizes import derive_sizes
from workbench.engine.config.keys import flatten, get_key, has_key, is_config_key, set_key
from workbench.engine.config.machine import Machine, find_machine
from workbench.engine.config.situation import Proposal, Rule, Situation
from workbench.engine.config.typed import Said, read_table, read_typed
from workbench.engine.models.build import row_config
from workbench.engine.models.row import Model, ModelError
from workbench.project_folder import FILE
from workbench.settings import Settings

# In this order: a rule sees what the ones before it decided.
RULES: tuple[Rule, ...] = (
    derive_house,
    derive_machine,
    derive_weights,
    derive_norm,
    derive_classes,
    derive_masks,
    derive_ignored,
    derive_negatives,
    derive_sizes,
    derive_anchors,
    derive_detections,
    derive_balance,
    derive_stuff_area,
    derive_batch,
    derive_rate,
    derive_length,
    derive_schedule,
    derive_periods,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """The config, how it differs from the row, and what in it cannot work (`problems`)."""

    cfg: CfgNode
    changes: tuple[Change, ...]
    problems: tuple[str, ...] = ()

    def require_workable(self) -> None:
        """Stop before anything is computed where something cannot work."""
        if self.problems:
            raise ModelError("\n".join(self.problems))


def derive_config(
    model: Model,
    facts: DatasetFacts,
    settings: Settings,
    typed: Mapping[str, str],
    world: int = 1,
    *,
    table: Mapping[str, Any] | None = None,
) -> Derived:
    """Fit a row to a dataset. `table` is [detectron2] of project.toml; small-letter keys in `typed` are not ours."""
    row = row_config(model)
    said = read_table(row, table or {}, f"[detectron2] of {FILE}")
    said |= read_typed(row, {key: text for key, text in typed.items() if is_config_key(key)})
    asked = said["MODEL.DEVICE"].value if "MODEL.DEVICE" in said else settings.train.device
    return fit_config(row, said, model=model, facts=facts, settings=settings, world=world, device=asked)


def fit_config(
    row: CfgNode,
    said: Mapping[str, Said],
    *,
    model: Model,
    facts: DatasetFacts,
    settings: Settings,
    world: int = 1,
    device: str = "auto",
    machine: Machine | None = None,
) -> Derived:
    """Apply every rule to a row's config, and tell what came of it."""
    cfg = row.clone()
    cfg.defrost()
    for key, one in said.items():
        set_key(cfg, key, one.value)
    now = Situation(
        model=model,
        facts=facts,
        settings=settings,
        machine=machine or find_machine(device),
        world=world,
        cfg=cfg,
        row=row,
    )
    proposals: dict[str, Proposal] = {}
    for rule in RULES:
        for proposal in rule(now):
            if has_key(cfg, proposal.key):
                proposals[proposal.key] = proposal
                if proposal.key not in said:
                    set_key(cfg, proposal.key, proposal.value)
    problems = find_contradictions(now, said, proposals)
    return Derived(cfg=cfg, changes=_list_changes(now, said, proposals), problems=problems)


def _list_changes(
    now: Situation, said: Mapping[str, Said], proposals: Mapping[str, Proposal]
) -> tuple[Change, ...]:
    changes = []
    for key, new in flatten(now.cfg):
        old = get_key(now.row, key)
        if key in said:
            reason = _explain(said[key], proposals.get(key))
        elif old != new:
            reason = proposals[key].reason
        else:
            continue
        changes.append(Change(key=key, old=old, new=new, reason=reason))
    return tuple(changes)


def _explain(said: Said, proposal: Proposal | None) -> str:
    """What a person said stays; where the data suggest otherwise, that is told beside it."""
    if proposal is None or proposal.value == said.value:
        return said.where
    return f"{said.where}; otherwise {show(proposal.value)} ({proposal.reason})"
