"""`workbench evaluate`: every number that can be said of predictions, and whether they keep their gates."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import format_table, print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE, InputMissing, nearest

if TYPE_CHECKING:
    from workbench.commands.judging import Judged
    from workbench.evaluation.gates import Gate, Verdict

HELP = "Score predictions: of a run, or a file of COCO results against a file of truth."
EXAMPLE = "workbench evaluate balloons --gate 'mask.AP>=0.42'"
KINDS = ("box", "mask")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `evaluate` takes."""
    parser.add_argument("run", nargs="?", help="a run: its folder or name, or a project for its last one")
    parser.add_argument("--split", default="val", metavar="PART", help="val (the default), test or train")
    parser.add_argument("--truth", type=Path, metavar="GT.json", help="a COCO dataset, in place of a run")
    parser.add_argument("--predictions", type=Path, metavar="DT.json", help="COCO results on it")
    parser.add_argument(
        "--task", type=_kinds, default=(), metavar="box,mask", help="what to score; all that there is"
    )
    parser.add_argument(
        "--score", type=_fraction, metavar="S", help="tell precision and recall at this score, too"
    )
    parser.add_argument(
        "--slices", type=Path, metavar="FILE.csv", help="score by each column of a table of images, too"
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="look at the images there: score by brightness and sharpness, too",
    )
    parser.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="'mask.AP>=0.42'",
        help="exit 1 unless it holds; several may be given, 'CLASS:mask.AP>=0.3' is one of a class",
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the gates as a JUnit file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write scores.json and mistakes.json there")
    parser.add_argument("--json", action="store_true", help="print all numbers as one JSON document")


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for kind in kinds:
        if kind not in KINDS:
            raise argparse.ArgumentTypeError(
                f"{kind!r} must be box or mask, but is not{nearest(kind, KINDS)}"
            )
    return kinds


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, but got {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Judge, write, print; 1 when a gate does not hold."""
    complaint = _find_contradiction(args)
    if complaint:
        say(f"workbench evaluate: {complaint}")
        return USAGE
    if args.images and not args.images.is_dir():
        raise InputMissing(f"{args.images}: --images must be a folder, but is not; check the name")
    from workbench.commands.evaluation_lines import format_evaluation
    from workbench.evaluation.gates import judge_gates, parse_gate

    gates = [parse_gate(text) for text in args.gate]
    judged = _judge(args, gates)
    verdicts = judge_gates(gates, judged.found.document)
    held = {"gates": [verdict.to_json() for verdict in verdicts]} if verdicts else {}
    document = {**judged.found.document, **held}
    written = judged.write(document)
    if args.junit:
        _write_junit(args.junit, verdicts, judged.name)
    if args.json:
        print_json(document)
    else:
        print_line(format_evaluation(judged.name, document, args.score))
        if written:
            print_line(f"\n{format_table(written)}")
        _tell(verdicts)
    return OK if all(verdict.passed for verdict in verdicts) else FAILED


def _find_contradiction(args: argparse.Namespace) -> str:
    if (args.truth is None) != (args.predictions is None):
        return "--truth and --predictions go together"
    if (args.run is None) == (args.truth is None):
        return "takes a run, or --truth and --predictions"
    if args.junit and not args.gate:
        return "--junit writes what became of gates; add a --gate"
    return ""


def _judge(args: argparse.Namespace, gates: "Sequence[Gate]") -> "Judged":
    from workbench.commands.judging import judge_files, judge_run
    from workbench.commands.run_choice import choose_run
    from workbench.evaluation.object_analysis import Settings

    settings = Settings(kinds=args.task, score=args.score, table=args.slices, images=args.images)
    if args.truth:
        return judge_files(args.truth, args.predictions, settings, args.out)
    return judge_run(choose_run(args.run), args.split, settings, gates, out=args.out)


def _write_junit(path: Path, verdicts: "Sequence[Verdict]", name: str) -> None:
    from workbench.evaluation.junit import verdicts_to_junit
    from workbench.files import write_atomically

    write_atomically(path, verdicts_to_junit(verdicts, name=name).encode())


def _tell(verdicts: "Sequence[Verdict]") -> None:
    from workbench.evaluation.gates import describe_verdict

    if verdicts:
        print_line()
    for verdict in verdicts:
        state = "passed" if verdict.passed else "FAILED"
        print_line(f"{state}  {safe(verdict.gate.text)}: {describe_verdict(verdict)}")
