"""The table of rules in the code and the one in the docs are one table."""

import re
from pathlib import Path

import pytest

from workbench.data.rules import RULES, find

HOUSE = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([\w-]+)` \| (error|warning) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_docs_have_every_rule_with_its_level_meaning_and_mending():
    rows = ROW.findall((HOUSE / "docs" / "findings.md").read_text(encoding="utf-8"))
    assert {name: tuple(rest) for name, *rest in rows} == {name: tuple(rule) for name, rule in RULES.items()}
    assert len(rows) == len(RULES)


def test_every_rule_that_the_code_names_is_in_the_table():
    named = re.compile(
        r'(?:find\([^()]*?, |rule(?:: str)? ?= ?|NoOutline\(\s*|ShapeError\(\s*)"([a-z]+(?:-[a-z]+)+)"'
    )
    code = [path for room in ("data", "prepare") for path in (HOUSE / "workbench" / room).glob("*.py")]
    readers = ("labelme", "folder", "places", "images", "listing")
    code += [HOUSE / "workbench" / "formats" / f"{name}.py" for name in readers]
    found = {name for path in code for name in named.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 20
    assert found - RULES.keys() <= {"not-an-area"}  # open kinds are counted, and no finding


def test_a_finding_takes_the_level_of_its_rule():
    assert find("a", "", "self-crossing", "").level == "warning"
    with pytest.raises(KeyError):
        find("a", "", "no-such-rule", "")
