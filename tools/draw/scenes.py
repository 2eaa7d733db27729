"""Places to take a photograph in: sky, park, room, party, street; people and trees to stand in the way."""

import cv2
import numpy as np

from tools.draw.canvas import SCALE, Array, Canvas, Color
from tools.draw.curves import Point, blob, box, oval, smooth
from tools.draw.paints import cloudiness, fade, hsv, jitter, mix, textured, tint


def whole(canvas: Canvas) -> list[Point]:
    """Return an outline of the whole picture and a little more."""
    return box(-2, -2, canvas.width + 2, canvas.height + 2)


def sky(canvas: Canvas, *, horizon: float = 1.0) -> Point:
    """Paint a sky with clouds down to a share of the height; returns the direction of the light."""
    rnd, low = canvas.rnd, canvas.height * horizon
    mood = rnd.choice(("noon", "noon", "noon", "hazy", "evening", "overcast"))
    tops: dict[str, tuple[Color, ...]] = {
        "noon": ((0.16, 0.40, 0.76), (0.42, 0.64, 0.90), (0.78, 0.88, 0.96)),
        "hazy": ((0.45, 0.63, 0.80), (0.66, 0.78, 0.88), (0.90, 0.91, 0.90)),
        "evening": ((0.20, 0.26, 0.50), (0.72, 0.50, 0.52), (0.99, 0.74, 0.45)),
        "overcast": ((0.58, 0.63, 0.69), (0.72, 0.76, 0.80), (0.86, 0.87, 0.88)),
    }
    colors = tuple(jitter(rnd, color, 0.03) for color in tops[mood])
    canvas.fill(whole(canvas), fade((0, 0), (canvas.width * 0.12, low), *colors))
    field = cloudiness(canvas, rnd.uniform(1.6, 3.0), 6, stretch=1.7)
    cover = {"noon": rnd.uniform(0.2, 0.6), "hazy": 0.5, "evening": 0.7, "overcast": 0.9}[mood]
    edge = np.clip((field - (0.75 - cover)) * 1.5, 0, 1)
    shadow = np.clip((np.roll(field, 14, axis=0) - field) * 0.9 + 0.25, 0, 0.6)
    white = (1.0, 0.87, 0.76) if mood == "evening" else (1.0, 1.0, 1.0)
    cloud = np.asarray(white, np.float32) * (1 - 0.45 * shadow[..., None])
    canvas.rgb += (cloud - canvas.rgb) * (edge * 0.9)[..., None]
    canvas.look.gain = (1.05, 0.99, 0.93) if mood == "evening" else (1.0, 1.0, 1.0)
    return (rnd.choice((-0.55, -0.4, 0.4, 0.55)), -0.6)


def hills(canvas: Canvas, level: float) -> None:
    """Paint rows of trees far away, down to the bottom."""
    rnd = canvas.rnd
    field = cloudiness(canvas, 14, 4)
    for row in range(3):
        y = level + row * canvas.height * 0.035
        color = mix((0.50, 0.62, 0.66), (0.16, 0.30, 0.15), 0.3 + row * 0.3)
        top, x = [], -10.0
        while x < canvas.width + 20:
            top.append((x, y - rnd.uniform(0, 0.06) * canvas.height * (1 + row * 0.3)))
            x += rnd.uniform(6, 22)
        ring = [*smooth(top, closed=False), (canvas.width + 20, canvas.height + 9), (-10, canvas.height + 9)]
        canvas.fill(ring, textured(canvas, color, field, 0.3), soft=1.3)


def ground(canvas: Canvas, level: float, color: Color, cells: float = 40) -> None:
    """Paint grass, sand or asphalt that grows finer with distance."""
    height, width = canvas.things.shape
    field = cloudiness(canvas, cells, 3)
    rows = np.linspace(0, 1, max(2, int(height - level * SCALE)), dtype=np.float32)
    # a plane seen from above: rows near the horizon show more of the texture
    source = (height - 1) * (1 - (1 - rows) ** 2.2)
    reach = (0.35 + 0.65 * rows)[:, None]
    columns = (np.arange(width, dtype=np.float32)[None] - width / 2) / reach + width / 2
    warped = cv2.remap(field, columns % (width - 1), np.repeat(source[:, None], width, 1), cv2.INTER_LINEAR)
    full = np.zeros((height, width), np.float32)
    full[-len(rows) :] = warped[-height:]
    far = mix(color, (0.75, 0.78, 0.76), 0.25)
    base = fade((0, level), (0, canvas.height), tint(far, 1.1), color, tint(color, 0.75))
    canvas.fill(
        box(-2, level, canvas.width + 2, canvas.height + 2), textured(canvas, base, full, 0.28), soft=0.5
    )


def tree(canvas: Canvas, x: float, foot: float, size: float, *, owner: int | None = None) -> None:
    """Paint a tree: a trunk, and a crown of many leaves' clusters."""
    rnd = canvas.rnd
    bark = jitter(rnd, (0.27, 0.20, 0.15), 0.04)
    width = size * 0.07
    trunk = [
        (x - width, foot),
        (x - width * 0.55, foot - size * 0.7),
        (x + width * 0.5, foot - size * 0.7),
        (x + width, foot),
    ]
    light = fade((x - width, 0), (x + width, 0), tint(bark, 1.2), bark, tint(bark, 0.55))
    canvas.fill(trunk, textured(canvas, light, cloudiness(canvas, 30, 2, stretch=0.2), 0.3), owner=owner)
    leaf = jitter(rnd, (0.22, 0.38, 0.13), 0.05)
    leaves = cloudiness(canvas, 110, 2)
    clusters = [(rnd.gauss(0, 0.19), rnd.gauss(-0.86, 0.14), rnd.uniform(0.05, 0.12)) for _ in range(64)]
    for dx, dy, r in sorted(clusters, key=lambda c: -c[1] + 2 * c[2]):
        shade = jitter(rnd, tint(leaf, 0.45 + max(0.0, min(0.7, (-dy - 0.55) * 1.2))), 0.03)
        top, low = foot + (dy - r) * size, foot + (dy + r) * size
        lit = fade((x, top), (x + r * size * 0.6, low), tint(shade, 1.18), shade, tint(shade, 0.55))
        ring = blob(rnd, x + dx * size, foot + dy * size, r * size, wobble=0.2)
        canvas.fill(ring, textured(canvas, lit, leaves, 0.22), owner=owner)


