"""What a person sees while it trains."""

import io

import pytest

pytest.importorskip("torch")

from workbench.engine.watching.bar import (
    Bar,
    describe_short,
    format_memory,
    format_number,
    format_time,
)
from workbench.engine.watching.speed import Reading, Speed

VALUES = {"loss": 0.8123, "loss_mask": 0.4, "lr": 0.0025}
READING = Reading(seconds=1, images_per_second=14.25, wait_share=0.0, memory_mb=1500, seconds_left=41)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_lines_come_rarely_and_the_last_step_always(tmp_path):
    clock, stream = Clock(), io.StringIO()
    bar = Bar(100, tmp_path / "log.txt", stream=stream, clock=clock)
    for step in range(1, 101):
        clock.now += 1
        bar.step(step, VALUES, READING)
    lines = stream.getvalue().splitlines()
    assert (
        lines[0] == "step   1/100  loss 0.8123  loss_mask 0.4000  lr 0.002500  14.2 img/s  1.5 GB  0:41 left"
    )
    assert lines[-1].startswith("step 100/100")
    assert 8 < len(lines) < 20


def test_the_log_has_the_same_lines_with_the_time(tmp_path):
    bar = Bar(1, tmp_path / "log.txt", stream=io.StringIO())
    bar.say("hello")
    bar.step(1, VALUES, READING)
    bar.close()
    first, second = (tmp_path / "log.txt").read_text().splitlines()
    assert first.endswith("  hello")
    assert first[:2] == "20"
    assert "step 1/1  loss 0.8123" in second


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_bar_never_breaks_its_line(tmp_path, width, monkeypatch):
    monkeypatch.setattr("workbench.engine.watching.bar.find_width", lambda stream: width - 1)
    clock, screen = Clock(), Screen()
    bar = Bar(60, tmp_path / "log.txt", stream=screen, clock=clock)
    for step in range(1, 61):
        clock.now += 1
        bar.step(step, VALUES, READING)
    bar.close()
    frames = [frame for frame in screen.getvalue().replace("\n", "\r").split("\r") if frame.strip()]
    assert len(frames) >= 60
    assert max(map(len, frames)) < width
    assert "60/60" in frames[-1]
    assert "in 1:00" in frames[-1]


def test_what_is_least_wanted_goes_first_and_the_time_left_stays():
    assert describe_short(VALUES, READING, 99) == "loss 0.8123  lr 0.002500  14.2 img/s  1.5 GB  0:41 left"
    assert describe_short(VALUES, READING, 45) == "loss 0.8123  14.2 img/s  0:41 left"
    assert describe_short(VALUES, READING, 9) == "0:41 left"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    stream = io.StringIO()
    Bar(1, tmp_path / "gone" / "log.txt", stream=stream).say("hello")
    assert stream.getvalue() == "hello\n"


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (format_number(0.8123), "0.8123"),
        (format_number(12.5), "12.50"),
        (format_number(2.5e-4), "2.5e-04"),
        (format_number(0), "0.000"),
        (format_number(float("nan")), "nan"),
        (format_time(41), "0:41"),
        (format_time(12005), "3:20:05"),
        (format_memory(508.2), "508 MB"),
    ],
)
def test_numbers_are_as_wide_as_they_must_be(shown, wanted):
    assert shown == wanted


def test_speed_leaves_out_what_was_no_training():
    clock = Clock()
    speed = Speed(10, clock=clock)
    for step in range(1, 5):
        clock.now += 2
        reading = speed.tick(step, images=4, wait=0.5)
        clock.now += 100  # an evaluation
        speed.pause()
    assert reading.seconds == pytest.approx(2)
    assert reading.images_per_second == pytest.approx(2)
    assert reading.wait_share == pytest.approx(0.25)
    assert reading.seconds_left == pytest.approx(12)
    assert reading.memory_mb > 1
