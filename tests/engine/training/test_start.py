"""From a project to a plan, and back to a run that was begun: whose paths count from where, and what follows what."""

import pytest

pytest.importorskip("detectron2")

from tests.conversion.folders import put
from tests.drawing import square
from tests.durability.tiny import make_project
from workbench.conversion.dataset import convert_project
from workbench.engine.models.build import row_config
from workbench.engine.models.row import ModelError
from workbench.engine.models.table import MODELS
from workbench.engine.training.resume import ChangedRun
from workbench.engine.training.start import begin_run, plan_course, resume_run
from workbench.errors import ProjectError
from workbench.project import read_project
from workbench.project_folder import FILE
from workbench.run import read_record

RATE = MODELS["mask_rcnn_nano"].lr / MODELS["mask_rcnn_nano"].batch  # an image
NANO = {"model.name": "mask_rcnn_nano", "train.steps": "8", "train.batch": "2", "train.device": "cpu"}


@pytest.fixture
def home(tmp_path):
    make_project(tmp_path, "instance")
    return tmp_path


def plan(home, typed=NANO, *, toml=""):
    folder = home / "projects" / "p"
    text = (folder / FILE).read_text()
    (folder / FILE).write_text(text.partition("[model]")[0] + toml)
    project = read_project(folder)
    dataset = convert_project(project, None, as_rle=False, strict=False).out
    return project, plan_course(project, home / dataset, typed, world=1)


def write_yaml(path, rate):
    cfg = row_config(MODELS["mask_rcnn_nano"])
    cfg.SOLVER.BASE_LR = rate
    path.parent.mkdir(exist_ok=True)
    path.write_text(cfg.dump())


def test_a_yaml_of_project_toml_lies_in_the_projects_folder_and_a_typed_one_here(home, monkeypatch):
    write_yaml(home / "projects" / "p" / "mine.yaml", 0.16)
    write_yaml(home / "here" / "mine.yaml", 0.32)
    monkeypatch.chdir(home / "here")
    small = {"train.batch": "16", "train.device": "cpu"}
    _, course = plan(home, small, toml='[model]\nconfig = "mine.yaml"\n')
    assert course.cfg.SOLVER.BASE_LR == 0.16
    _, course = plan(home, {**small, "model.config": "mine.yaml"})
    assert course.cfg.SOLVER.BASE_LR == 0.32
    monkeypatch.chdir(home)  # a resume from another folder knows it still
    _, course = plan(home, course.typed)
    assert course.cfg.SOLVER.BASE_LR == 0.32


def test_weights_of_project_toml_lie_in_the_projects_folder_and_typed_ones_here(home, monkeypatch):
    for folder in (home / "projects" / "p", home / "here"):
        folder.mkdir(exist_ok=True)
        (folder / "w.pth").write_bytes(b"w")
    monkeypatch.chdir(home / "here")
    _, course = plan(home, toml='[model]\nweights = "w.pth"\n')
    assert str(home / "projects" / "p" / "w.pth") == course.cfg.MODEL.WEIGHTS
    _, course = plan(home, {**NANO, "model.weights": "w.pth"})
    assert str(home / "here" / "w.pth") == course.cfg.MODEL.WEIGHTS
    (home / "here" / "row").mkdir()
    _, course = plan(home, {**NANO, "model.weights": "row"})
    assert course.cfg.MODEL.WEIGHTS == ""


def test_the_seed_is_said_in_one_way(home):
    with pytest.raises(ModelError, match=r"SEED: must not be set.*the seed is train.seed"):
        plan(home, {**NANO, "SEED": "7"})
    _, course = plan(home, {**NANO, "train.seed": "7"})
    assert course.cfg.SEED == course.settings.train.seed == 7


# Going on with something else than the run began with


def begin(home, typed=NANO):
    project, course = plan(home, typed)
    return begin_run(project, course)


def test_what_is_derived_from_an_allowed_setting_follows_it(home):
    run = begin(home)
    _, now = plan(home, {**NANO, "train.lr": "0.5"})
    _, told = resume_run(run, now, ["train.lr"])
    assert any(line.startswith("train.lr: 0.0 → 0.5") for line in told)
    assert f"SOLVER.BASE_LR: {2 * RATE} → 0.5, which follows" in told
    assert "0.5" in run.config.read_text()
    assert read_record(run)["settings"]["train"]["lr"] == 0.5


def test_what_follows_an_allowed_key_of_detectron2_follows_it_too(home):
    run = begin(home, {**NANO, "train.batch": "0", "SOLVER.IMS_PER_BATCH": "2"})
    _, now = plan(home, {**NANO, "train.batch": "0", "SOLVER.IMS_PER_BATCH": "4"})
    _, told = resume_run(run, now, ["SOLVER.IMS_PER_BATCH"])
    assert f"SOLVER.BASE_LR: {2 * RATE} → {4 * RATE}, which follows" in told


def test_what_differs_for_another_reason_is_refused_all_the_same(home):
    run = begin(home)
    _, now = plan(home, {**NANO, "train.lr": "0.5", "train.steps": "12"})
    with pytest.raises(ChangedRun) as refused:
        resume_run(run, now, ["train.lr"])
    words = str(refused.value)
    assert "train.steps" in words
    assert "SOLVER.MAX_ITER: was 8, is 12" in words
    assert "BASE_LR" not in words


def test_other_data_may_change_what_is_derived_from_them(home):
    typed = {key: text for key, text in NANO.items() if key != "train.steps"}
    run = begin(home, typed)
    for number in range(8, 40):
        put(home / "annotations" / "p", str(number), square("cat", 5, 8, 26))
    (home / "train.txt").write_text("".join(f"{number}.png\n" for number in (*range(6), *range(8, 40))))
    _, now = plan(home, typed)
    with pytest.raises(ChangedRun, match="data"):
        resume_run(run, now, [])
    _, told = resume_run(run, now, ["data"])
    assert any("which follows" in line for line in told)


@pytest.mark.parametrize("row", ["mask_rcnn_nano", "semantic_nano", "panoptic_nano"])
def test_a_panoptic_project_teaches_rows_of_every_task(tmp_path, row):
    make_project(tmp_path, "panoptic")
    _, course = plan(tmp_path, NANO | {"model.name": row})
    assert course.task == MODELS[row].task


@pytest.mark.parametrize("row", ["semantic_nano", "panoptic_nano"])
def test_a_project_of_objects_cannot_teach_what_it_has_no_labels_for(home, row):
    with pytest.raises(ProjectError, match=f"must be {MODELS[row].task} for {row}, but is instance"):
        plan(home, NANO | {"model.name": row})
