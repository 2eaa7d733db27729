"""Hair, clothes, glasses, hats and masks; what lies over a face hides a part of it."""

import math
from typing import Any

import numpy as np

from tools.draw.canvas import Array, Canvas, Color, Shader
from tools.draw.curves import mirror, oval, place, smooth
from tools.draw.paints import cloudiness, fade, jitter, skin, textured, tint
from tools.draw.person import Person


def strands(canvas: Canvas, p: Person, color: Color) -> Shader:
    """Return hair: fine dark and light lines that fall down."""
    base = fade(
        (p.x - p.size * p.light[0], p.y - p.size * 1.3),
        (p.x + p.size * p.light[0], p.y + p.size),
        tint(color, 1.22),
        color,
        tint(color, 0.5),
    )
    return textured(canvas, base, cloudiness(canvas, 90 * 40 / (p.size + 25), 2, stretch=0.12), 0.28)


def hair_behind(canvas: Canvas, p: Person) -> None:
    """Paint the hair that falls behind the neck."""
    bottoms = {"long": 1.5, "bob": 0.72, "curly": 0.35}
    if p.cut not in bottoms:
        return None
    low = bottoms[p.cut]
    half = [(0.0, -1.28), (0.55, -1.18), (0.95, -0.7), (1.02, 0.0), (0.98, low * 0.7), (0.8, low), (0.3, low)]
    if p.cut == "curly":
        bumps = [
            (math.sin(k * 0.4) * (1.06 + 0.07 * (k % 2)), -0.25 - math.cos(k * 0.4) * (1.06 + 0.07 * (k % 2)))
            for k in range(16)
        ]
        return canvas.fill(p.flat(smooth(bumps)), strands(canvas, p, tint(p.hair, 0.8)), owner=0)
    return canvas.fill(p.flat(smooth(mirror(half))), strands(canvas, p, tint(p.hair, 0.75)), owner=0)


def shoulders(canvas: Canvas, p: Person) -> None:
    """Paint the neck and a coat with its collar."""
    neck = [(0.36, 0.4), (0.34, 0.95), (0.52, 1.3), (0.3, 1.6), (0.0, 1.7)]
    body = [
        (0.0, 1.45),
        (0.42, 1.22),
        (0.9, 1.42),
        (1.5, 1.62),
        (1.85, 2.2),
        (2.0, 4.5),
        (2.0, 12),
        (0.0, 12),
    ]
    coat = fade(
        (p.x - p.size * 2, p.y),
        (p.x + p.size * 2, p.y + p.size),
        tint(p.coat, 1.12),
        p.coat,
        tint(p.coat, 0.55),
    )
    left, right = (p.x - p.size * 0.5, p.y), (p.x + p.size * 0.5, p.y + p.size * 0.4)
    throat = fade(
        (p.x, p.y + p.size * 0.7), (p.x, p.y + p.size * 1.5), tint(p.flesh, 0.52), tint(p.flesh, 0.86)
    )
    canvas.fill(
        place(mirror(body), p.x, p.y, size=p.size),
        textured(canvas, coat, cloudiness(canvas, 60, 2), 0.04),
        owner=0,
    )
    canvas.fill(place(smooth(mirror(neck)), p.x, p.y, size=p.size), throat, owner=0)
    canvas.fill(
        place(oval(0, 1.06, 0.5, 0.2), p.x, p.y, size=p.size),
        tint(p.flesh, 0.3),
        alpha=0.35,
        soft=p.size * 0.06,
    )
    collar = [(-0.5, 1.25), (-0.25, 1.56), (0, 1.66), (0.25, 1.56), (0.5, 1.25)]
    canvas.stroke(
        place(smooth(collar, closed=False), p.x, p.y, size=p.size),
        p.size * 0.09,
        fade(left, right, tint(p.coat, 1.2), tint(p.coat, 0.7)),
        owner=0,
    )


def mask(canvas: Canvas, p: Person) -> None:
    """Paint a medical mask over nose and mouth; it belongs to the face, and no mouth is labelled."""
    rnd, w = canvas.rnd, p.wide
    color = rnd.choice(((0.62, 0.80, 0.90), (0.94, 0.95, 0.96), (0.16, 0.17, 0.20), (0.86, 0.66, 0.72)))
    ring = [
        (-0.62, 0.22),
        (-0.3, 0.14),
        (0, 0.08),
        (0.3, 0.14),
        (0.62, 0.22),
        (0.60, 0.62),
        (0.34, 0.92),
        (0, 0.98),
        (-0.34, 0.92),
        (-0.60, 0.62),
    ]
    seen = smooth([p.at(x * w / 0.74, y) for x, y in ring])
    for side in (-1, 1):
        if p.faces(side * 0.5):
            canvas.stroke(
                [p.at(side * 0.6 * w / 0.74, 0.26), p.flat([(side * w * 1.0, 0.02)])[0]],
                p.size * 0.025,
                tint(color, 0.9),
            )
    shade = skin(color, p.flat([(p.yaw * 0.3, 0.5)])[0], (p.size * 0.8, p.size * 0.8), p.light)
    canvas.fill([(x, y + p.size * 0.03) for x, y in seen], (0, 0, 0), alpha=0.25, soft=p.size * 0.03)
    canvas.fill(seen, mixed(shade, color))
    for v in (0.34, 0.5, 0.66):
        fold = [p.at(x * w / 0.74, v + 0.05 * (1 - (x / 0.56) ** 2)) for x in (-0.56, -0.3, 0, 0.3, 0.56)]
        canvas.stroke(
            smooth(fold, closed=False), p.size * 0.018, tint(color, 0.62), alpha=0.6, soft=p.size * 0.01
        )


