"""Precision: what was said is taken; what was not is measured."""

import pytest

torch = pytest.importorskip("torch")

from workbench.engine.training import precision  # noqa: E402
from workbench.engine.training.precision import choose_precision, measure_bf16_gain  # noqa: E402
from workbench.errors import ProjectError  # noqa: E402


def test_what_was_said_is_taken():
    chosen = choose_precision("bf16", "cpu")
    assert (chosen.name, chosen.dtype, chosen.scaler) == ("bf16", torch.bfloat16, False)
    with chosen.autocast():
        assert torch.ones(2, 2).mm(torch.ones(2, 2)).dtype == torch.bfloat16


def test_fp32_casts_nothing():
    with choose_precision("fp32", torch.device("cpu")).autocast():
        assert torch.ones(2, 2).mm(torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.parametrize(("gain", "name"), [(2.2, "bf16"), (1.1, "fp32"), (0.03, "fp32")])
def test_a_processor_gets_bf16_only_where_it_was_measured_faster(gain, name, monkeypatch):
    monkeypatch.setattr(precision, "measure_bf16_gain", lambda: gain)
    chosen = choose_precision("auto", "cpu")
    assert chosen.name == name
    assert f"{gain:.2f} times" in chosen.reason


def test_the_probe_gives_a_positive_number_and_leaves_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    assert measure_bf16_gain() > 0
    assert torch.equal(torch.rand(3), expected)


def test_an_unknown_precision_names_the_nearest():
    with pytest.raises(ProjectError, match="bf16"):
        choose_precision("bf1", "cpu")


def test_fp16_on_a_processor_is_refused():
    with pytest.raises(ProjectError, match="for GPUs"):
        choose_precision("fp16", "cpu")