def pole(canvas: Canvas, x: float, width: float, *, owner: int | None = None) -> None:
    """Paint a lamp post or a pillar through the whole height."""
    color = jitter(
        canvas.rnd, canvas.rnd.choice(((0.35, 0.36, 0.38), (0.62, 0.60, 0.56), (0.30, 0.22, 0.16))), 0.05
    )
    light = fade((x, 0), (x + width, 0), tint(color, 0.6), tint(color, 1.35), color, tint(color, 0.45))
    canvas.fill(box(x, -5, x + width, canvas.height + 5), light, owner=owner)


def person(canvas: Canvas, x: float, foot: float, size: float, *, owner: int | None = None) -> None:
    """Paint somebody seen from behind or far away: clothes, arms, head, hair."""
    rnd = canvas.rnd
    coat = hsv(rnd.random(), rnd.uniform(0.1, 0.6), rnd.uniform(0.2, 0.75))
    flesh = mix((0.95, 0.78, 0.66), (0.36, 0.23, 0.16), rnd.random())
    legs = jitter(rnd, (0.16, 0.18, 0.26), 0.08)
    s, sway = size, rnd.uniform(-0.02, 0.02) * size
    for side in (-1, 1):
        line = [(x + side * s * 0.05, foot - s * 0.48), (x + side * s * 0.06 + sway, foot - s * 0.02)]
        canvas.stroke(
            line, s * 0.085, fade((x, foot - s * 0.5), (x, foot), legs, tint(legs, 0.6)), owner=owner
        )
    body = smooth(
        [
            (x - s * 0.12, foot - s * 0.8),
            (x + s * 0.12, foot - s * 0.8),
            (x + s * 0.15, foot - s * 0.6),
            (x + s * 0.12, foot - s * 0.42),
            (x - s * 0.12, foot - s * 0.42),
            (x - s * 0.15, foot - s * 0.6),
        ]
    )
    light = fade((x - s * 0.16, 0), (x + s * 0.16, 0), tint(coat, 1.15), coat, tint(coat, 0.5))
    canvas.fill(body, light, owner=owner)
    for side in (-1, 1):
        hand = (x + side * s * rnd.uniform(0.14, 0.2), foot - s * rnd.uniform(0.4, 0.5))
        canvas.stroke([(x + side * s * 0.12, foot - s * 0.76), hand], s * 0.06, tint(coat, 0.8), owner=owner)
        canvas.fill(oval(*hand, s * 0.025, s * 0.03), flesh, owner=owner)
    canvas.fill(
        box(x - s * 0.03, foot - s * 0.86, x + s * 0.03, foot - s * 0.78), tint(flesh, 0.75), owner=owner
    )
    head = fade((x - s * 0.07, 0), (x + s * 0.07, 0), tint(flesh, 1.1), tint(flesh, 0.7))
    canvas.fill(oval(x, foot - s * 0.91, s * 0.062, s * 0.078), head, owner=owner)
    hair = hsv(rnd.uniform(0.03, 0.12), rnd.uniform(0.2, 0.7), rnd.uniform(0.08, 0.5))
    top = (
        oval(x, foot - s * 0.935, s * 0.07, s * 0.062)
        if rnd.random() < 0.6
        else oval(x, foot - s * 0.91, s * 0.075, s * 0.085)
    )
    canvas.fill(
        top, fade((x, foot - s), (x, foot - s * 0.85), tint(hair, 1.25), tint(hair, 0.7)), owner=owner
    )


def bokeh(
    canvas: Canvas, count: int, *, colors: tuple[Color, ...], low: float = 0.0, high: float = 1.0
) -> None:
    """Paint lights far out of focus."""
    rnd = canvas.rnd
    for _ in range(count):
        r = rnd.uniform(0.012, 0.045) * canvas.width
        x, y = rnd.uniform(0, canvas.width), rnd.uniform(low, high) * canvas.height
        color = jitter(rnd, rnd.choice(colors), 0.08)
        canvas.fill(oval(x, y, r, r), color, alpha=rnd.uniform(0.12, 0.45), soft=0.8)
        canvas.stroke([*oval(x, y, r, r), (x + r, y)], 0.7, tint(color, 1.4), alpha=0.25, soft=0.5)


def soft_shadow(canvas: Canvas, cx: float, cy: float, rx: float, ry: float) -> None:
    """Darken the ground below something."""
    canvas.fill(oval(cx, cy, rx, ry), (0.02, 0.02, 0.04), alpha=0.4, soft=max(1.0, ry * 0.5))


def grain_of_wood(canvas: Canvas, color: Color) -> Array:
    """Return a table top's picture: stretched noise in bands."""
    bands = cloudiness(canvas, 2.2, 6, stretch=9)
    rings = np.sin(bands * 9) * 0.5 + 0.5
    fine = cloudiness(canvas, 3, 7, stretch=20)
    value = 0.85 + 0.16 * rings + 0.10 * fine
    return np.asarray(np.asarray(color) * value[..., None], np.float32)
