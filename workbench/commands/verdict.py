"""Findings as a person reads them: by rule, with the first places, how to mend them, and one line at the end."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from textwrap import wrap

from workbench.commands.output import format_table, print_line, safe
from workbench.data.finding import Finding
from workbench.data.rules import RULES
from workbench.inspection.checked import Checked

SHOWN = 3  # places of each rule; --json has them all
CLASSES = 30


def print_verdict(checked: Checked) -> None:
    """Print the findings, errors first, then the classes, then the verdict."""
    width = max(60, min(100, shutil.get_terminal_size((80, 24)).columns))
    groups: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in checked.findings:
        groups[(finding.level, finding.rule)].append(finding)
    for (level, rule), findings in sorted(
        groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1])
    ):
        _print_rule(level, rule, findings, width)
    if checked.rows:
        _print_classes(checked.rows)
    for line in wrap(_sum_up(checked), width):
        print_line(line)


def _print_rule(level: str, rule: str, findings: Sequence[Finding], width: int) -> None:
    count = f" ({len(findings)})" if len(findings) > 1 else ""
    print_line(f"{level}: {rule}{count}: {RULES[rule].text}")
    for finding in findings[:SHOWN]:
        text = safe(str(finding).removeprefix(".: "))
        for line in wrap(
            text,
            width,
            initial_indent="    ",
            subsequent_indent="      ",
            break_on_hyphens=False,
            break_long_words=False,
        ):
            print_line(line)
    if len(findings) > SHOWN:
        print_line(f"    and {len(findings) - SHOWN} more (--json lists all)")
    for line in wrap(f"→ {RULES[rule].mend}", width, initial_indent="  ", subsequent_indent="    "):
        print_line(line)
    print_line()


def _print_classes(rows: Sequence[tuple[str, int, int]]) -> None:
    table = [("class", "shapes", "images")]
    for name, shapes, images in rows[:CLASSES]:
        label = safe(name)
        table.append((label if len(label) <= 50 else label[:49] + "…", str(shapes), str(images)))
    print_line(format_table([tuple(row) for row in table], right="shapes images"))
    if len(rows) > CLASSES:
        print_line(f"and {len(rows) - CLASSES} more classes (--json lists all)")
    print_line()


def _sum_up(checked: Checked) -> str:
    errors, warnings = checked.errors, len(checked.findings) - checked.errors
    seen = f"{_count(checked.files, 'file')}, {_count(checked.images, 'image')}, {_count(checked.shapes, 'shape')}"
    if errors:
        told = (
            f"{_count(errors, 'error')} and {_count(warnings, 'warning')}; mend the errors and run it again"
        )
    elif warnings:
        told = f"no errors, {_count(warnings, 'warning')}"
    else:
        told = "no errors, no warnings"
    return f"{safe(checked.root)}: {seen}: {told}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
