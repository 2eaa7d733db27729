"""Words of `train` and `preflight`: options and KEY VALUE in any order."""

import argparse

import pytest

from workbench.commands.training_arguments import PairsError, add_training_arguments, read_typed


def read(line):
    parser = argparse.ArgumentParser()
    add_training_arguments(parser)
    return read_typed(parser.parse_intermixed_args(line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "balloons --steps 3 SOLVER.BASE_LR 0.1 --model x train.ema 0.9",
        "--model x --steps 3 balloons SOLVER.BASE_LR 0.1 train.ema 0.9",
        "balloons SOLVER.BASE_LR 0.1 train.ema 0.9 --steps=3 --model x",
    ],
)
def test_options_and_keys_come_in_any_order(line):
    assert read(line) == {
        "SOLVER.BASE_LR": "0.1",
        "train.ema": "0.9",
        "model.name": "x",
        "train.steps": "3",
    }


def test_what_was_not_typed_is_not_there():
    assert read("balloons") == {}


def test_a_seed_of_zero_and_a_negative_value_are_said():
    assert read("balloons --seed 0 SEED -1") == {"train.seed": "0", "SEED": "-1"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("balloons SOLVER.BASE_LR", "stands alone"),
        ("balloons A 1 A 2", "is there twice"),
        ("balloons --steps 3 train.steps 4", "the option says it too"),
    ],
)
def test_words_that_make_no_pairs_are_refused(line, words):
    with pytest.raises(PairsError, match=words):
        read(line)
