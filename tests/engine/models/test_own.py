"""A project's model.py is code: it runs only where it is trusted."""

import pytest

pytest.importorskip("torch")

from workbench.engine.models.own import read_model_file
from workbench.engine.models.row import ModelError

TEXT = """
from dataclasses import replace
from pathlib import Path

from workbench.engine.models.table import find_model

Path(__file__).with_name("ran").touch()
MODEL = replace(find_model("mask_rcnn_nano"), name="mine")
"""


def test_it_is_refused_and_does_not_run_unless_trusted(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(TEXT)
    with pytest.raises(ModelError, match="--trust"):
        read_model_file(path)
    assert not (tmp_path / "ran").exists()


def test_trusted_it_gives_its_row(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(TEXT)
    assert read_model_file(path, trusted=True).name == "mine"


@pytest.mark.parametrize(
    ("text", "words"), [("MODEL = 7", "got int"), ("x = (", "mend it"), ("import nowhere_at_all", "mend it")]
)
def test_what_is_wrong_with_it_is_said(text, words, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(text)
    with pytest.raises(ModelError, match=words):
        read_model_file(path, trusted=True)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ModelError, match="check the name"):
        read_model_file(tmp_path / "model.py", trusted=True)