def mixed(shade: Shader, color: Color) -> Shader:
    """Take half of the warmth out of a skin's paint, for cloth."""

    def paint(x: Array, y: Array) -> Any:
        value = np.asarray(shade(x, y)).mean(-1, keepdims=True) / max(0.05, sum(color) / 3)
        return (np.asarray(color, np.float32) * np.clip(value, 0.45, 1.12)).astype(np.float32)

    return paint


def glasses(canvas: Canvas, p: Person) -> None:
    """Paint glasses; behind dark ones no eye is seen or labelled."""
    dark = "sunglasses" in p.wears
    if not (dark or "glasses" in p.wears):
        return
    color = canvas.rnd.choice(((0.08, 0.07, 0.07), (0.30, 0.17, 0.09), (0.55, 0.48, 0.36)))
    for side in (-1, 1):
        ring = [p.at(side * 0.33 + x, -0.10 + y) for x, y in oval(0, 0, 0.235, 0.19, power=2.8)]
        canvas.fill(
            ring,
            fade(ring[0], ring[36], (0.05, 0.05, 0.07), (0.22, 0.22, 0.28)) if dark else (0.9, 0.95, 1.0),
            alpha=0.96 if dark else 0.10,
        )
        canvas.stroke([*ring, ring[0]], p.size * 0.035, color)
        shine = [p.at(side * 0.33 - 0.12, -0.05), p.at(side * 0.33 - 0.02, -0.22)]
        canvas.stroke(shine, p.size * 0.03, (1, 1, 1), alpha=0.3, soft=p.size * 0.012)
        if p.faces(side * 0.6):
            canvas.stroke(
                [p.at(side * 0.56, -0.13), p.flat([(side * p.wide * 1.02, -0.08)])[0]], p.size * 0.03, color
            )
    canvas.stroke(
        smooth([p.at(-0.1, -0.12), p.at(0, -0.16), p.at(0.1, -0.12)], closed=False), p.size * 0.035, color
    )


def hair_before(canvas: Canvas, p: Person) -> None:
    """Paint the hair over the forehead; it hides a part of the face."""
    if p.cut == "bald":
        return None
    w, part = p.wide, (0.25 if p.size % 2 > 1 else -0.25)
    low = {"short": -0.2, "long": 0.75, "bob": 0.45, "curly": -0.05}[p.cut]
    thick = 0.10 if p.cut == "short" else 0.17
    top = [
        (-w - thick * 0.6, low),
        (-w - thick, -0.5),
        (-w * 0.75, -1.08),
        (0, -1.28),
        (w * 0.75, -1.08),
        (w + thick, -0.5),
        (w + thick * 0.6, low),
    ]
    fringe = [
        (w * 0.97, low),
        (w * 0.9, -0.42),
        (w * 0.55, -0.66),
        (part, -0.80),
        (-w * 0.55, -0.62),
        (-w * 0.9, -0.42),
        (-w * 0.97, low),
    ]
    ring = smooth([(x + p.yaw * (0.10 if y > -0.9 else 0.0), y) for x, y in (*top, *fringe)])
    canvas.fill(
        [(x, y + p.size * 0.05) for x, y in p.flat(ring)], tint(p.flesh, 0.3), alpha=0.3, soft=p.size * 0.05
    )
    canvas.fill(p.flat(ring), strands(canvas, p, p.hair), owner=0)
    gleam = [(-w * 0.6, -0.98), (-w * 0.1, -1.12), (w * 0.5, -1.02)]
    return canvas.stroke(
        p.flat(smooth(gleam, closed=False)), p.size * 0.08, tint(p.hair, 1.5), alpha=0.25, soft=p.size * 0.06
    )


def hat(canvas: Canvas, p: Person) -> None:
    """Paint a hat, a cap or a knitted one."""
    kind = next((name for name in ("hat", "cap", "beanie") if name in p.wears), "")
    if not kind:
        return
    color, w = jitter(canvas.rnd, p.coat, 0.3), p.wide + 0.12
    dome = [
        (-w, -0.52),
        (-w * 0.95, -0.95),
        (-w * 0.5, -1.42),
        (0, -1.52),
        (w * 0.5, -1.42),
        (w * 0.95, -0.95),
        (w, -0.52),
        (0, -0.62),
    ]
    wool = cloudiness(canvas, 70 if kind == "beanie" else 25, 2)
    lit = fade(p.flat([(-w, -1)])[0], p.flat([(w, -0.8)])[0], tint(color, 1.2), color, tint(color, 0.5))
    canvas.fill(p.flat([(x, y + 0.07) for x, y in smooth(dome)]), (0, 0, 0), alpha=0.3, soft=p.size * 0.05)
    canvas.fill(
        p.flat(smooth(dome)), textured(canvas, lit, wool, 0.12 if kind == "beanie" else 0.02), owner=0
    )
    brims = {
        "hat": oval(0, -0.58, w * 1.55, 0.16),
        "cap": smooth(
            [
                (-0.6 + p.yaw, -0.66),
                (0.6 + p.yaw, -0.66),
                (0.72 + p.yaw * 1.6, -0.46),
                (p.yaw * 1.6, -0.38),
                (-0.72 + p.yaw * 1.6, -0.46),
            ]
        ),
        "beanie": oval(0, -0.62, w * 1.04, 0.15, power=4),
    }
    canvas.fill(
        p.flat(brims[kind]), textured(canvas, tint(color, 0.8 if kind == "cap" else 1.0), wool, 0.03), owner=0
    )
