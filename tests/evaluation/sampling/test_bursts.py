"""Which images are nearly one: by the names and times that the split goes by."""

import pytest

from workbench.evaluation.comparing.val_sets import JudgedImage, ValSet
from workbench.evaluation.sampling.bursts import find_bursts
from workbench.run import Run

NAMES = ("IMG_0008_2.jpg", "IMG_0008_1.jpg", "IMG_0009_1.jpg", "20260105_101500.jpg", "20260105_101507.jpg")


def bursts(folder, project):
    run = Run(folder=folder)
    if project is not None:
        run.project_copy.write_text(project)
    return find_bursts(run, NAMES)


def test_names_are_joined_by_the_projects_own_pattern(tmp_path):
    found = bursts(tmp_path, "[split]\ngroup = '^(.*)_\\d+\\.'\nseconds = 0\n")
    assert found["IMG_0008_1.jpg"] == found["IMG_0008_2.jpg"] == "IMG_0008_1.jpg"
    assert len(set(found.values())) == 3  # 20260105 is what both of the others begin with


def test_pictures_taken_within_seconds_are_a_burst(tmp_path):
    found = bursts(tmp_path, "[split]\nseconds = 10\n")
    assert found["20260105_101507.jpg"] == "20260105_101500.jpg"
    assert len(set(found.values())) == 4
    (tmp_path / "later").mkdir()
    assert len(set(bursts(tmp_path / "later", "[split]\nseconds = 5\n").values())) == 5


@pytest.mark.parametrize(
    "project", [None, "", "no toml", "split = 3\n", "[split]\ngroup = '('\n", "[split]\nseconds = 'x'\n"]
)
def test_a_copy_that_cannot_be_read_means_the_usual(tmp_path, project):
    assert len(set(bursts(tmp_path, project).values())) == 4


def test_images_without_a_burst_are_their_own():
    images = [
        JudgedImage(number=place, name=key, key=key, truth="", burst=burst)
        for place, (key, burst) in enumerate([("a", ""), ("b", "x"), ("c", ""), ("d", "x")])
    ]
    assert ValSet(images=tuple(images), classes=()).number_bursts() == [0, 1, 2, 1]
