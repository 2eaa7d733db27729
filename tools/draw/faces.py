"""Faces: portraits, groups and crowds, with eyes and mouths as parts of their own."""

import math
from random import Random

from tools.draw.balloons import houses
from tools.draw.canvas import Canvas
from tools.draw.curves import mirror, oval, place, smooth
from tools.draw.indoors import room
from tools.draw.paints import cloudiness, fade, hsv, jitter, rubber, textured, tint
from tools.draw.people import paint_person
from tools.draw.person import make_person
from tools.draw.scenes import bokeh, ground, hills, person, pole, sky, tree, whole

SIZES = ((288, 384), (384, 288), (320, 320), (384, 256), (320, 240), (256, 320))
SCENES = (
    "portrait",
    "pair",
    "group",
    "crowd",
    "portrait",
    "group",
    "pair",
    "portrait",
    "negative",
    "group",
    "portrait",
    "crowd",
    "pair",
)
COUNT = 48


def paint_photograph(index: int) -> Canvas:
    """Paint the face photograph of a number."""
    rnd = Random(f"faces-{index}")
    canvas = Canvas(*SIZES[index % len(SIZES)], rnd)
    canvas.look.contrast, canvas.look.noise = rnd.uniform(0.98, 1.1), rnd.uniform(0.004, 0.009)
    canvas.look.gain = (1 + rnd.uniform(-0.02, 0.06), 1.0, 1 - rnd.uniform(-0.02, 0.07))
    canvas.look.quality = rnd.choice((64, 68, 72))
    SCENE_PAINTERS[SCENES[index % len(SCENES)]](canvas)
    return canvas


def behind(canvas: Canvas) -> tuple[float, float]:
    """Paint a place far out of focus; returns where its light comes from."""
    rnd = canvas.rnd
    where = rnd.choice(("room", "street", "park", "studio", "night"))
    light = (rnd.choice((-0.45, 0.45)), -0.35)
    if where == "room":
        light = room(canvas)
    elif where == "street":
        sky(canvas, horizon=0.5)
        houses(canvas, canvas.height * 0.75)
        ground(canvas, canvas.height * 0.75, (0.4, 0.4, 0.4))
    elif where == "park":
        sky(canvas, horizon=0.6)
        hills(canvas, canvas.height * 0.6)
        ground(canvas, canvas.height * 0.68, jitter(rnd, (0.33, 0.46, 0.18), 0.05))
        tree(canvas, rnd.uniform(0, 1) * canvas.width, canvas.height * 0.75, canvas.height * 0.6)
    elif where == "studio":
        color = hsv(rnd.random(), rnd.uniform(0.08, 0.45), rnd.uniform(0.4, 0.85))
        canvas.fill(whole(canvas), tint(color, 0.55))
        spot = oval(canvas.width * 0.45, canvas.height * 0.4, canvas.width * 0.4, canvas.height * 0.4)
        canvas.fill(spot, tint(color, 1.25), alpha=0.8, soft=canvas.width * 0.12)
    else:
        canvas.fill(whole(canvas), fade((0, 0), (0, canvas.height), (0.10, 0.10, 0.18), (0.20, 0.14, 0.12)))
        bokeh(canvas, 40, colors=((1, 0.7, 0.35), (1, 0.45, 0.35), (0.5, 0.7, 1), (1, 0.9, 0.7)))
    canvas.blur_all({"studio": 1.0, "night": 0.8}.get(where, rnd.uniform(2.0, 4.0)))
    return (light[0], -0.35)


def _portrait(canvas: Canvas) -> None:
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = behind(canvas)
    size = min(w * 0.36, h * rnd.uniform(0.26, 0.36))
    who = make_person(rnd, w * rnd.uniform(0.4, 0.6), h * rnd.uniform(0.42, 0.5), size, light)
    paint_person(canvas, who)
    if rnd.random() < 0.25:
        _hand(canvas, who.x + size * rnd.choice((-0.55, 0.55)), who.y + size * 0.95, size, who.flesh)


def _hand(canvas: Canvas, x: float, y: float, size: float, flesh: tuple[float, float, float]) -> None:
    """Paint a hand that holds the chin: it hides a part of the face."""
    light = fade(
        (x - size * 0.3, y - size * 0.3), (x + size * 0.3, y + size * 0.4), tint(flesh, 1.1), tint(flesh, 0.7)
    )
    canvas.stroke(
        [(x, y + size * 0.2), (x + size * 0.2, y + size * 1.6)], size * 0.36, tint(flesh, 0.85), owner=0
    )
    for k in range(4):
        tip = (x - size * 0.26 + k * size * 0.16, y - size * (0.34 + 0.05 * (k % 3)))
        canvas.stroke(
            [(x - size * 0.12 + k * size * 0.09, y + size * 0.2), tip],
            size * 0.145,
            tint(flesh, 0.62),
            owner=0,
        )
        canvas.stroke([(x - size * 0.12 + k * size * 0.09, y + size * 0.2), tip], size * 0.12, light)
    canvas.fill(oval(x, y + size * 0.2, size * 0.3, size * 0.26), light, owner=0)


