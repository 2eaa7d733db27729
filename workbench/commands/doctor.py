"""`workbench doctor`: each line a fact and, when it is wrong, the command that mends it."""

import argparse
import os
import shutil
import sys
import textwrap
from dataclasses import asdict, replace
from itertools import groupby

from workbench import __version__
from workbench.commands.output import print_json, print_line
from workbench.doctor.examine import examine
from workbench.doctor.fact import Fact
from workbench.errors import FAILED, OK

HELP = "Tell what is installed, what is wrong and what mends it; nothing is changed."
EXAMPLE = "workbench doctor"

WORDS = {"fine": "ok", "untried": "note", "absent": "-", "wrong": "WRONG"}
COLORS = {"fine": "32", "untried": "33", "absent": "2", "wrong": "1;31"}
NAME, STATE = 14, 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only the machine form."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Exit 1 only when something that is installed is broken."""
    facts = examine()
    wrong = [fact for fact in facts if fact.state == "wrong"]
    if args.json:
        print_json({"version": __version__, "ok": not wrong, "facts": [asdict(fact) for fact in facts]})
    else:
        print_line(format_report(facts, min(shutil.get_terminal_size().columns, 120)))
    return FAILED if wrong else OK


def format_report(facts: list[Fact], width: int) -> str:
    """Groups of lines, and a last line that sums up."""
    lines = []
    for group, members in groupby(facts, key=lambda fact: fact.group):
        lines.append(group)
        lines += [line for fact in merge_absent(list(members)) for line in format_fact(fact, width)]
    return "\n".join([*lines, "", *textwrap.wrap(summarise(facts), width)])


def merge_absent(facts: list[Fact]) -> list[Fact]:
    """What one command brings is one line."""
    absent = [fact for fact in facts if fact.state == "absent"]
    commands = dict.fromkeys(fact.mend for fact in absent)
    merged = [[fact for fact in absent if fact.mend == command] for command in commands]
    return [fact for fact in facts if fact.state != "absent"] + list(map(_merge, merged))


def _merge(facts: list[Fact]) -> Fact:
    names = ", ".join(fact.name for fact in facts)
    return facts[0] if len(facts) == 1 else replace(facts[0], name="…", value=f"not installed: {names}")


def format_fact(fact: Fact, width: int) -> list[str]:
    """State, name, value; the command below, unbroken, so that it can be copied."""
    indent = 2 + STATE + NAME
    first, *rest = textwrap.wrap(fact.value, max(width - indent, 30), break_on_hyphens=False) or [""]
    state = paint(WORDS[fact.state].ljust(STATE), COLORS[fact.state])
    lines = [f"  {state}{fact.name:<{NAME}}{first}", *(" " * indent + line for line in rest)]
    return lines + ([" " * indent + "→ " + fact.mend] if fact.mend else [])


def summarise(facts: list[Fact]) -> str:
    """What a person wants to know first."""
    wrong = [fact.name for fact in facts if fact.state == "wrong"]
    absent = list(dict.fromkeys(fact.group for fact in facts if fact.state == "absent"))
    parts = [f"Wrong: {', '.join(wrong)}." if wrong else "All that is installed works."]
    if absent:
        parts.append(f"Not installed, and needed only for what their names say: {', '.join(absent)}.")
    return " ".join(parts)


def paint(text: str, color: str) -> str:
    """Colour on a terminal that wants it."""
    wanted = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return f"\033[{color}m{text}\033[0m" if wanted else text
