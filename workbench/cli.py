"""The command line: the table of verbs, the parser, and the one place where errors become exit codes."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from workbench import __version__
from workbench.errors import BUG, INTERRUPTED, IO_FAILED, OK, USAGE, WorkbenchError, nearest

# verb -> (module in workbench.commands, one line of help); a verb's module is imported only when it is used
COMMANDS = {
    "new": ("new", "scaffold a project and its annotation folder"),
    "fetch": ("fetch", "get a public data set and import it"),
    "import": ("import_", "other formats → Labelme files"),
    "label": ("label", "open Labelme on a project, and say what was done in it"),
    "check": ("check", "find every mistake in annotations and images"),
    "convert": ("convert", "Labelme files → a dataset to train on"),
    "prelabel": ("prelabel", "labels begun without any model: drafts to finish in Labelme"),
    "explore": ("explore", "the labels of a project in FiftyOne"),
    "models": ("models", "what can be trained, from which weights, at what cost"),
    "preflight": ("preflight", "try a training before it is started"),
    "train": ("train", "fine-tune a model, and score it"),
    "predict": ("predict", "what a run finds in any images: COCO, Labelme, pictures"),
    "evaluate": ("evaluate", "every number that can be said of predictions, and gates"),
    "compare": ("compare", "is one run better than another, or is it luck; what more labels would bring"),
    "report": ("report", "one page of a run: numbers, curves, pictures of its mistakes"),
    "review": ("review", "what a run gets wrong, object by object"),
    "relabel": ("relabel", "what a run contradicts → drafts in Labelme → back, merged"),
    "launch": ("launch", "trainings as jobs: on this machine, later, many at once"),
    "jobs": ("jobs", "list, show, follow, stop and retry what was launched"),
    "sweeps": ("sweeps", "which trainings of a sweep are best, and whether that is more than noise"),
    "runs": ("runs", "list, show, compare and remove the runs of a project"),
    "demo": ("demo", "the whole flow on drawn samples"),
    "doctor": ("doctor", "what is installed, what is wrong, and what mends it"),
}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read on."""

    def error(self, message: str) -> NoReturn:
        """Name the nearest verb where one was mistyped."""
        sys.stderr.write(f"{self.prog}: {message}\nTry: {self.prog} --help\n")
        raise SystemExit(USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; nothing else in the program catches everything."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
        _flush()
    except WorkbenchError as error:
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _complain("interrupted; nothing was left half-written", INTERRUPTED)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _let_go_of_output()
        return OK
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            return _complain_of_bug(error)
        _let_go_of_output()
        return _complain(
            f"it could not write all that it had to: {error.strerror}; free some space and run it again",
            IO_FAILED,
        )
    except Exception as error:  # a bug: the person gets one line, the log the rest
        return _complain_of_bug(error)
    return code


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return OK if words else USAGE
    if words[0] == "--version":
        sys.stdout.write(f"workbench {__version__}\n")
        return OK
    verb = words[0]
    if verb not in COMMANDS:
        sys.stderr.write(f'workbench: "{verb}" must be a verb, but is not{nearest(verb, COMMANDS)}\n')
        return USAGE
    command = import_module(f"workbench.commands.{COMMANDS[verb][0]}")
    parser = Parser(
        prog=f"workbench {verb}",
        description=command.HELP,
        epilog=f"example:\n  {command.EXAMPLE}",
        formatter_class=_lay_out_help,
    )
    command.add_arguments(parser)
    given, rest = words[1:], None
    if hasattr(command, "REST") and "--" in given:  # what follows is for another verb
        given, rest = given[: given.index("--")], given[given.index("--") + 1 :]
    try:
        args = parser.parse_intermixed_args(given)
    except SystemExit as stop:
        return int(stop.code or OK)
    args.rest = rest or []
    code: int = command.run(args)
    return code


def _lay_out_help(prog: str) -> argparse.HelpFormatter:
    """As argparse would, which imports four ways to compress files in order to ask how wide a terminal is."""
    try:
        width = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size().columns or 80
    except (OSError, ValueError):
        width = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=width - 2)


def _overview() -> str:
    width = max(map(len, COMMANDS))
    verbs = "\n".join(f"  {verb.ljust(width)}  {line}" for verb, (_, line) in COMMANDS.items())
    return f"""usage: workbench VERB …

Teach Detectron2 your own classes.

{verbs}

workbench VERB --help shows one example that works.
"""


def _complain(message: str, code: int) -> int:
    with suppress(OSError):  # a full disk, or nobody who reads it: the code says it, too
        sys.stderr.write(f"workbench: {message}\n")
    return code


def _complain_of_bug(error: Exception) -> int:
    return _complain(f"a bug in the workbench: {error!r}; the details are in {_write_log()}", BUG)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        if "WORKBENCH_JOB" not in os.environ:  # the output of a job is no more than its log
            raise
        _let_go_of_output()


def _let_go_of_output() -> None:
    """What is still to be printed goes nowhere: Python would try it once more at its end, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_log() -> str:
    """Keep the traceback where a bug report can pick it up."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="workbench-", suffix=".log", delete=False) as log:
        log.write(
            f"workbench {__version__}, Python {sys.version}\n{' '.join(sys.argv)}\n\n{traceback.format_exc()}"
        )
    return log.name
