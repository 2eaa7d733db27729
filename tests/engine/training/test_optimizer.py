"""Which optimiser a row gets."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

import torch

from workbench.engine.models.build import build_model, row_config
from workbench.engine.models.table import MODELS
from workbench.engine.training.schedule import build_optimizer


def test_a_row_from_scratch_has_adamw_whose_decay_spares_biases_and_norms_and_others_have_sgd():
    cfg = row_config(MODELS["mask_rcnn_nano"])
    model = build_model(cfg)
    optimizer = build_optimizer(cfg, model)
    assert type(optimizer) is torch.optim.AdamW
    decay = {
        id(value): group["weight_decay"] for group in optimizer.param_groups for value in group["params"]
    }
    named = {name: decay[id(value)] for name, value in model.named_parameters()}
    assert named["backbone.bottom_up.res2.0.conv1.weight"] == cfg.SOLVER.WEIGHT_DECAY > 0
    assert named["backbone.bottom_up.res2.0.conv1.norm.weight"] == 0
    assert named["roi_heads.box_predictor.cls_score.bias"] == 0

    cfg.SOLVER.ADAMW = False
    assert type(build_optimizer(cfg, model)) is torch.optim.SGD


def test_the_fused_steps_are_those_of_plain_adamw():
    """A tenth of the time of a small step went into walking over the weights one by one."""
    cfg = row_config(MODELS["mask_rcnn_nano"])
    start = torch.linspace(-1, 1, 60).reshape(6, 10)
    results = []
    for fused in (True, False):
        model = torch.nn.Linear(10, 6)
        model.weight.data, model.bias.data = start.clone(), torch.zeros(6)
        optimizer = build_optimizer(cfg, model)
        assert optimizer.defaults["fused"]
        for group in optimizer.param_groups:
            group["fused"] = fused
        for step in range(5):
            optimizer.zero_grad()
            model(torch.full((3, 10), 0.1 * (step + 1))).square().sum().backward()
            optimizer.step()
        results.append(model.weight.detach())
    assert not torch.equal(results[0], start)
    torch.testing.assert_close(results[0], results[1], rtol=1e-6, atol=1e-7)
