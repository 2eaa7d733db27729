"""What two processes of one training agree on: the numbers that are told, what norms measured, who had a bad loss."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
import torch

from tests.engine.processes import run_together
from workbench.engine.training.loop import BadLoss, Stride, train
from workbench.engine.training.state import State
from workbench.engine.training.stop import Stop


class Normed(torch.nn.Module):
    """A norm that measures its batch, and a weight."""

    def __init__(self):
        super().__init__()
        self.norm, self.line = torch.nn.BatchNorm1d(1), torch.nn.Linear(1, 1)

    def forward(self, samples):
        return {"loss_a": self.line(self.norm(samples)).sum() * 0 + samples.mean()}


def take_a_step(ranks, samples):
    """Take one step with what belongs to this process; return its losses and the model."""
    torch.manual_seed(0)
    model = Normed()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    state = State(
        model=torch.nn.parallel.DistributedDataParallel(model, broadcast_buffers=False),
        weights=model,
        optimizer=optimizer,
        scheduler=torch.optim.lr_scheduler.StepLR(optimizer, 10),
        scaler=torch.amp.GradScaler("cpu", enabled=False),
    )
    batches = iter([SimpleNamespace(samples=samples[ranks.rank], keys=(f"{ranks.rank}.jpg",))])
    stride = Stride(steps=1, accumulate=1, clip=0.0, seed=0, skip_bad_losses=0, autocast=nullcontext)
    ((_, losses),) = train(state, batches, stride, ranks=ranks, duties=lambda: None, stop=Stop())
    return losses, model


def test_losses_and_running_means_are_those_of_all_images():
    samples = [torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]])]

    def work(ranks):
        losses, model = take_a_step(ranks, samples)
        assert losses["loss"] == pytest.approx(4.0)  # the mean of 2 and 6
        assert model.norm.running_mean.item() == pytest.approx(0.4)  # a tenth of it, as norms go
        assert model.norm.running_var.item() == pytest.approx(0.9 + 0.1 * 2.0)

    assert run_together(2, work) == [0, 0]


def test_a_bad_loss_names_the_images_of_the_process_that_has_it():
    samples = [torch.ones(2, 1), torch.full((2, 1), float("nan"))]

    def work(ranks):
        with pytest.raises(BadLoss, match=r"loss, loss_a.* is not; the images were 1\.jpg\."):
            take_a_step(ranks, samples)

    assert run_together(2, work) == [0, 0]
