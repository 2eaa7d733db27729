"""Wires, coins, resistors and strange circuit boards between the boards."""

import math

from tools.draw.canvas import Canvas, Color
from tools.draw.curves import Ring, box, oval, smooth
from tools.draw.paints import fade, hsv, tint
from tools.draw.plane import Camera, Pose, project


def lay_cable(canvas: Canvas, camera: Camera, corners: Ring) -> None:
    """Lay a wire across the table, over whatever is there."""
    rnd = canvas.rnd
    start, end = rnd.sample(corners, 2)
    points = [
        (start[0] * 1.35, start[1] * 1.35),
        *((rnd.uniform(-55, 55), rnd.uniform(-45, 45)) for _ in range(2)),
        (end[0] * 1.4, end[1] * 1.4),
    ]
    line = project(camera, smooth(points, closed=False, steps=14))
    width = rnd.choice((1.8, 2.4, 3.6)) * camera.zoom
    color: Color = rnd.choice(
        ((0.08, 0.08, 0.09), (0.75, 0.10, 0.10), (0.88, 0.72, 0.10), (0.12, 0.42, 0.20), (0.9, 0.9, 0.9))
    )
    canvas.stroke([(x + width * 0.7, y + width) for x, y in line], width, (0, 0, 0), alpha=0.35, soft=1.2)
    canvas.stroke(line, width, tint(color, 0.6), owner=0)
    canvas.stroke([(x - width * 0.1, y - width * 0.12) for x, y in line], width * 0.62, color)
    canvas.stroke(
        [(x - width * 0.18, y - width * 0.22) for x, y in line], width * 0.2, tint(color, 1.6), alpha=0.6
    )


def lay_clutter(canvas: Canvas, camera: Camera, count: int) -> None:
    """Scatter coins, resistors, screws and strange circuit boards."""
    for _ in range(count):
        where = (canvas.rnd.uniform(-85, 85), canvas.rnd.uniform(-65, 65))
        pose = Pose(x=where[0], y=where[1], turn=canvas.rnd.uniform(0, math.tau))
        canvas.rnd.choice((_coin, _resistor, _resistor, _led, _module))(canvas, camera, pose)


def _drop(canvas: Canvas, camera: Camera, pose: Pose, ring: Ring, color: Color) -> Ring:
    seen = project(camera, pose.lay(ring))
    canvas.fill([(x + camera.zoom, y + 1.3 * camera.zoom) for x, y in seen], (0, 0, 0), alpha=0.4, soft=1.2)
    xs, ys = [x for x, _ in seen], [y for _, y in seen]
    canvas.fill(seen, fade((min(xs), min(ys)), (max(xs), max(ys)), tint(color, 1.4), color, tint(color, 0.6)))
    return seen


def _coin(canvas: Canvas, camera: Camera, pose: Pose) -> None:
    color = canvas.rnd.choice(((0.72, 0.58, 0.28), (0.66, 0.66, 0.66), (0.62, 0.38, 0.22)))
    _drop(canvas, camera, pose, oval(0, 0, 10, 10), color)
    canvas.fill(project(camera, pose.lay(oval(0, 0, 8, 8))), tint(color, 0.92), alpha=0.8)
    canvas.fill(project(camera, pose.lay(oval(0, -1, 3.4, 4.6))), tint(color, 1.2), alpha=0.7)


def _resistor(canvas: Canvas, camera: Camera, pose: Pose) -> None:
    canvas.stroke(project(camera, pose.lay([(-14, 0), (14, 0)])), 0.6 * camera.zoom, (0.72, 0.72, 0.74))
    _drop(canvas, camera, pose, oval(0, 0, 4, 1.5, power=4), (0.78, 0.66, 0.46))
    for k in range(4):
        band = box(-2.8 + k * 1.5, -1.4, -2.1 + k * 1.5, 1.4)
        canvas.fill(project(camera, pose.lay(band)), hsv(canvas.rnd.random(), 0.8, 0.55))


def _led(canvas: Canvas, camera: Camera, pose: Pose) -> None:
    for y in (-1.2, 1.2):
        canvas.stroke(project(camera, pose.lay([(0, y), (17, y)])), 0.6 * camera.zoom, (0.75, 0.75, 0.77))
    _drop(
        canvas,
        camera,
        pose,
        oval(-2, 0, 4.4, 2.7, power=3),
        hsv(canvas.rnd.choice((0.0, 0.14, 0.33, 0.58)), 0.8, 0.85),
    )


def _module(canvas: Canvas, camera: Camera, pose: Pose) -> None:
    """A circuit board that is none of the four."""
    color = canvas.rnd.choice(
        ((0.62, 0.10, 0.12), (0.10, 0.12, 0.14), (0.36, 0.16, 0.46), (0.08, 0.32, 0.52))
    )
    _drop(canvas, camera, pose, box(-9, -6, 9, 6), color)
    for part, shade in (
        (box(-3, -3, 3, 3), (0.1, 0.1, 0.11)),
        (box(5, -4, 8, 4), (0.72, 0.73, 0.75)),
        (box(-7.5, 1, -5, 4), (0.8, 0.65, 0.3)),
    ):
        canvas.fill(project(camera, pose.lay(part)), shade)
