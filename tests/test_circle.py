"""The whole circle on the drawn balloons: train on spoiled labels, tag, draft, mend, accept, train again: better."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")
import torch

from tests.drafting.desks import save_as_labelme, tick
from tests.tour import ROOT
from workbench.cli import main
from workbench.data.annotation import Annotation
from workbench.data.selection import MISSING_LABEL, WRONG_LABEL
from workbench.doctor.programs import find_mongod
from workbench.drafting.likeness import freeze_drawing
from workbench.formats.labelme import read_annotation, write_annotation
from workbench.run import list_runs

IMAGES = 40
STEPS = "100"
SMALL = {
    "train.batch": "2",
    "train.precision": "fp32",
    "INPUT.MIN_SIZE_TRAIN": "(160,)",
    "INPUT.MAX_SIZE_TRAIN": "224",
    "INPUT.MIN_SIZE_TEST": "160",
    "INPUT.MAX_SIZE_TEST": "224",
}
PROJECT = "balloons"


@pytest.fixture
def home(tmp_path):
    """The first balloons, in the parts that they are in everywhere."""
    before, threads = Path.cwd(), torch.get_num_threads()
    shutil.copytree(
        ROOT / "projects" / PROJECT,
        tmp_path / "projects" / PROJECT,
        ignore=shutil.ignore_patterns("datasets", "runs"),
    )
    for number in range(IMAGES):
        for source in (ROOT / "annotations" / PROJECT).glob(f"{PROJECT}-{number:03}.*"):
            target = tmp_path / "annotations" / PROJECT / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    os.chdir(tmp_path)
    yield tmp_path
    torch.set_num_threads(threads)
    os.chdir(before)


@pytest.fixture
def elsewhere(tmp_path):
    """Run Python in a process of its own: FiftyOne knows one database a process, and this one is gone afterwards."""
    if find_spec("fiftyone") is None:
        pytest.skip("no FiftyOne: make install-review")
    if find_mongod() is None:
        pytest.skip("no mongod: make install-mongod")
    settings = {key: value for key, value in os.environ.items() if key != "FIFTYONE_DATABASE_URI"}
    settings |= {"WORKBENCH_DATABASE": str(tmp_path / "database"), "PYTHONPATH": str(ROOT)}

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words], env=settings, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


# What a person does in the App: labels are missing everywhere, and one that is there is clicked on.
TAG = f"""
import sys
from pathlib import Path
from workbench.cli import main
from workbench.review.fields import PART, TRUTH, name_dataset
from workbench.review.session import open_database

run = Path(sys.argv[1])
with open_database() as database:
    assert main(["review", str(run), "--no-app"]) == 0
    for sample in database.fo.load_dataset(name_dataset(run.resolve().parent.parent)):
        if sample[PART] == "train":
            sample.tags.append("{MISSING_LABEL}")
            for label in sample[TRUTH].detections[:1]:
                label.tags.append("{WRONG_LABEL}")
            sample.save()
"""


def spoil(annotation: Annotation) -> Annotation:
    """Every other label is forgotten, the rest lie beside their balloons."""
    width, height = annotation.image_size or (0, 0)
    moved = (
        replace(
            shape, points=tuple(((x + width / 3) % width, (y + height / 3) % height) for x, y in shape.points)
        )
        for shape in annotation.shapes[::2]
    )
    return replace(annotation, shapes=tuple(moved))


def train(capsys):
    words = ["--model", "mask_rcnn_nano", "--steps", STEPS, "--seed", "3", "--device", "cpu"]
    keys = {**SMALL, "train.evaluate_every": STEPS, "train.watch": "()"}
    assert main(["train", PROJECT, *words, *(word for pair in keys.items() for word in pair)]) == 0
    capsys.readouterr()
    return list_runs(Path("projects") / PROJECT / "runs")[-1]


def ask(capsys, *words):
    """Run a command that prints JSON."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def mend(draft: Path, truth: Annotation) -> int:
    """Delete what is wrong, leave what is good, draw what is missing; return what was left as the machine drew it."""
    kept = []

    def edit(raw):
        wanted = list(truth.shapes)
        for shape in raw["shapes"]:
            near = (one for one in wanted if one.group is None and lie_alike(shape["points"], one.points))
            hit = next(near, None) if "run" in shape["workbench"] and shape["group_id"] is None else None
            if hit:
                wanted.remove(hit)
                kept.append(shape)
        raw["shapes"] = [*kept, *map(draw, wanted)]
        tick(raw)

    save_as_labelme(draft, edit)
    return len(kept)


def draw(shape):
    """As Labelme writes what was just drawn."""
    more = {"group_id": shape.group, "flags": dict(shape.flags), "mask": shape.mask}
    return {"label": shape.label, "points": shape.points, "shape_type": shape.kind} | more


def lie_alike(one, other):
    """Frames that share nine tenths."""
    frames = [
        [pick(point[axis] for point in points) for pick in (min, max) for axis in (0, 1)]
        for points in (one, other)
    ]
    wide, high = (min(f[2 + axis] for f in frames) - max(f[axis] for f in frames) for axis in (0, 1))
    if wide <= 0 or high <= 0:
        return False
    first, second = ((f[2] - f[0]) * (f[3] - f[1]) for f in frames)
    return wide * high / (first + second - wide * high) > 0.9


@pytest.mark.slow
def test_labels_that_a_person_mends_in_drafts_make_the_next_run_better(home, elsewhere, capsys):
    folder = home / "annotations" / PROJECT
    parts = json.loads((home / "projects" / PROJECT / "split.json").read_text())["parts"]
    right = {path.name: read_annotation(path) for path in sorted(folder.glob("*.json"))}
    learned = {name for name, one in right.items() if parts[one.image_path] == "train"}
    for name in learned:
        write_annotation(folder / name, spoil(right[name]))
    first = train(capsys)
    assert main(["evaluate", str(first.folder)]) == 0
    elsewhere("-c", TAG, str(first.folder))
    capsys.readouterr()

    drafted = json.loads(elsewhere("-m", "workbench", "relabel", str(first.folder), "--from-tags", "--json"))
    assert set(drafted["ready"]) == {right[name].image_path for name in learned}
    assert drafted["noted"] == sum(1 for name in learned if len(right[name].shapes))
    left = sum(mend(first.drafts / name, right[name]) for name in sorted(learned))

    code, accepted = ask(capsys, "relabel", str(first.folder), "--accept")
    assert code == 0, accepted["refused"]
    assert len(accepted["accepted"]) == len(learned)
    assert sum(one["kept"] for one in accepted["accepted"]) == left
    assert not accepted["waiting"]
    if not left:
        for name, one in right.items():
            drawn = sorted(map(freeze_drawing, read_annotation(folder / name).shapes))
            assert drawn == sorted(map(freeze_drawing, one.shapes)), name

    assert main(["convert", PROJECT]) == 0
    second = train(capsys)
    assert main(["evaluate", str(second.folder)]) == 0
    capsys.readouterr()
    code, compared = ask(capsys, "compare", str(first.folder), str(second.folder))
    (versus,) = compared["comparisons"]
    assert versus["metrics"]["mask"]["AP50"]["verdict"] == "better", versus["words"]
    assert versus["words"].startswith("B is better"), versus["words"]
