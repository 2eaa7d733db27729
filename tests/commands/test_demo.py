"""`workbench demo`, with a training so short that nothing is learnt."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.tour import copy_samples
from workbench.cli import main


@pytest.mark.slow
def test_the_demo_trains_and_ends_with_a_report(tmp_path, monkeypatch, capsys):
    copy_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "balloons", "--steps", "2", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["scores"]["images"] == 19
    assert [path.name for path in Path(made["pictures"]).iterdir()] == ["step_0000002.png"]
    assert (Path(made["run"]) / "model_best.pth").exists()
    page = Path(made["report"]).read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "<dt>Mask AP</dt>" in page
