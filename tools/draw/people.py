"""A face with its parts, hair, glasses, hat or mask; its own unit is half a face's height."""

import math
from typing import Any

import numpy as np

from tools.draw.attire import glasses, hair_before, hair_behind, hat, mask, shoulders, strands
from tools.draw.canvas import Array, Canvas, Shader
from tools.draw.curves import Point, mirror, oval, smooth
from tools.draw.paints import cloudiness, fade, mix, skin, textured, tint
from tools.draw.person import Person


def paint_person(canvas: Canvas, p: Person) -> None:
    """Paint somebody from back to front."""
    hair_behind(canvas, p)
    shoulders(canvas, p)
    _ears(canvas, p)
    _head(canvas, p)
    if "beard" in p.wears and "mask" not in p.wears:
        _beard(canvas, p)
    _sockets(canvas, p)
    for side in (-1, 1):
        if p.faces(side * 0.32):
            _eye(canvas, p, side)
            _brow(canvas, p, side)
    _nose(canvas, p)
    if "mask" in p.wears:
        mask(canvas, p)
    else:
        _mouth(canvas, p)
    glasses(canvas, p)
    hair_before(canvas, p)
    hat(canvas, p)


def _ears(canvas: Canvas, p: Person) -> None:
    for side in (-1, 1):
        shift = -side * p.yaw * 0.25
        if side * p.yaw > 0.3:
            continue
        ear = p.flat(oval(side * (p.wide + 0.02) + side * shift, -0.02, 0.11, 0.22, turn=side * 0.12))
        canvas.fill(
            ear,
            skin(tint(p.flesh, 0.9), p.flat([(side * 0.8, 0)])[0], (p.size * 0.3, p.size * 0.3), p.light),
            owner=0,
        )
        canvas.fill(
            p.flat(oval(side * (p.wide + 0.03) + side * shift, -0.01, 0.05, 0.13)),
            tint(p.flesh, 0.55),
            alpha=0.5,
            soft=p.size * 0.02,
        )


def _head(canvas: Canvas, p: Person) -> None:
    w = p.wide
    half = [
        (0.0, -1.04),
        (w * 0.62, -0.93),
        (w * 0.96, -0.5),
        (w, 0.0),
        (w * 0.92, 0.42),
        (w * 0.62, 0.82),
        (w * 0.28, 1.0),
        (0.0, 1.03),
    ]
    ring = [(x + p.yaw * 0.12 * max(0.0, y), y) for x, y in smooth(mirror(half))]
    owner = canvas.name("face", canvas.rnd.choices(("polygon", "mask"), (88, 12))[0])
    face = skin(p.flesh, p.flat([(p.yaw * 0.2, -0.1)])[0], (p.size * 0.86, p.size * 1.12), p.light)
    pores = textured(canvas, face, cloudiness(canvas, 50, 3), 0.018)
    canvas.fill(p.flat(ring), pores, owner=owner)
    soft = p.size * 0.09
    for side in (-1, 1):
        if p.faces(side * 0.42):
            canvas.fill(p.round(side * 0.42, 0.28, 0.15, 0.13), (0.86, 0.34, 0.30), alpha=0.16, soft=soft)
            canvas.fill(
                p.round(side * 0.38, 0.16, 0.13, 0.06), tint(p.flesh, 1.5), alpha=0.28, soft=soft * 0.8
            )
    canvas.fill(p.round(0, -0.62, 0.24, 0.12), tint(p.flesh, 1.5), alpha=0.3, soft=soft)
    canvas.fill(p.round(0, 0.84, 0.12, 0.07), tint(p.flesh, 1.4), alpha=0.25, soft=soft * 0.5)


def _sockets(canvas: Canvas, p: Person) -> None:
    for side in (-1, 1):
        if p.faces(side * 0.32):
            canvas.fill(
                p.round(side * 0.30, -0.14, 0.19, 0.12), tint(p.flesh, 0.42), alpha=0.34, soft=p.size * 0.05
            )