def _pair(canvas: Canvas) -> None:
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = behind(canvas)
    size = min(w * 0.21, h * 0.27)
    for k in rnd.sample((0, 1), 2):
        x = w * (0.31 + 0.38 * k) + rnd.uniform(-0.04, 0.04) * w
        paint_person(
            canvas, make_person(rnd, x, h * rnd.uniform(0.4, 0.52), size * rnd.uniform(0.88, 1.1), light)
        )


def _group(canvas: Canvas) -> None:
    """Three to six people in two rows, the front row before the back one."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = behind(canvas)
    for row, count in enumerate((rnd.randint(1, 3), rnd.randint(2, 3))):
        size = min(w * 0.135, h * 0.18) * (1 + 0.22 * row)
        for k in range(count):
            x = w * (k + 0.5 + rnd.uniform(-0.12, 0.12) + (0.12 if row else 0)) / count
            y = h * (0.27 + 0.34 * row + rnd.uniform(-0.04, 0.04))
            who = make_person(rnd, x, y, size * rnd.uniform(0.92, 1.08), light)
            paint_person(canvas, who)
    if rnd.random() < 0.6:
        pole(canvas, who.x + rnd.uniform(-0.4, 0.3) * who.size, rnd.uniform(4, 7), owner=0)


def _crowd(canvas: Canvas) -> None:
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = behind(canvas)
    for row in range(3):
        size = h * (0.075 + 0.032 * row)
        count = max(3, int(w / size / (3.4 + 0.3 * row)))
        with canvas.lens(soft=0.5 if row == 0 else 0.0):
            for k in range(count):
                x = w * (k + 0.5 + rnd.uniform(-0.3, 0.3)) / count
                y = h * (0.22 + 0.25 * row) + rnd.uniform(-0.03, 0.03) * h
                if rnd.random() < 0.2:
                    _back_of_head(canvas, x, y, size)
                else:
                    paint_person(canvas, make_person(rnd, x, y, size, light))


def _back_of_head(canvas: Canvas, x: float, y: float, size: float) -> None:
    """Somebody who looks away: hair, no face."""
    rnd = canvas.rnd
    coat, hair = (
        hsv(rnd.random(), 0.4, rnd.uniform(0.25, 0.7)),
        hsv(rnd.uniform(0.03, 0.1), 0.5, rnd.uniform(0.1, 0.45)),
    )
    body = smooth(
        [
            (x - size * 0.4, y + size),
            (x + size * 0.4, y + size),
            (x + size * 1.6, y + size * 1.7),
            (x + size * 1.9, y + size * 4),
            (x - size * 1.9, y + size * 4),
            (x - size * 1.6, y + size * 1.7),
        ]
    )
    canvas.fill(
        body, fade((x - size * 1.6, y), (x + size * 1.6, y), tint(coat, 1.1), tint(coat, 0.6)), owner=0
    )
    canvas.fill(oval(x, y + size * 0.9, size * 0.4, size * 0.5), (0.6, 0.42, 0.33), owner=0)
    shade = fade((x - size, y - size), (x + size * 0.5, y + size), tint(hair, 1.25), hair, tint(hair, 0.55))
    falls = textured(canvas, shade, cloudiness(canvas, 60, 2, stretch=0.12), 0.28)
    low = rnd.choice((0.5, 0.9, 1.3))
    half = [
        (0.0, -1.22),
        (0.55, -1.1),
        (0.86, -0.6),
        (0.9, 0.0),
        (0.8, low * 0.7),
        (0.5, low),
        (0.0, low * 1.03),
    ]
    canvas.fill(place(smooth(mirror(half)), x, y, size=size), falls, owner=0)


def _negative(canvas: Canvas) -> None:
    """Nobody, somebody from behind, or a smiling ball, which is no face here."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = behind(canvas)
    which = rnd.choice(("ball", "backs", "far"))
    if which == "backs":
        for k in range(3):
            _back_of_head(
                canvas, w * (0.22 + 0.28 * k), h * rnd.uniform(0.4, 0.5), h * rnd.uniform(0.13, 0.17)
            )
    elif which == "far":
        for k in range(4):
            person(canvas, w * (0.15 + 0.22 * k), h * 0.95, h * rnd.uniform(0.4, 0.55))
    else:
        x, y, r = w * 0.5, h * 0.52, min(w, h) * 0.26
        canvas.fill(oval(x + r * 0.2, y + r, r, r * 0.2), (0, 0, 0), alpha=0.4, soft=r * 0.1)
        canvas.fill(
            oval(x, y, r, r), rubber((0.95, 0.80, 0.15), (x, y), (r, r), turn=0, light=light, gloss=0.5)
        )
        for side in (-1, 1):
            canvas.fill(oval(x + side * r * 0.3, y - r * 0.2, r * 0.08, r * 0.16), (0.08, 0.06, 0.04))
        smile = [(x + math.sin(t) * r * 0.55, y + math.cos(t) * r * 0.55) for t in (-1.1, -0.6, 0, 0.6, 1.1)]
        canvas.stroke(smooth(smile, closed=False), r * 0.07, (0.08, 0.06, 0.04))


SCENE_PAINTERS = {
    "portrait": _portrait,
    "pair": _pair,
    "group": _group,
    "crowd": _crowd,
    "negative": _negative,
}
