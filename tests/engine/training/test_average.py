"""The moving average of the weights, by hand."""

import pytest

torch = pytest.importorskip("torch")

from workbench.engine.training.average import Average  # noqa: E402


def layer(value: float) -> "torch.nn.Module":
    made = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(made.weight, value)
    return made


def test_the_average_moves_little_by_little_and_faster_in_the_first_steps():
    model = layer(0.0)
    average = Average(model, decay=0.5)
    torch.nn.init.constant_(model.weight, 1.0)
    average.update(step=1)  # keeps (1 + 1) / (10 + 1)
    assert average.to_content()["weight"].item() == pytest.approx(9 / 11)
    average.update(step=100)  # keeps a half
    assert average.to_content()["weight"].item() == pytest.approx(1 - 2 / 11 / 2)


def test_the_average_is_in_the_model_for_a_while_and_the_weights_come_back():
    model = layer(1.0)
    average = Average(model, decay=0.9)
    torch.nn.init.constant_(model.weight, 3.0)
    with average.in_place():
        assert model.weight.item() == 1.0
    assert model.weight.item() == 3.0
    assert average.to_content()["weight"].item() == 1.0


def test_the_weights_come_back_when_an_evaluation_fails():
    model = layer(1.0)
    average = Average(model, decay=0.9)
    torch.nn.init.constant_(model.weight, 3.0)
    with pytest.raises(KeyError), average.in_place():
        raise KeyError
    assert model.weight.item() == 3.0
