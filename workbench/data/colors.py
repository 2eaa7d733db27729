"""One colour for each category, far from its neighbours, the same in every picture and window."""

from colorsys import hsv_to_rgb
from functools import cache

from workbench.data.dataset import Color

GOLDEN = 0.618033988749895  # steps of the golden ratio never come close to an earlier hue


@cache
def category_color(number: int) -> Color:
    """Return the colour of the category with this id (from 1)."""
    hue = (0.02 + (number - 1) * GOLDEN) % 1.0
    ring = (number - 1) // 12
    red, green, blue = hsv_to_rgb(hue, (0.78, 0.52)[ring % 2], (0.95, 0.72, 0.85)[ring % 3])
    return (round(red * 255), round(green * 255), round(blue * 255))
