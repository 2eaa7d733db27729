"""Results go to stdout, everything else to stderr; this is the only place that prints."""

import os
import sys
from contextlib import suppress
from typing import Any

JOB = "WORKBENCH_JOB"  # in the environment of a job, whose output is no more than its log


def print_line(text: str = "") -> None:
    """Print a line of the result."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except OSError:  # the log of a job may lie on a disk that is full: what the job did counts all the same
        if JOB not in os.environ:
            raise


def print_json(document: Any) -> None:
    """Print the one JSON document of `--json`."""
    import orjson

    try:
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:  # it takes no name that is no UTF-8
        import json

        text = json.dumps(document, indent=2)
    print_line(text)


def say(text: str) -> None:
    """Tell the person something that is not the result; where it finds no room, nothing else is lost."""
    with suppress(OSError):
        sys.stderr.write(text + "\n")


def safe(text: str) -> str:
    """Show a user's text on a terminal: control characters and escapes become visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def count_words(count: int, word: str) -> str:
    """1 image, 2 images."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def format_table(rows: list[tuple[str, ...]], right: str = "") -> str:
    """Align rows in columns, the first row being the head; columns named in `right` are flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    flush = [head in right.split() for head in rows[0]]
    lines = (
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, flush, strict=True)
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)
