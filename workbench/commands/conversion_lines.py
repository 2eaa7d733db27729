"""What a conversion did, for a person and for a program."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, safe

if TYPE_CHECKING:
    from workbench.conversion.result import Result


def result_to_json(result: "Result") -> dict[str, Any]:
    """Return the contract of `--json`."""
    rules = Counter(finding.rule for finding in result.findings)
    return {
        **result.counts,
        "findings": dict(sorted(rules.items())),
        "out": result.out,
        "reused": result.reused,
    }


def describe(result: "Result") -> str:
    """Say in a few lines what a person wants to know."""
    counts, ledger = result.counts, result.counts["ledger"]
    lines = [
        f"{result.out}{' (unchanged)' if result.reused else ''}",
        f"  {_number(counts['images'], 'image')}, {_number(counts['annotations'], 'instance')}, "
        f"{_number(counts['categories'], 'class')}",
        f"  {_number(ledger['shapes'], 'shape')}: {ledger['instances']} in instances"
        f"{_list(ledger['skipped'], 'skipped')}",
    ]
    if counts["files"]["refused"]:
        lines.append(f"  {counts['files']['read']} files{_list(counts['files']['refused'], 'refused')}")
    table = format_table(
        [tuple(map(safe, row)) for row in result.shares], right="id instances train val test"
    )
    lines += ["", *("  " + row for row in table.splitlines())]
    return "\n".join(lines + _describe_findings(result))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{'es' if noun.endswith('s') else 's'}"


def _list(reasons: dict[str, int], what: str) -> str:
    listed = ", ".join(f"{reason} {number}" for reason, number in reasons.items())
    return f", {sum(reasons.values())} {what} ({listed})" if reasons else ""


def _describe_findings(result: "Result") -> list[str]:
    errors = [finding for finding in result.findings if finding.level == "error"]
    warnings = len(result.findings) - len(errors)
    if not result.findings:
        return []
    lines = [
        "",
        f"  {_number(len(errors), 'error')} and {_number(warnings, 'warning')}; workbench check shows them all",
    ]
    return lines + [f"  {safe(str(finding))}" for finding in errors[:5]]
