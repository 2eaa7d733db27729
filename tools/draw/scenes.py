"""Places to take a photograph in: sky, park, room, party, street; people and trees to stand in the way."""

import math
from random import Random

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
    leaf = jitter(rnd, (0.22, 0.40, 0.14), 0.06)
    clusters = [(rnd.gauss(0, 0.2), rnd.gauss(-0.86, 0.15), rnd.uniform(0.06, 0.17)) for _ in range(34)]
    for dx, dy, r in sorted(clusters, key=lambda c: -c[1] + c[2]):
        shade = tint(leaf, 0.5 + max(0.0, min(0.75, (-dy - 0.55) * 1.3)))
        ring = blob(rnd, x + dx * size, foot + dy * size, r * size, wobble=0.16)
        canvas.fill(
            ring, textured(canvas, jitter(rnd, shade, 0.03), cloudiness(canvas, 60, 2), 0.35), owner=owner
        )


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
    body = smooth([(x - s * 0.12, foot - s * 0.8), (x + s * 0.12, foot - s * 0.8), (x + s * 0.15, foot - s * 0.6),
                   (x + s * 0.12, foot - s * 0.42), (x - s * 0.12, foot - s * 0.42), (x - s * 0.15, foot - s * 0.6)])  # fmt: skip
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


def room(canvas: Canvas) -> Point:
    """Paint a wall, a floor of boards, a window's light, pictures and furniture; returns where light comes from."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    wall = hsv(
        rnd.choice((0.08, 0.10, 0.55, 0.60, 0.95, 0.30)), rnd.uniform(0.05, 0.30), rnd.uniform(0.62, 0.9)
    )
    floor = h * rnd.uniform(0.74, 0.86)
    side = rnd.choice((-1, 1))
    lit = fade(
        (w / 2 - side * w * 0.6, 0),
        (w / 2 + side * w * 0.6, h * 0.3),
        tint(wall, 0.62),
        wall,
        tint(wall, 1.25),
    )
    canvas.fill(whole(canvas), textured(canvas, lit, cloudiness(canvas, 3, 5), 0.03))
    if rnd.random() < 0.4:
        for k in range(int(w / 14) + 1):
            canvas.fill(box(k * 14, 0, k * 14 + 6, floor), tint(wall, rnd.choice((0.8, 1.3))), alpha=0.22)
    boards(canvas, floor)
    canvas.fill(box(-2, floor - 6, w + 2, floor), tint(wall, 1.5), alpha=0.9)
    canvas.fill(box(-2, floor, w + 2, floor + 3), (0, 0, 0), alpha=0.4, soft=1.2)
    x = w / 2 + side * w * 0.12
    beam = [(x, h * 0.05), (x + w * 0.2, h * 0.0), (x + w * 0.28, floor * 0.8), (x + w * 0.08, floor * 0.86)]
    canvas.fill(beam, (1.0, 0.93, 0.78), alpha=0.28, soft=5)
    for k in range(rnd.randint(1, 3)):
        frame(canvas, w * (0.12 + 0.3 * k) + rnd.uniform(-9, 9), h * rnd.uniform(0.1, 0.3))
    furniture(canvas, floor)
    canvas.blur_all(rnd.uniform(0.6, 1.6))
    return (0.5 * side, -0.55)


def boards(canvas: Canvas, floor: float) -> None:
    """Paint a floor of boards that run away from the camera."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    wood = jitter(rnd, (0.50, 0.35, 0.22), 0.08)
    grain = cloudiness(canvas, 10, 5, stretch=0.3)
    vanish = (w * rnd.uniform(0.3, 0.7), floor - h * 0.5)
    for k in range(-8, 17):
        ends = [w * (k + d) / 8 for d in (0, 1)]
        top = [vanish[0] + (e - vanish[0]) * (floor - vanish[1]) / (h - vanish[1]) for e in ends]
        ring = [(top[0], floor), (top[1], floor), (ends[1], h + 1), (ends[0], h + 1)]
        canvas.fill(ring, textured(canvas, tint(wood, rnd.uniform(0.8, 1.15)), grain, 0.2))
        canvas.stroke([(top[0], floor), (ends[0], h)], 0.6, tint(wood, 0.35), alpha=0.7)


