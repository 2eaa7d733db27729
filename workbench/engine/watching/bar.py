"""What a person sees of a running training: one moving line on a terminal, a plain line every so often elsewhere."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TextIO

from tqdm import tqdm

from workbench.engine.watching.append import append_lines
from workbench.engine.watching.speed import Reading

FIRST, LONGEST = 5.0, 60.0  # seconds between plain lines: they grow rarer while the training grows longer
MOVE = 0.2  # seconds between two movements of the bar
LEAST = 24  # columns of the bar with its numbers
STARVING = 0.03  # the share of waiting from which on it is told
LOSS = "loss"


class Bar:
    """Shows each step, and keeps in log.txt, with the time, what is shown as plain lines."""

    def __init__(
        self,
        total: int,
        log: Path,
        *,
        start: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._total, self._log, self._clock = total, log, clock
        self._stream = sys.stderr if stream is None else stream
        self._begun = clock()
        self._logged = self._moved = float("-inf")
        self._bar = self._open(start) if self._stream.isatty() else None

    def _open(self, start: int) -> "tqdm[None]":
        return tqdm(
            total=self._total,
            initial=start,
            file=self._stream,
            ncols=find_width(self._stream),
            bar_format="{n_fmt}/{total_fmt} |{bar}| {desc}",
            mininterval=0,
            miniters=1,
        )

    def step(self, step: int, values: Mapping[str, float], pace: Reading) -> None:
        """Show that a step is done; `values` are its losses and its learning rate."""
        now, last = self._clock(), step >= self._total
        if now - self._logged >= self._rest(now) or last:
            self._logged = now
            self._write(f"step {step:>{len(str(self._total))}}/{self._total}  {describe(values, pace)}")
        if self._bar is not None and (now - self._moved >= MOVE or last):
            self._moved = now
            self._move(self._bar, step, values, pace)

    def _move(self, bar: "tqdm[None]", step: int, values: Mapping[str, float], pace: Reading) -> None:
        end = f"in {format_time(self._clock() - self._begun)}" if step >= self._total else ""
        bar.ncols = find_width(self._stream)
        bar.set_description_str(describe_short(values, pace, bar.ncols - LEAST, end), refresh=False)
        bar.update(step - bar.n)

    def _rest(self, now: float) -> float:
        return min(max((now - self._begun) / 10, FIRST), LONGEST)

    def _write(self, line: str) -> None:
        """A plain line: always into the log, on the screen only where no bar says the same."""
        if self._bar is None:
            self._print(line)
        self._keep(line)

    def say(self, text: str) -> None:
        """Tell something of its own, above the bar and in the log."""
        if self._bar is None:
            self._print(text)
        else:
            self._bar.write(text, file=self._stream)
        self._keep(text)

    def _print(self, text: str) -> None:
        with suppress(OSError):  # the words of a job go to a disk that may be full; the training goes on
            self._stream.write(text + "\n")
            self._stream.flush()

    def _keep(self, text: str) -> None:
        time = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        try:
            append_lines(self._log, f"{time}  {text}\n".encode(errors="backslashreplace"))
        except OSError:  # a full disk; metrics.jsonl tells of it, and the screen has the line
            return

    def close(self) -> None:
        """Leave the last state of the bar on the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def find_width(stream: TextIO) -> int:
    """How wide the terminal is now; 80 where it does not say."""
    try:
        return (os.get_terminal_size(stream.fileno()).columns or 80) - 1
    except (OSError, ValueError):
        return 79


def describe(values: Mapping[str, float], pace: Reading) -> str:
    """All of it, for a log."""
    parts = [f"{name} {format_number(value)}" for name, value in values.items()]
    return "  ".join([*parts, *_describe_pace(pace).values()])


def describe_short(values: Mapping[str, float], pace: Reading, room: int, end: str = "") -> str:
    """What stands beside the bar: as much as there is room for, the time left last to go."""
    parts = {name: f"{name} {format_number(values[name])}" for name in (LOSS, "lr") if name in values}
    parts |= _describe_pace(pace) | ({"left": end} if end else {})
    for name in ("memory", "wait", "lr", "rate", LOSS):
        if len("  ".join(parts.values())) > room:
            parts.pop(name, None)
    return "  ".join(parts.values())


def _describe_pace(pace: Reading) -> dict[str, str]:
    parts = {
        "rate": f"{format_rate(pace.images_per_second)} img/s",
        "wait": f"waits {pace.wait_share:.0%}",
        "memory": format_memory(pace.memory_mb),
        "left": f"{format_time(pace.seconds_left)} left",
    }
    return {name: text for name, text in parts.items() if name != "wait" or pace.wait_share >= STARVING}


def format_number(value: float) -> str:
    """Four digits that mean something: 0.8123, 12.34, 2.5e-04; as wide from step to step, so that nothing jumps."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:#.4g}".removesuffix(".")
    return f"{value:.1e}"


def format_rate(value: float) -> str:
    """Two or three digits."""
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def format_memory(megabytes: float) -> str:
    """In MB below one GB."""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"


def format_time(seconds: float) -> str:
    """0:41, 12:05, 3:20:00."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
