"""selection.json: what is written is read back, and what is wrong is said with its place."""

import json

import pytest

from workbench.data.selection import MISSING_LABEL, RELABEL, Pick, Selection
from workbench.errors import InputMissing
from workbench.formats.selection import SelectionError, read_selection, write_selection

PICKS = (
    Pick(
        image="a.jpg",
        why="tagged relabel",
        tags=(RELABEL, MISSING_LABEL),
        truths=(3, 4),
        part="val",
        score=0.5,
    ),
    Pick(image="night/ü.jpg", why="", predictions=(0,)),
)
SELECTION = Selection(run="r1", source="tags", picks=PICKS)


def test_what_is_written_is_read_back(tmp_path):
    write_selection(tmp_path / "selection.json", SELECTION)
    assert read_selection(tmp_path / "selection.json") == SELECTION


def test_what_a_pick_need_not_have_may_be_missing(tmp_path):
    path = tmp_path / "selection.json"
    path.write_text('{"run": "r1", "source": "useful", "picks": [{"image": "a.jpg", "why": "x"}]}')
    assert read_selection(path).picks == (Pick(image="a.jpg", why="x"),)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "magic"}, "source: must be one of tags, suspects, useful, but got 'magic'"),
        ({"run": 3}, "run: must be text, but got '3'"),
        ({"picks": {}}, "picks: must be a list"),
        ({"picks": ["a.jpg"]}, "picks[0]: must be an object"),
        ({"picks": [{"why": "x"}]}, 'picks[0]: must have "image"'),
        ({"picks": [{"image": 3, "why": "x"}]}, "picks[0].image: must be text"),
        (
            {"picks": [{"image": "a", "why": "x", "truths": [True]}]},
            "picks[0].truths: must be a whole number",
        ),
        (
            {"picks": [{"image": "a", "why": "x", "tag": []}]},
            'picks[0]: must have known keys, but has "tag"; did you',
        ),
        ({"picks": [{"image": "a", "why": "x", "score": "high"}]}, "picks[0].score: must be a number"),
        ({"runs": 1}, 'selection: must have known keys, but has "runs"; did you mean "run"?'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, said, tmp_path):
    path = tmp_path / "selection.json"
    path.write_text(json.dumps({"run": "r1", "source": "tags", "picks": []} | change))
    with pytest.raises(SelectionError) as caught:
        read_selection(path)
    assert f"{path}: {said}" in str(caught.value)


def test_a_torn_and_a_missing_file_are_told_apart(tmp_path):
    path = tmp_path / "selection.json"
    with pytest.raises(InputMissing):
        read_selection(path)
    path.write_text('{"run"')
    with pytest.raises(SelectionError, match="must be readable JSON"):
        read_selection(path)
