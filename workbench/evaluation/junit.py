"""Verdicts as a JUnit file, which every build server shows: a gate is a test."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from workbench.evaluation.gates import Verdict, describe_verdict


def verdicts_to_junit(verdicts: Sequence[Verdict], *, name: str) -> str:
    """Return the file's text; equal verdicts give equal bytes, so it has no clock."""
    failed = sum(not verdict.passed for verdict in verdicts)
    head = f'tests="{len(verdicts)}" failures="{failed}" errors="0" skipped="0"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites {head}>",
        f'  <testsuite name="workbench evaluate" {head}>',
        *(line for verdict in verdicts for line in _describe(verdict, name)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _describe(verdict: Verdict, name: str) -> list[str]:
    case = f"    <testcase classname={_quote(name)} name={_quote(verdict.gate.text)}"
    told = _clean(f"{verdict.gate.text}: {describe_verdict(verdict)}")
    if verdict.passed:
        inside = f"<system-out>{escape(told)}</system-out>"
    else:
        inside = f'<failure type="gate" message={_quote(told)}/>'
    return [f"{case}>", f"      {inside}", "    </testcase>"]


def _quote(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    """XML 1.0 has no word for control characters and for halves of letters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
