"""A small share of the mutated foreign files; the whole is `python -m tests.fuzz.foreign`."""

import pytest

from tests.fuzz.foreign import KINDS, run_kind


@pytest.mark.parametrize("name", KINDS)
def test_mutated_files_end_in_words(name: str):
    seen = 0
    for ends, failure in run_kind(KINDS[name], 250):
        assert not failure
        seen += sum(ends.values())
    assert seen == 250
