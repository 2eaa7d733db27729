"""A small project to label, in a home of its own."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder with nothing in it, and no Labelme but the one that a test puts there."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_CONFIG_HOME", "WORKBENCH_LABELME", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return place


@pytest.fixture
def party(tmp_path, home, monkeypatch):
    """Four labelled images and one that is not, of one class; the current folder is around them."""
    monkeypatch.chdir(tmp_path)
    project, images = tmp_path / "projects" / "party", tmp_path / "annotations" / "party"
    project.mkdir(parents=True)
    images.mkdir(parents=True)
    write_project(project, ["balloon"])
    (images / "labels.txt").write_text("__ignore__\nhole\nballoon\n")
    for number in range(4):
        for suffix in ("jpg", "json"):
            shutil.copy(ROOT / "annotations" / "balloons" / f"balloons-00{number}.{suffix}", images)
    shutil.copy(ROOT / "annotations" / "balloons" / "balloons-004.jpg", images)
    return project


def write_project(project: Path, classes: list[str]) -> None:
    names = ", ".join(f'"{name}"' for name in classes)
    (project / "project.toml").write_text(
        f'name = "party"\ntask = "instance"\nannotations = "../../annotations/party"\ncategories = [{names}]\n'
    )
