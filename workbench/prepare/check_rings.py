"""The rules of outlines, applied to all rings of an image at once: outside, crossing themselves, too thin to see."""

from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Any

from workbench.data.geometry import Ring, clip_ring
from workbench.data.mask import area, rings_to_masks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Said = tuple[str, str, str]  # where, rule, message
_SKIPPED = ("outside", "no-pixels")
_THIN = 2.0  # area over length, in px: a ring below may slip through between the pixels


def check_rings(rings: Sequence[tuple[int, Ring]], size: tuple[int, int] | None) -> Iterator[Said]:
    """Yield (where, rule, message); `rings` come with the index of their shape."""
    if not rings:
        return
    import numpy as np
    import shapely

    lines = _draw_lines(rings)
    polygons = shapely.polygons(lines)
    crossing = ~shapely.is_valid(polygons)
    bounds = shapely.bounds(lines)
    thin = shapely.area(polygons) <= _THIN * np.maximum(
        bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    )
    outside = _reach_outside(bounds, size)
    for place in np.flatnonzero(crossing | thin | outside).tolist():
        index, ring = rings[place]
        found = _judge_place(ring, size, outside=bool(outside[place]), thin=bool(thin[place]))
        if crossing[place] and not any(rule in _SKIPPED for rule, _ in found):
            found += _explain_crossing(polygons[place])
        yield from ((f"shapes[{index}]", rule, message) for rule, message in found)


def _draw_lines(rings: Sequence[tuple[int, Ring]]) -> Any:
    import numpy as np
    import shapely

    counts = [len(ring) // 2 for _, ring in rings]
    points = np.fromiter(chain.from_iterable(ring for _, ring in rings), float).reshape(-1, 2)
    return shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), counts))


def _reach_outside(bounds: "Floats", size: tuple[int, int] | None) -> "Flags":
    import numpy as np

    if size is None:
        return np.zeros(len(bounds), bool)
    flags: Flags = (bounds < 0).any(axis=1) | (bounds[:, 2] > size[0]) | (bounds[:, 3] > size[1])
    return flags


def _judge_place(
    ring: Ring, size: tuple[int, int] | None, *, outside: bool, thin: bool
) -> list[tuple[str, str]]:
    """Find out what is left of a ring on the image, the way `collect` does it."""
    found = []
    if outside and size:
        ring = clip_ring(ring, *size)
        if not ring:
            advice = f"lies wholly beside its {size[0]} x {size[1]} px; delete it or move it back"
            return [("outside", f"the shape must lie on the image, but {advice}")]
        found.append(
            ("partly-outside", f"the shape should lie on the image, {size[0]} x {size[1]}, but reaches out")
        )
    if (thin or outside) and not _covers_pixels(ring, size):
        return [("no-pixels", "the shape must cover a pixel, but covers none; delete it or draw it larger")]
    return found


def _covers_pixels(ring: Ring, size: tuple[int, int] | None) -> bool:
    try:
        width, height = size or (ceil(max(ring[::2])) + 1, ceil(max(ring[1::2])) + 1)
        return area(rings_to_masks([ring], width, height)[0]) > 0
    except ValueError:  # a canvas or a place that nothing can be drawn on; other rules say so
        return True


def _explain_crossing(polygon: Any) -> list[tuple[str, str]]:
    """Say where; an outline that only touches itself encloses what it seems to, and is fine."""
    import shapely

    kind, _, place = shapely.is_valid_reason(polygon).rstrip("]").partition("[")
    if kind != "Self-intersection":
        return []
    x, y = (float(number) for number in place.split()[:2])
    return [
        (
            "self-crossing",
            f"the outline must not cross itself, but does near ({x:.0f}, {y:.0f}); draw it again",
        )
    ]
