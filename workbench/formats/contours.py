"""The outlines of a mask along the edges of its pixels: rasterised again they give the same mask."""

from typing import TYPE_CHECKING

from workbench.data.geometry import Ring

if TYPE_CHECKING:
    from workbench.data.mask import Array

Corner = tuple[int, int]
Step = tuple[int, int]


def trace_rings(array: "Array") -> tuple[tuple[Ring, ...], tuple[Ring, ...]]:
    """Return the outer rings, the largest first, and the holes. Pixels that touch by a corner belong together."""
    steps = _find_steps(array)
    loops: list[list[Corner]] = []
    while steps:
        loops.append(_follow(steps, next(iter(steps))))
    areas = [_signed_area(loop) for loop in loops]
    ordered = sorted(zip(areas, loops, strict=True), key=lambda one: -abs(one[0]))
    rings = [(area, tuple(float(value) for corner in loop for value in corner)) for area, loop in ordered]
    return tuple(ring for area, ring in rings if area > 0), tuple(ring for area, ring in rings if area < 0)


def _find_steps(array: "Array") -> dict[Corner, list[Step]]:
    """List the edges between set and unset pixels by where they start, the set pixel on their right."""
    import numpy as np

    padded = np.pad(array > 0, 1)
    inner = padded[1:-1, 1:-1]
    borders = (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),  # nothing above: go right along the top
        (padded[1:-1, 2:], (1, 0), (0, 1)),
        (padded[2:, 1:-1], (1, 1), (-1, 0)),
        (padded[1:-1, :-2], (0, 1), (0, -1)),
    )
    steps: dict[Corner, list[Step]] = {}
    for neighbour, (right, down), step in borders:
        ys, xs = np.nonzero(inner & ~neighbour)
        for x, y in zip((xs + right).tolist(), (ys + down).tolist(), strict=True):
            steps.setdefault((x, y), []).append(step)
    return steps


def _follow(steps: dict[Corner, list[Step]], start: Corner) -> list[Corner]:
    """Walk one loop, using its edges up; only corners where it turns are kept."""
    corners: list[Corner] = []
    here, last = start, (0, 0)
    while True:
        step = _choose(steps, here, last)
        if step is None:
            break
        if step != last:
            corners.append(here)
        here, last = (here[0] + step[0], here[1] + step[1]), step
    return corners


def _choose(steps: dict[Corner, list[Step]], here: Corner, last: Step) -> Step | None:
    """Take the way on; where two pixels touch by a corner, the left one, which joins them."""
    ways = steps.get(here)
    if ways is None:
        return None
    left = (last[1], -last[0])
    step = left if left in ways else ways[0]
    ways.remove(step)
    if not ways:
        del steps[here]
    return step


def _signed_area(loop: list[Corner]) -> float:
    follow = [*loop[1:], loop[0]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(loop, follow, strict=True)) / 2
