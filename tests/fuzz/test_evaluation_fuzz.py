"""A small share of the spoiled evaluations; the whole is `python -m tests.fuzz.evaluation`."""

import pytest

pytest.importorskip("hotcoco")

from tests.fuzz.evaluation import run


def test_spoiled_files_are_judged_or_refused_in_one_line():
    found = run(500, 0)
    assert found["judged"] > 30 and found["refused"] > 300
