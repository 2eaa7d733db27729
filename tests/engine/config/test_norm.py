"""Which normalisation a run has: no statistics that nobody learnt, none shared by processors that cannot share."""

import pytest

pytest.importorskip("detectron2")

from tests.engine.config.facts import BIG, CARD, CPU, fit, make_facts, make_part
from workbench.engine.config.keys import flatten
from workbench.engine.config.typed import Said
from workbench.settings import ModelSettings, Settings

SCRATCH = Settings(model=ModelSettings(weights=""))
SEMANTIC = make_facts(
    make_part(100, boxes=BIG, of=range(30), class_images=(30, 30)), task="semantic", stuff=("sky",)
)
PANOPTIC = make_facts(
    make_part(100, boxes=BIG, of=range(30), class_images=(30, 30)), task="panoptic", stuff=("sky",)
)


def norms(derived):
    return {value for key, value in flatten(derived.cfg) if key.endswith(".NORM") and value}


def test_frozen_statistics_are_not_used_with_random_weights():
    cfg = fit(settings=SCRATCH).cfg
    assert (cfg.MODEL.RESNETS.NORM, cfg.MODEL.BACKBONE.FREEZE_AT) == ("GN", 0)
    assert fit().cfg.MODEL.RESNETS.NORM == "FrozenBN"


def test_random_layers_are_not_frozen_in_a_row_of_another_backbone():
    assert fit("mask_rcnn_lite0").cfg.MODEL.BACKBONE.FREEZE_AT == 2
    assert fit("mask_rcnn_lite0", settings=SCRATCH).cfg.MODEL.BACKBONE.FREEZE_AT == 0


@pytest.mark.parametrize(
    ("row", "facts"), [("deeplab_v3plus_r103", SEMANTIC), ("panoptic_deeplab_r52", PANOPTIC)]
)
@pytest.mark.parametrize("world", [1, 2])
def test_on_a_processor_statistics_are_of_each_process_alone(row, facts, world):
    assert "SyncBN" in norms(fit(row, facts, machine=CARD))
    derived = fit(row, facts, machine=CPU, world=world)
    assert "SyncBN" not in norms(derived)
    (reason,) = {change.reason for change in derived.changes if change.key == "MODEL.SEM_SEG_HEAD.NORM"}
    assert "graphics cards" in reason


def test_shared_statistics_that_were_typed_are_refused_where_several_processors_would_have_to_share():
    said = {"MODEL.RESNETS.NORM": Said(value="SyncBN", where="typed")}
    (problem,) = fit(said=said, machine=CPU, world=2).problems
    assert "MODEL.RESNETS.NORM: must be 'BN'" in problem
    assert fit(said=said, machine=CPU).cfg.MODEL.RESNETS.NORM == "SyncBN"
    assert not fit(said=said, machine=CPU).problems
    assert not fit(said=said, machine=CARD, world=2).problems
