"""`workbench demo`, with a training so short that nothing is learnt."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.tour import copy_samples
from workbench.cli import main


@pytest.mark.slow
def test_the_demo_trains_and_says_where_its_pictures_are(tmp_path, monkeypatch, capsys):
    copy_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "balloons", "--steps", "2", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["scores"]["images"] == 19
    assert [path.name for path in Path(made["pictures"]).iterdir()] == ["step_0000002.png"]
    assert (Path(made["run"]) / "model_best.pth").exists()
