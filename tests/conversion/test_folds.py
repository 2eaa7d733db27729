"""Real images into folds: duplicates stay together, test stays out, and each fold is a dataset of its own."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.conversion.dataset import convert_project
from workbench.conversion.folds import freeze_folds, take_fold
from workbench.errors import ProjectError
from workbench.project import Project, read_project

COUNT = 3


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Sixteen images in eight scenes: each is there twice, once smaller and as JPEG; two scenes are listed for test."""
    folder = put_project(
        tmp_path, ["chip"], more='[split]\nseconds = -1\n[split.lists]\ntest = "test.txt"\nval = "val.txt"\n'
    )
    (folder / "test.txt").write_text("00.png\n01.png\n")
    (folder / "val.txt").write_text(
        "02.png\n"
    )  # of the project's own split; folds are drawn over train and val
    labels = tmp_path / "annotations" / "p"
    for number in range(8):
        put(labels, f"{number:02d}", square("chip", 15, 20, 30))
        picture = _draw(number)
        picture.save(labels / f"{number:02d}.png")
        put(labels, f"again-{number:02d}", square("chip", 15, 20, 30))
        picture.resize((60, 48)).resize((100, 80)).save(labels / f"again-{number:02d}.png")
    return read_project(folder)


def _draw(seed: int) -> Image.Image:
    """Large plain fields, each picture its own: what a perceptual hash tells apart."""
    import random

    draws = random.Random(seed)
    small = Image.new("L", (9, 8))
    small.putdata([draws.randrange(256) for _ in range(72)])
    return small.resize((100, 80), Image.Resampling.BICUBIC).convert("RGB")


def _names(out: str, part: str) -> set[str]:
    return {
        Path(image["file_name"]).name
        for image in json.loads((Path(out) / f"{part}.json").read_bytes())["images"]
    }


def test_each_image_is_judged_once_and_duplicates_are_never_on_both_sides(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "folds.json"
    assert freeze_folds(project, COUNT, path).sizes == (4, 4, 4, 4)
    judged: list[str] = []
    prints = set()
    for number in range(1, COUNT + 1):
        result = convert_project(take_fold(project, path, number), None, as_rle=False, strict=True)
        train, val, test = (_names(result.out, part) for part in ("train", "val", "test"))
        assert test == {"00.png", "01.png", "again-00.png", "again-01.png"}
        assert not {name.removeprefix("again-") for name in train} & {
            name.removeprefix("again-") for name in val
        }
        assert len(train | val | test) == 16
        assert not [finding for finding in result.findings if finding.rule == "split-leak"]
        judged += val
        prints.add(result.out)
    assert sorted(judged) == sorted(f"{again}{n:02d}.png" for n in range(2, 8) for again in ("", "again-"))
    assert len(prints) == COUNT


def test_folds_freeze_the_split_as_convert_would_and_a_fold_does_not_touch_it(
    project: Project, tmp_path: Path
) -> None:
    freeze_folds(project, COUNT, tmp_path / "folds.json")
    before = project.frozen_split.read_bytes()
    plain = convert_project(project, None, as_rle=False, strict=True)
    folded = convert_project(take_fold(project, tmp_path / "folds.json", 1), None, as_rle=False, strict=True)
    assert project.frozen_split.read_bytes() == before
    assert plain.out != folded.out


def test_images_that_came_later_are_in_no_fold(project: Project, tmp_path: Path) -> None:
    """A cross-validation that runs goes on over what it began with, and its datasets keep their fingerprints."""
    path = tmp_path / "folds.json"
    freeze_folds(project, COUNT, path)
    before = convert_project(take_fold(project, path, 2), None, as_rle=False, strict=True)
    put(project.annotations, "later", square("chip", 15, 20, 30))
    after = convert_project(take_fold(project, path, 2), None, as_rle=False, strict=True)
    assert after.reused and after.out == before.out
    assert freeze_folds(project, COUNT, tmp_path / "again.json").sizes[0] == 4


def test_a_fold_that_is_not_there_is_refused(project: Project, tmp_path: Path) -> None:
    freeze_folds(project, COUNT, tmp_path / "folds.json")
    for number in (0, 4):
        with pytest.raises(ProjectError, match="must be from 1 to 3"):
            take_fold(project, tmp_path / "folds.json", number)
