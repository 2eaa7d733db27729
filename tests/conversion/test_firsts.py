"""Whoever comes first keeps the image, in memory and on disk alike."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.conversion import firsts as module
from workbench.conversion.firsts import Firsts
from workbench.errors import OutputError

NAMES = st.text(max_size=3) | st.sampled_from(["a.png", "ä.png", "\ud800", "猫"])


@given(rows=st.lists(st.tuples(NAMES, NAMES), max_size=40), few=st.integers(0, 10))
def test_a_table_on_disk_answers_as_one_in_memory(rows, few):
    plain: dict[str, str] = {}
    with Firsts(few) as firsts:
        for image, annotation in rows:
            assert firsts.find_first(image, annotation) == plain.setdefault(image, annotation)


def test_a_full_disk_is_told_in_one_line(monkeypatch):
    def refuse(*arguments: object, **more: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(module.sqlite3, "connect", refuse)
    with pytest.raises(OutputError, match="database or disk is full"), Firsts(0) as firsts:
        firsts.find_first("a.png", "a.json")
