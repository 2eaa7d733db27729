"""What [model], [train] and [train.augment] may say, and who wins."""

from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench.project import Project, make_categories
from workbench.settings import choose_decay, read_settings


def project(**tables: object) -> Project:
    return Project(
        folder=Path("projects/b"),
        name="b",
        task="instance",
        annotations=Path("a"),
        categories=make_categories(["balloon"]),
        **tables,
    )


def test_without_a_word_everything_is_derived():
    settings = read_settings(project())
    assert (settings.train.steps, settings.train.precision, settings.model.name) == (0, "auto", "")


def test_the_file_says_and_what_was_typed_wins():
    said = project(train={"steps": 300, "ema": 0.9, "augment": {"flip": "both"}})
    settings = read_settings(said, {"train.ema": "0.99", "augment.short_edge": "160,192"})
    assert (settings.train.steps, settings.train.ema) == (300, 0.99)
    assert (settings.augment.flip, settings.augment.short_edge) == ("both", (160, 192))
    assert read_settings(said, {"train.augment.flip": "none"}).augment.flip == "none"


def test_lists_can_be_typed_without_brackets_and_quotes():
    typed = {"train.freeze": "backbone.*,proposal_generator.*", "train.watch": "tensorboard"}
    settings = read_settings(project(), typed)
    assert settings.train.freeze == ("backbone.*", "proposal_generator.*")
    assert settings.train.watch == ("tensorboard",)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"train": {"stpes": 3}}, 'train.stpes: must be a known setting, but is not; did you mean "steps"'),
        ({"train": {"steps": "many"}}, "train.steps: must be a whole number, but got 'many'"),
        ({"train": {"steps": True}}, "train.steps: must be a whole number"),
        ({"train": {"steps": -1}}, "train.steps: must be 0 or more"),
        ({"train": {"schedule": "linear"}}, "train.schedule: must be one of row, step, cosine"),
        ({"train": {"augment": {"jitter": ["a"]}}}, "train.augment.jitter: must be a list of numbers"),
        ({"train": {"augment": 3}}, "train.augment: must be a table"),
        ({"model": {"row": "x"}}, "model.row: must be a known setting"),
    ],
)
def test_a_wrong_word_in_the_file_is_named_with_its_place(tables, words):
    with pytest.raises(ProjectError) as wrong:
        read_settings(project(**tables))
    assert str(wrong.value).startswith("projects/b/project.toml: ")
    assert words in str(wrong.value)


@pytest.mark.parametrize("key", ["ema", "training.ema", "train.emma", "augment.flop"])
def test_a_typed_word_that_means_nothing_names_the_nearest(key):
    with pytest.raises(ProjectError, match="did you mean"):
        read_settings(project(), {key: "1"})


def test_a_typed_value_of_another_kind_is_refused():
    with pytest.raises(ProjectError, match=r"train\.lr: must be a number, but got 'fast'"):
        read_settings(project(), {"train.lr": "fast"})


@pytest.mark.parametrize(
    ("asked", "steps", "decay"),
    [(-1, 1000, 0.99), (-1, 100, 0.9), (-1, 2, 0.0), (0.5, 1000, 0.5), (0, 1000, 0)],
)
def test_the_average_reaches_over_the_last_hundredth_of_a_run_unless_it_was_asked_otherwise(
    asked, steps, decay
):
    assert choose_decay(asked, steps) == pytest.approx(decay)
