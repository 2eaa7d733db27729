"""Sweeps as launch and train leave them, made by hand: what became of each training is known."""

import json
from collections.abc import Mapping
from pathlib import Path

from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial, make_sweep, write_sweep

METRIC = "mask.AP"


def make_trials(
    name: str, values: list[dict[str, str]], *, seeds: int = 0, folds: int = 0
) -> tuple[SweepTrial, ...]:
    """Every combination, in the order in which launch numbers them."""
    every = [
        (one, seed, fold)
        for one in values
        for seed in (range(seeds) if seeds else (None,))
        for fold in (range(1, folds + 1) if folds else (None,))
    ]
    return tuple(
        SweepTrial(number=number, run=f"{name}-{number:02d}", values=one, seed=seed, fold=fold)
        for number, (one, seed, fold) in enumerate(every, 1)
    )


def put_sweep(
    project: Path, name: str, values: list[dict[str, str]], *, seeds: int = 0, folds: int = 0
) -> SweepFolder:
    """Write sweep.json; no run is there yet."""
    folder = make_sweep(project, name)
    keys = values[0] if values else {}
    sweep = Sweep(
        name=name,
        axes={key: tuple(dict.fromkeys(one[key] for one in values)) for key in keys},
        seeds=tuple(range(seeds)),
        folds=folds,
        trials=make_trials(name, values, seeds=seeds, folds=folds),
        words=("--steps", "20"),
        created="2026-11-22T01:30:00+00:00",
    )
    write_sweep(folder, sweep)
    return folder


def put_run(
    folder: SweepFolder,
    trial: SweepTrial,
    score: float,
    *,
    state: str = "finished",
    classes: Mapping[str, float] | None = None,
    typed: Mapping[str, str] | None = None,
    reason: str = "",
) -> None:
    """Write what a training of 20 steps leaves that came to this score: half of it at its half."""
    run = folder.run(trial)
    run.folder.mkdir(parents=True, exist_ok=True)
    record = {
        "state": state,
        "reason": reason,
        "task": "instance",
        "typed": {**(typed or {}), **trial.values},
        "started": "2026-11-22T01:30:00+0000",
        "ended": "2026-11-22T01:31:05+0000",
        "best": {"metric": METRIC, "value": score, "step": 20},
    }
    run.record.write_text(json.dumps(record))
    rows = [{"kind": "val", "step": step, METRIC: score * step / 20} for step in (10, 20)]
    run.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    if classes:
        run.scores("val").parent.mkdir()
        table = {name: {"mask": {"AP": value}} for name, value in classes.items()}
        run.scores("val").write_text(json.dumps({"per_category": table}))
