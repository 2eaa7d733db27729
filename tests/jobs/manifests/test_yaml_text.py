"""What is written as YAML is read as the same values by a whole reader of YAML."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.jobs.manifests.yaml_text import Value, dump_yaml

yaml = pytest.importorskip("yaml")

LETTERS = st.characters(exclude_categories=["Cs"])
LINES = st.lists(st.text(LETTERS, max_size=8), max_size=4).map(lambda lines: "\n".join([*lines, ""]))
ODD = st.sampled_from(
    ["yes", "No", "null", "~", "1e3", "0x1", "1:30", "- a", "a: b", "#", "--x", "---", "<<", "=", "|"]
)
TEXTS = st.text(LETTERS, max_size=8) | LINES | ODD
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS
KEYS = st.text(LETTERS, max_size=6) | ODD
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_any_values_come_back_as_they_were(values: dict[str, Value]) -> None:
    assert yaml.safe_load(dump_yaml(values)) == values


def test_a_script_stands_as_it_is_and_a_short_list_in_a_line() -> None:
    found = dump_yaml({"run": "set -e\n\ncd /workspace\n", "values": [1, "two"], "empty": {}, "none": []})
    assert found == "run: |\n  set -e\n\n  cd /workspace\nvalues: [1, two]\nempty: {}\nnone: []\n"


def test_what_could_be_taken_for_something_else_is_quoted() -> None:
    assert dump_yaml({"on": "yes", "300": "300", "a:b": 'say "so"\t'}) == (
        '"on": "yes"\n"300": "300"\n"a:b": "say \\"so\\"\\U00000009"\n'
    )
