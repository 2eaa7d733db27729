"""The image beside a predicted Labelme file: a link that several may make at once."""

import os
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

from workbench.engine.prediction.outputs import labelme_output
from workbench.engine.prediction.outputs.labelme_output import LabelmeOutput
from workbench.files import link_or_copy


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"image")
    return path


@pytest.mark.parametrize("others", ["link", "copy", "another"])
def test_of_two_who_link_an_image_at_once_none_is_in_the_other_s_way(image, tmp_path, monkeypatch, others):
    target = tmp_path / "out" / "a.jpg"

    def be_late(source: Path, link: Path) -> None:
        link_or_copy(source, link)
        if others == "link":
            os.link(source, target)
        else:
            target.write_bytes(b"image" if others == "copy" else b"an older one")

    monkeypatch.setattr(labelme_output, "link_or_copy", be_late)
    LabelmeOutput(tmp_path, "run")._link(image, target)
    assert target.samefile(image) and image.read_bytes() == b"image"
    assert [path.name for path in target.parent.iterdir()] == ["a.jpg"]


def test_an_image_that_took_the_place_of_another_is_linked_anew(image, tmp_path):
    target = tmp_path / "out" / "a.jpg"
    target.parent.mkdir()
    target.symlink_to("gone.jpg")
    for _ in range(2):
        LabelmeOutput(tmp_path, "run")._link(image, target)
        assert target.samefile(image) and not target.is_symlink()
    image.unlink()
    image.write_bytes(b"a new one")
    LabelmeOutput(tmp_path, "run")._link(image, target)
    assert target.read_bytes() == b"a new one"
    assert [path.name for path in target.parent.iterdir()] == ["a.jpg"]
