"""Small drawings beside numbers: they say nothing that the text does not say."""

from markupsafe import Markup

from workbench.report.svg import Scale, ornament, tag
from workbench.report.table import Measure


def draw_swatch(color: str) -> Markup:
    """The colour that a class has in the pictures."""
    return ornament(12, 12, tag("rect", width=12, height=12, rx=3, fill=color), class_="swatch")


def draw_range(one: Measure, width: int = 80, height: int = 14) -> Markup:
    """A value on the way from 0 to 100, with its interval."""
    if one.value is None:
        return Markup("")
    across, middle = Scale(0, 1, 3, width - 3), height / 2
    marks = [tag("line", x1=3, x2=width - 3, y1=middle, y2=middle, class_="rail")]
    if one.low is not None and one.high is not None:
        marks.append(
            tag(
                "rect",
                x=across(one.low),
                y=middle - 3,
                width=max(1.0, across(one.high) - across(one.low)),
                height=6,
                rx=3,
                class_="band",
            )
        )
    marks.append(tag("circle", cx=across(one.value), cy=middle, r=3.5, class_="dot"))
    return ornament(width, height, *marks, class_="range")


def draw_bar(share: float, width: int = 140, height: int = 12) -> Markup:
    """A bar of a length from 0 to 1."""
    long = max(0.0, min(1.0, share)) * width
    return ornament(width, height, tag("rect", width=long, height=height, rx=2, class_="bar"), class_="meter")
