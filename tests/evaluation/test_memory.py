"""The search for garbage is off where rows come by the ten thousand, and on again behind it."""

import gc

import pytest

from workbench.evaluation.memory import sparing


@pytest.fixture(autouse=True)
def restored():
    yield
    gc.enable()


def test_it_is_off_inside_and_on_again_behind():
    with sparing():
        assert not gc.isenabled()
        with sparing():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_a_mistake():
    with pytest.raises(KeyError), sparing():
        raise KeyError
    assert gc.isenabled()


def test_who_had_it_off_finds_it_off():
    gc.disable()
    with sparing():
        pass
    assert not gc.isenabled()
