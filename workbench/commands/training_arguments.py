"""What `train` and `preflight` are given: one definition, so that what was tried is what is trained."""

import argparse

from workbench.commands.weights_choice import choose_weights
from workbench.errors import USAGE, WorkbenchError
from workbench.project_folder import find_project


class PairsError(WorkbenchError):
    """KEY VALUE words that do not come in pairs, and numbers that are none."""

    exit_code = USAGE


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the project, the options and KEY VALUE …; options may stand before, between and after the words."""
    parser.add_argument("project", help="a project: its folder, or its name under projects/")
    parser.add_argument(
        "pairs",
        nargs="*",
        metavar="KEY VALUE",
        help="Detectron2's own keys (SOLVER.BASE_LR 0.001), and settings (train.ema 0.999)",
    )
    parser.add_argument("--model", default="", metavar="ROW", help="a row of workbench models")
    parser.add_argument("--config", default="", metavar="FILE", help="a Detectron2 YAML in place of a row")
    parser.add_argument(
        "--weights",
        default="",
        metavar="RUN",
        help="begin with what a run learnt, of other classes too: its name or folder, or a file",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="the length of the run; derived from the data")
    parser.add_argument("--device", default="", help="cpu, cuda or auto")
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed, the same run")
    parser.add_argument("--gpus", type=int, default=1, metavar="N", help="processes that train together")
    parser.add_argument(
        "--nodes", type=int, default=1, metavar="N", help="machines, each with so many; within a SLURM job"
    )
    parser.add_argument("--trust", default="", metavar="FILE", help="run this model.py of the project")


def count_processes(args: argparse.Namespace) -> int:
    """How many train together, on all machines."""
    for name in ("gpus", "nodes"):
        if getattr(args, name) < 1:
            raise PairsError(f"--{name}: must be 1 or more, but got {getattr(args, name)}; correct it")
    return int(args.gpus * args.nodes)


def read_typed(args: argparse.Namespace) -> dict[str, str]:
    """KEY VALUE … as a mapping, the options among them as the settings that they are short for."""
    words = args.pairs
    if len(words) % 2:
        raise PairsError(f"KEY VALUE must come in pairs, but {words[-1]!r} stands alone; add its value")
    typed: dict[str, str] = {}
    for key, value in zip(words[::2], words[1::2], strict=True):
        if key in typed:
            raise PairsError(f"{key}: must be given once, but is there twice; drop one")
        typed[key] = value
    for key, value in _list_options(args):
        if key in typed:
            raise PairsError(f"{key}: must be given once, but the option says it too; drop one")
        typed[key] = value
    if args.weights:
        if "model.weights" in typed:
            raise PairsError("model.weights: must be given once, but --weights says it too; drop one")
        typed |= choose_weights(args.weights, find_project(args.project), typed)
    return typed


def _list_options(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Options are short for settings; what was not given stays as project.toml has it."""
    given = {
        "model.name": args.model,
        "model.config": args.config,
        "model.code": args.trust,
        "train.steps": args.steps,
        "train.device": args.device,
        "train.seed": args.seed,
    }
    return [(key, str(value)) for key, value in given.items() if value not in (None, "")]
