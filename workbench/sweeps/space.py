"""What a search goes through: for each key a range or a list of choices, and where in it a trial stands.

KEY=0.0001..0.1     numbers; over a decade or more by their order of magnitude, else evenly
KEY=2..8            whole numbers, when both ends are
KEY=320..640:32     in steps
KEY=0.1..2:linear   said, where the rule above does not fit; or :log
KEY=step|cosine     one of these
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import USAGE, JobError

DECADE = 10.0  # a range from here on, seen from its low end, is searched by orders of magnitude
DIGITS = 4  # of a number that is tried, or of the width of its range: more of them say nothing
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::(log|linear|{_NUMBER}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers between two ends, which belong to it."""

    low: float
    high: float
    whole: bool = False
    log: bool = False
    step: float = 0.0  # 0: any number between

    def pick(self, share: float) -> float:
        """Return the number that lies so far (0 to 1) on the way from low to high."""
        if self.step:
            count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            return self.low + self.step * min(int(share * count), count - 1)
        if self.whole:  # each number its own part of the way, so that the ends are no rarer than the rest
            low, high = self.low - 0.5, self.high + 0.5
            found = low * (high / low) ** share if self.log else low + (high - low) * share
            return float(min(max(round(found), self.low), self.high))
        if self.log:
            return float(min(max(self.low * (self.high / self.low) ** share, self.low), self.high))
        return self.low + (self.high - self.low) * share

    def show(self, value: object) -> str:
        """Return a number as it is typed; rounded, but never beyond an end."""
        number, width = float(str(value)), self.high - self.low
        if self.whole:
            return str(round(number))
        finest = min(
            abs(number) or width, self.step or width
        )  # in a narrow range the digits that differ stand far behind
        rounded = round(number, DIGITS - 1 - math.floor(math.log10(finest)))
        return repr(rounded if self.low <= rounded <= self.high else number).removesuffix(".0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Texts, none of them nearer to another."""

    values: tuple[str, ...]

    def pick(self, share: float) -> str:
        """Return the text whose equal part of the way holds this share."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def show(self, value: object) -> str:
        """Return a text as it is typed."""
        return str(value)


Axis = Range | Choice
Space = Mapping[str, Axis]


def read_search(texts: Sequence[str]) -> dict[str, Axis]:
    """Understand KEY=low..high and KEY=a|b …, each key once."""
    space: dict[str, Axis] = {}
    for text in texts:
        key, _, rest = text.partition("=")
        if not (key and rest):
            raise JobError(
                f"--search {text}: must be KEY=LOW..HIGH or KEY=A|B, but is not; correct it", USAGE
            )
        if key in space:
            raise JobError(f"--search {key}: must be given once, but is there twice; drop one", USAGE)
        space[key] = read_axis(key, rest)
    return space


def read_axis(key: str, text: str) -> Axis:
    """Understand what stands behind the equals sign."""
    found = _RANGE.fullmatch(text.strip())
    if found:
        return _read_range(key, found)
    values = tuple(part.strip() for part in text.split("|"))
    if len(values) < 2 or not all(values):
        raise _complain(key, text, "LOW..HIGH, such as 0.0001..0.1, or choices, such as step|cosine")
    if len(set(values)) < len(values):
        raise _complain(key, text, "different choices")
    return Choice(values=values)


def _read_range(key: str, found: "re.Match[str]") -> Range:
    text, (low, high), way = found[0], (float(found[1]), float(found[2])), found[3] or ""
    whole = all(re.fullmatch(r"[-+]?\d+", end) for end in found.groups()[:2])
    if not low < high < math.inf:
        raise _complain(key, text, "a range from a lower to a higher number")
    if way in ("", "log", "linear"):
        if way == "log" and low <= 0:
            raise _complain(key, text, "above 0 throughout to be searched by orders of magnitude")
        return Range(
            low=low, high=high, whole=whole, log=way == "log" or (not way and 0 < low * DECADE <= high)
        )
    step = float(way)
    if not 0 < step <= high - low:
        raise _complain(key, text, "a range with a step that fits into it")
    return Range(low=low, high=high, whole=whole and step == int(step), step=step)


def _complain(key: str, text: str, wanted: str) -> JobError:
    return JobError(f"--search {key}={text}: must be {wanted}, but is not; correct it", USAGE)


def describe_axis(axis: Axis) -> str:
    """Say in words what is searched."""
    if isinstance(axis, Choice):
        return " or ".join(axis.values)
    words = f"{axis.show(axis.low)} to {axis.show(axis.high)}"
    if axis.step:
        return f"{words} in steps of {axis.step:g}"
    return f"{words}{', whole numbers' if axis.whole else ''}{', by orders of magnitude' if axis.log else ''}"
