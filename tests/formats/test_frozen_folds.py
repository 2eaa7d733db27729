"""folds.json: what was drawn comes back, and what was spoiled is said."""

import json

import pytest

from workbench.errors import ProjectError
from workbench.formats.frozen_folds import read_frozen_folds, write_frozen_folds


def test_what_was_drawn_comes_back_one_image_a_line(tmp_path):
    path = tmp_path / "folds.json"
    write_frozen_folds(path, 2, {"b/ü.jpg": 2, "a.jpg": 0})
    assert read_frozen_folds(path) == (2, {"a.jpg": 0, "b/ü.jpg": 2})
    assert [line.strip() for line in path.read_text().splitlines() if ".jpg" in line] == [
        '"a.jpg": 0,',
        '"b/ü.jpg": 2',
    ]


def test_folds_that_nobody_drew_are_named(tmp_path):
    with pytest.raises(ProjectError, match=r"folds\.json: must exist, but does not; workbench launch"):
        read_frozen_folds(tmp_path / "folds.json")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "readable JSON"),
        ("[]", "version 1"),
        (json.dumps({"version": 2}), "version 1"),
        (json.dumps({"version": 1, "folds": {}}), '"count" and "folds"'),
        (
            json.dumps({"version": 1, "count": 2, "folds": {"a.jpg": 3}}),
            r'folds\["a.jpg"\]: must be from 0 to 2',
        ),
        (json.dumps({"version": 1, "count": 2, "folds": {"a.jpg": True}}), "but got True"),
    ],
)
def test_spoiled_folds_are_said_in_one_line(tmp_path, content, what):
    path = tmp_path / "folds.json"
    path.write_text(content)
    with pytest.raises(ProjectError, match=what):
        read_frozen_folds(path)
