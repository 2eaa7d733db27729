"""Inline SVG, made of text alone: elements, scales, axes. Colours are classes of the page, so that themes reach in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup, escape

Point = tuple[float, float]


def tag(name: str, *inside: str, **attributes: object) -> Markup:
    """One element; everything that is no Markup is escaped, `class_` is class, and `_` in names becomes `-`."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_show(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{words}>{''.join(map(escape, inside))}</{name}>")


def _show(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def picture(width: float, height: float, label: str, *inside: str, class_: str = "chart") -> Markup:
    """A whole drawing; `label` says what is to be seen, for those who cannot see it."""
    return tag(
        "svg",
        *inside,
        viewBox=f"0 0 {width:g} {height:g}",
        width=float(width),
        height=float(height),
        class_=class_,
        role="img",
        aria_label=label,
    )


def ornament(width: float, height: float, *inside: str, class_: str = "") -> Markup:
    """A drawing that says nothing that the text beside it does not say."""
    return tag(
        "svg",
        *inside,
        viewBox=f"0 0 {width:g} {height:g}",
        width=float(width),
        height=float(height),
        class_=class_ or None,
        aria_hidden="true",
    )


def line(points: Iterable[Point], class_: str) -> Markup:
    """A line through points."""
    text = " ".join(f"{_show(float(x))},{_show(float(y))}" for x, y in points)
    return tag("polyline", points=text, class_=class_)


def words(x: float, y: float, text: str, class_: str = "tick", anchor: str = "start") -> Markup:
    """A text whose baseline starts, ends or has its middle there."""
    return tag("text", text, x=float(x), y=float(y), class_=class_, text_anchor=anchor)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def find_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values between two, about so many."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / max(1, count)
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first = -floor(-low / step + 1e-9)
    return [round(place * step, 10) for place in range(first, floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The field of a chart, with room for numbers at the left and below."""

    width: float
    height: float
    across: Scale
    up: Scale

    def axes(self, xs: Sequence[tuple[float, str]], ys: Sequence[tuple[float, str]]) -> Markup:
        """Faint lines at the ticks of the upright axis, numbers at both."""
        left, right, bottom = self.across.start, self.across.end, self.up.start
        rows = [
            tag("line", x1=left, x2=right, y1=self.up(y), y2=self.up(y), class_="grid")
            + words(left - 6, self.up(y) + 4, text, anchor="end")
            for y, text in ys
        ]
        last = len(xs) - 1
        columns = [
            words(self.across(x), bottom + 16, text, anchor="end" if place == last else "middle")
            for place, (x, text) in enumerate(xs)
        ]
        base = tag("line", x1=left, x2=right, y1=bottom, y2=bottom, class_="axis")
        return Markup("").join([*rows, base, *columns])

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> list[Point]:
        """Places of pairs of values."""
        return [(self.across(x), self.up(y)) for x, y in zip(xs, ys, strict=True)]


def make_frame(
    width: float,
    height: float,
    *,
    across: tuple[float, float] = (0, 1),
    up: tuple[float, float] = (0, 1),
    left: float = 34,
    right: float = 8,
) -> Frame:
    """A field for these ranges of values."""
    return Frame(
        width=width,
        height=height,
        across=Scale(*across, left, width - right),
        up=Scale(*up, height - 34, 24),
    )
