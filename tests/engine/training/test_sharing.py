"""What is said of several processes: who takes how many images, and what becomes of the learning rate."""

import pytest

pytest.importorskip("detectron2")

from tests.durability.tiny import make_project
from workbench.conversion.dataset import convert_project
from workbench.engine.models.table import MODELS
from workbench.engine.training.sharing import describe_sharing
from workbench.engine.training.start import plan_course

ROW = MODELS["mask_rcnn_nano"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    home = tmp_path_factory.mktemp("sharing")
    project = make_project(home, "instance")
    dataset = convert_project(project, None, as_rle=False, strict=False).out

    def plan(world, **more):
        typed = {"model.name": ROW.name, "train.steps": "8", "train.device": "cpu"}
        typed |= {f"train.{name}": str(value) for name, value in more.items()}
        return plan_course(project, project.folder / dataset, typed, world=world)

    return plan


def test_one_process_shares_nothing(planned):
    assert describe_sharing(planned(1)) == ""


def test_the_batch_is_shared_out_and_the_rate_follows_it_by_the_linear_rule(planned):
    course = planned(2, batch=4 * ROW.batch)
    assert pytest.approx(4 * ROW.lr) == course.cfg.SOLVER.BASE_LR
    told = describe_sharing(course, nodes=2)
    assert told.startswith(
        f"2 processes on 2 machines share the {4 * ROW.batch} images of a step, {2 * ROW.batch} each; "
    )
    assert told.endswith(
        f"(linear rule: {ROW.lr:g} for {ROW.batch} images a step, so {4 * ROW.lr:g} for {4 * ROW.batch})"
    )


def test_images_that_are_taken_one_part_after_the_other_are_said(planned):
    told = describe_sharing(planned(2, batch=8, accumulate=2, lr=0.001))
    assert "8 images of a step, 2 each at a time, 2 times; learning rate 0.001 (train.lr)" in told


def test_more_processes_than_the_row_has_images_take_one_each_and_learn_faster(planned):
    course = planned(4 * ROW.batch)
    assert 4 * ROW.batch == course.cfg.SOLVER.IMS_PER_BATCH
    assert pytest.approx(4 * ROW.lr) == course.cfg.SOLVER.BASE_LR
