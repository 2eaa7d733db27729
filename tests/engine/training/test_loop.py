"""The loop on a model of one number: what a step computes can be worked out by hand."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from workbench.engine.training.average import Average  # noqa: E402
from workbench.engine.training.loop import BadLoss, Stride, seed_everything, train  # noqa: E402
from workbench.engine.training.ranks import Ranks  # noqa: E402
from workbench.engine.training.state import State  # noqa: E402
from workbench.engine.training.stop import Stop, Stopped  # noqa: E402


class Model(torch.nn.Module):
    """Its loss is the weight times the mean of what it is given."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, samples):
        return {"loss_a": self.weight * torch.tensor(samples).mean()}


def make_state(model=None, **more):
    model = model or Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return State(
        model=model,
        weights=model,
        optimizer=optimizer,
        scheduler=torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0),
        scaler=torch.amp.GradScaler("cpu", enabled=False),
        **more,
    )


def make_stride(**more):
    usual = {"steps": 1, "accumulate": 1, "clip": 0.0, "seed": 0, "skip_bad_losses": 0}
    return Stride(**usual | more, autocast=nullcontext)


def batches(*values):
    return iter([SimpleNamespace(samples=[value], keys=(f"{value}.jpg",)) for value in values])


def run(state, given, stride, stop=None, duties=lambda: None):
    return list(train(state, given, stride, ranks=Ranks(), duties=duties, stop=stop or Stop()))


def test_a_step_goes_down_the_gradient():
    state = make_state()
    ((step, losses),) = run(state, batches(2.0), make_stride())
    assert (step, losses) == (1, {"loss": 2.0, "loss_a": 2.0, "gradient": 2.0})
    assert state.weights.weight.item() == pytest.approx(1 - 0.1 * 2)


def test_two_parts_of_a_batch_are_one_step_with_their_mean():
    state = make_state()
    ((_, losses),) = run(state, batches(2.0, 4.0), make_stride(accumulate=2))
    assert losses["loss"] == pytest.approx(3.0)
    assert state.weights.weight.item() == pytest.approx(1 - 0.1 * 3)


def test_a_long_gradient_is_shortened():
    state = make_state()
    ((_, losses),) = run(state, batches(20.0), make_stride(clip=1.0))
    assert losses["gradient"] == pytest.approx(20.0)
    assert state.weights.weight.item() == pytest.approx(1 - 0.1 * 1, rel=1e-4)


def test_a_loss_that_is_no_number_stops_names_the_images_and_leaves_the_weights():
    state = make_state()
    with pytest.raises(BadLoss, match=r"step 2: .* loss_a.* the images were nan\.jpg"):
        run(state, batches(2.0, float("nan")), make_stride(steps=2))
    assert state.weights.weight.item() == pytest.approx(0.8)


def test_a_few_bad_losses_may_be_passed_over():
    state = make_state()
    done = run(state, batches(2.0, float("inf"), 2.0), make_stride(steps=3, skip_bad_losses=1))
    assert [step for step, _ in done] == [1, 2, 3]
    assert state.skipped == 1
    assert state.weights.weight.item() == pytest.approx(1 - 0.1 * 4)


def test_boxes_that_are_no_numbers_are_a_bad_loss_and_what_was_measured_before_them_is_forgotten():
    class Diverging(Model):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, samples):
            self.seen += 1
            if samples == [0.0]:
                raise FloatingPointError("Predicted boxes or scores contain Inf/NaN")
            return super().forward(samples)

    state, told = make_state(model=Diverging()), []
    done = list(
        train(
            state,
            batches(2.0, 0.0, 2.0),
            make_stride(steps=3, skip_bad_losses=1),
            ranks=Ranks(),
            duties=lambda: None,
            stop=Stop(),
            warn=told.append,
        )
    )
    assert [step for step, _ in done] == [1, 2, 3]
    assert (state.skipped, state.weights.seen.item()) == (1, 2)
    assert state.weights.weight.item() == pytest.approx(1 - 0.1 * 4)
    (line,) = told
    assert "step 2 was passed over (1 of at most 1)" in line and "the images were 0.0.jpg" in line
    with pytest.raises(BadLoss, match=r"step 1: .* the images were 0\.0\.jpg"):
        run(make_state(model=Diverging()), batches(0.0), make_stride())


def test_who_asks_to_stop_gets_it_after_the_step_and_not_within():
    state, stop = make_state(), Stop()
    stop.handle(15, None)
    with pytest.raises(Stopped) as stopped:
        run(state, batches(2.0, 2.0), make_stride(steps=2), stop=stop)
    assert state.step == 1
    assert stopped.value.exit_code == 143


def test_duties_come_before_the_first_step_after_each_and_after_the_last():
    seen, state = [], make_state()
    run(state, batches(1.0, 1.0), make_stride(steps=2), duties=lambda: seen.append(state.step))
    assert seen == [0, 1, 2]


def test_a_run_goes_on_from_its_content_as_if_never_interrupted():
    def fresh():
        state = make_state()
        state.average = Average(state.weights, 0.9)
        return state

    whole, first, second = fresh(), fresh(), fresh()
    run(whole, batches(1.0, 2.0, 3.0), make_stride(steps=3))
    run(first, batches(1.0, 2.0), make_stride(steps=2))
    second.restore(first.to_content())
    run(second, batches(3.0), make_stride(steps=3))
    assert second.weights.weight.item() == whole.weights.weight.item()
    assert second.average.to_content() == whole.average.to_content()
    assert second.step == whole.step


def test_the_same_numbers_give_the_same_draws_and_others_give_others():
    def draw(*numbers):
        seed_everything(*numbers)
        return torch.rand(1).item()

    assert draw(0, 1, 0) == draw(0, 1, 0)
    assert len({draw(0, 1, 0), draw(0, 2, 0), draw(0, 1, 1), draw(1, 1, 0)}) == 4
