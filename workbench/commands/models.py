"""workbench models: what can be trained, what it starts from, and what it costs."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from workbench.commands.output import format_table, print_json, print_line
from workbench.errors import OK
from workbench.project import Task

if TYPE_CHECKING:
    from workbench.engine.models.row import Model

HELP = "List the models: task, weights, their licence, download and memory."
EXAMPLE = "workbench models --task panoptic"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--task", choices=get_args(Task), help="only the models of this task")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from workbench.engine.models.table import MODELS

    rows = [row for row in MODELS.values() if args.task in (None, row.task)]
    if args.json:
        print_json([_to_json(row) for row in rows])
        return OK
    head = ("model", "task", "weights", "licence", "MB", "GB", "about")
    print_line(format_table([head, *map(_to_cells, rows)], right="MB GB"))
    print_line()
    print_line("MB: download. GB: memory of a training step of two images of the natural size on a CPU.")
    print_line("Train one: workbench train PROJECT --model NAME. How to choose: docs/models.md")
    return OK


def _to_cells(row: "Model") -> tuple[str, ...]:
    megabytes = f"{row.download_mb:.0f}" if row.download_mb else "–"
    memory = f"{row.memory_gb:.1f}" if row.memory_gb else "?"
    return (row.name, row.task, row.origin, row.licence or "–", megabytes, memory, row.about)


def _to_json(row: "Model") -> dict[str, Any]:
    return {
        "name": row.name,
        "task": row.task,
        "about": row.about,
        "weights": row.weights,
        "licence": row.licence,
        "download_mb": row.download_mb,
        "memory_gb": row.memory_gb,
        "bitmask": row.bitmask,
        "batch": row.batch,
        "lr": row.lr,
        "short_edge": row.short_edge,
        "long_edge": row.long_edge,
        "class_keys": dict(row.class_keys),
    }