def frame(canvas: Canvas, x: float, y: float) -> None:
    """Paint a picture on the wall."""
    rnd = canvas.rnd
    w, h = rnd.uniform(0.10, 0.2) * canvas.width, rnd.uniform(0.12, 0.22) * canvas.height
    canvas.fill(box(x + 2, y + 3, x + w + 3, y + h + 4), (0, 0, 0), alpha=0.35, soft=2)
    canvas.fill(
        box(x, y, x + w, y + h),
        jitter(rnd, rnd.choice(((0.15, 0.12, 0.1), (0.75, 0.72, 0.68), (0.45, 0.3, 0.18)))),
    )
    canvas.fill(box(x + 3, y + 3, x + w - 3, y + h - 3), (0.93, 0.92, 0.88))
    a, b = (hsv(rnd.random(), 0.45, rnd.uniform(0.4, 0.9)) for _ in range(2))
    canvas.fill(box(x + 7, y + 7, x + w - 7, y + h - 7), fade((x, y), (x + w * 0.4, y + h), a, b))


def furniture(canvas: Canvas, floor: float) -> None:
    """Paint a sofa, a side table with a lamp, or a plant."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    x, cloth = rnd.uniform(0, 0.45) * w, hsv(rnd.random(), rnd.uniform(0.15, 0.5), rnd.uniform(0.3, 0.65))
    top, end = floor - h * 0.2, x + w * 0.5
    canvas.fill(oval((x + end) / 2, floor + h * 0.09, w * 0.29, h * 0.03), (0, 0, 0), alpha=0.4, soft=3)
    for ring, light in (
        (oval((x + end) / 2, top + h * 0.10, w * 0.25, h * 0.14, power=6), 0.9),
        (oval(x + w * 0.02, floor - h * 0.01, w * 0.045, h * 0.10, power=4), 1.1),
        (oval(end - w * 0.02, floor - h * 0.01, w * 0.045, h * 0.10, power=4), 0.8),
        (oval((x + end) / 2, floor + h * 0.02, w * 0.22, h * 0.06, power=6), 1.15),
    ):
        ys = [p[1] for p in ring]
        canvas.fill(
            ring, fade((0, min(ys)), (0, max(ys)), tint(cloth, light * 1.15), tint(cloth, light * 0.6))
        )
    lamp = w * (0.62 + rnd.random() * 0.3)
    canvas.stroke([(lamp, floor + h * 0.05), (lamp, floor - h * 0.28)], 2, (0.25, 0.2, 0.16))
    shade = [(lamp - w * 0.03, floor - h * 0.40), (lamp + w * 0.03, floor - h * 0.40), (lamp + w * 0.06, floor - h * 0.26), (lamp - w * 0.06, floor - h * 0.26)]  # fmt: skip
    canvas.fill(
        shade, fade((lamp, floor - h * 0.4), (lamp, floor - h * 0.26), (0.98, 0.86, 0.62), (1.0, 0.95, 0.82))
    )
    canvas.fill(oval(lamp, floor - h * 0.33, w * 0.1, h * 0.13), (1.0, 0.88, 0.6), alpha=0.25, soft=9)


def soft_shadow(canvas: Canvas, cx: float, cy: float, rx: float, ry: float) -> None:
    """Darken the ground below something."""
    canvas.fill(oval(cx, cy, rx, ry), (0.02, 0.02, 0.04), alpha=0.4, soft=max(1.0, ry * 0.5))


def grain_of_wood(canvas: Canvas, color: Color) -> Array:
    """Return a table top's picture: stretched noise in bands."""
    bands = cloudiness(canvas, 2.2, 6, stretch=9)
    rings = np.sin(bands * 9) * 0.5 + 0.5
    fine = cloudiness(canvas, 3, 7, stretch=20)
    value = 0.85 + 0.16 * rings + 0.10 * fine
    return (np.asarray(color, np.float32) * value[..., None]).astype(np.float32)


def lean(rnd: Random, amount: float) -> float:
    """Return a small random turn in radians."""
    return rnd.gauss(0, amount) if amount else 0.0


def ease(t: float) -> float:
    """Return a curve from 0 to 1 without corners."""
    return 0.5 - 0.5 * math.cos(math.pi * t)