def _eye(canvas: Canvas, p: Person, side: int) -> None:
    """Paint one eye; a round one may be labelled as a circle."""
    u, v, wide, tall = side * 0.31, -0.12, 0.165, 0.085 + 0.015 * p.opened
    almond = [
        (-wide, 0.015),
        (-wide * 0.5, -tall * 0.86),
        (wide * 0.1, -tall),
        (wide * 0.7, -tall * 0.6),
        (wide, 0.0),
        (wide * 0.5, tall * 0.72),
        (-wide * 0.2, tall * 0.8),
        (-wide * 0.7, tall * 0.5),
    ]
    round_eyes = p.opened > 0.55
    ring = oval(0, 0, 0.125, 0.125) if round_eyes else smooth(almond)
    placed = [p.at(u + (x if side > 0 else -x), v + y) for x, y in ring]
    hidden = "sunglasses" in p.wears
    part = None if hidden else canvas.name("eye", "circle" if round_eyes else "polygon")
    gaze = p.at(u + 0.02 * math.copysign(1, p.yaw), v)
    canvas.fill(placed, _eyeball(p, gaze), part=part)
    lid = placed[4:37] if not round_eyes else placed[38:72]
    canvas.stroke(
        lid, p.size * 0.028, tint(p.hair, 0.4) if sum(p.hair) < 1.5 else (0.16, 0.1, 0.08), alpha=0.85
    )
    crease = [
        p.at(u + side * x, v - tall * 1.15 - 0.05 * (1 - (x / wide) ** 2)) for x in (-0.12, -0.05, 0.03, 0.12)
    ]
    canvas.stroke(
        smooth(crease, closed=False), p.size * 0.02, tint(p.flesh, 0.5), alpha=0.55, soft=p.size * 0.008
    )


def _eyeball(p: Person, gaze: Point) -> Shader:
    radius = p.size * 0.082
    iris, dark = np.asarray(p.eyes, np.float32), np.asarray((0.03, 0.03, 0.04), np.float32)

    def shade(x: Array, y: Array) -> Any:
        dx, dy = (x - gaze[0]) / radius, (y - gaze[1]) / radius
        r = np.sqrt(dx * dx + dy * dy)[..., None]
        white = np.asarray((0.93, 0.92, 0.91), np.float32) * (0.92 + 0.1 * np.clip(dy, -1, 1))[..., None]
        ring = iris * (0.65 + 0.75 * np.clip(r, 0, 1) * (0.75 + 0.4 * np.clip(dy, -1, 1)[..., None]))
        out = np.where(r < 1, ring * np.clip((1.08 - r) * 6, 0.35, 1), white)
        out = np.where(r < 0.45, dark, out)
        spark = np.sqrt((dx + 0.32) ** 2 + (dy + 0.36) ** 2)[..., None] < 0.24
        return np.where(spark, np.float32(1.0), out).astype(np.float32)

    return shade


def _brow(canvas: Canvas, p: Person, side: int) -> None:
    arch = [(0.12, -0.315), (0.26, -0.355), (0.41, -0.345), (0.52, -0.27)]
    line = smooth([p.at(side * u, v - 0.04 * p.opened) for u, v in arch], closed=False)
    for k in range(len(line) - 1):
        width = p.size * 0.075 * (1 - 0.6 * abs(k / len(line) - 0.35))
        canvas.stroke(line[k : k + 2], width, tint(p.hair, 0.7), alpha=0.6, soft=p.size * 0.012)


def _nose(canvas: Canvas, p: Person) -> None:
    away = -1 if p.light[0] > 0 else 1
    side = [
        p.at(away * -0.01, -0.12),
        p.at(away * 0.09, 0.12),
        p.at(away * 0.15, 0.3),
        p.at(away * 0.05, 0.34),
        p.at(0, 0.1),
    ]
    canvas.fill(smooth(side), tint(p.flesh, 0.45), alpha=0.30, soft=p.size * 0.03)
    canvas.stroke(
        [p.at(0, -0.08), p.at(p.yaw * 0.05, 0.22)],
        p.size * 0.05,
        tint(p.flesh, 1.5),
        alpha=0.35,
        soft=p.size * 0.03,
    )
    canvas.fill(p.round(0.0, 0.27, 0.075, 0.055), tint(p.flesh, 1.35), alpha=0.4, soft=p.size * 0.03)
    canvas.fill(p.round(0.0, 0.36, 0.15, 0.03), tint(p.flesh, 0.38), alpha=0.35, soft=p.size * 0.022)
    for nostril in (-1, 1):
        canvas.fill(
            p.round(nostril * 0.075, 0.335, 0.034, 0.02), tint(p.flesh, 0.22), alpha=0.75, soft=p.size * 0.008
        )


def _mouth(canvas: Canvas, p: Person) -> None:
    """Paint lips, and teeth between them when the mouth is open."""
    v, wide, lift = 0.57, 0.24 + 0.07 * max(0.0, p.smile), 0.07 * p.smile
    gap = 0.16 * p.opened * max(0.3, p.smile)
    upper = [
        (-wide, -lift),
        (-wide * 0.5, -0.045),
        (-0.05, -0.062),
        (0, -0.048),
        (0.05, -0.062),
        (wide * 0.5, -0.045),
        (wide, -lift),
    ]
    lower = [(wide * 0.6, 0.05 + gap * 0.7), (0, 0.085 + gap), (-wide * 0.6, 0.05 + gap * 0.7)]
    lip = mix(tint(p.flesh, 0.82), (0.72, 0.20, 0.24), 0.42)
    owner = canvas.name("mouth")
    ring = smooth([p.at(x, v + y) for x, y in (*upper, *lower)])
    top, low = p.at(0, v - 0.07), p.at(0, v + 0.1 + gap)
    canvas.fill(p.round(0, v + 0.17 + gap, 0.17, 0.035), tint(p.flesh, 0.4), alpha=0.35, soft=p.size * 0.03)
    canvas.fill(ring, fade(top, low, tint(lip, 0.78), tint(lip, 0.9), tint(lip, 1.25), lip), part=owner)
    inner = [
        (-wide * 0.86, -lift * 0.9),
        (0, -0.012),
        (wide * 0.86, -lift * 0.9),
        (wide * 0.45, 0.004 + gap * 0.62),
        (0, 0.008 + gap * 0.8),
        (-wide * 0.45, 0.004 + gap * 0.62),
    ]
    dark = smooth([p.at(x, v + y) for x, y in inner])
    canvas.fill(dark, (0.22, 0.06, 0.06))
    if gap > 0.03:
        teeth = [
            (-wide * 0.66, -lift * 0.6),
            (0, 0.0),
            (wide * 0.66, -lift * 0.6),
            (wide * 0.4, gap * 0.3),
            (0, gap * 0.42),
            (-wide * 0.4, gap * 0.3),
        ]
        canvas.fill(smooth([p.at(x, v + y) for x, y in teeth]), (0.95, 0.93, 0.89), alpha=0.95)


def _beard(canvas: Canvas, p: Person) -> None:
    w = p.wide * 0.985
    outer = [
        (-w, 0.1),
        (-w * 0.9, 0.46),
        (-w * 0.6, 0.84),
        (0, 1.03),
        (w * 0.6, 0.84),
        (w * 0.9, 0.46),
        (w, 0.1),
    ]
    inner = [(w * 0.75, 0.34), (w * 0.45, 0.45), (0, 0.41), (-w * 0.45, 0.45), (-w * 0.75, 0.34)]
    ring = [(x + p.yaw * 0.12 * max(0.0, y), y) for x, y in (*outer, *inner)]
    canvas.fill(p.flat(smooth(ring)), strands(canvas, p, tint(p.hair, 0.9)), alpha=0.82, soft=p.size * 0.025)
