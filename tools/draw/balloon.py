"""One balloon: of latex, of foil, as a heart, as a ring."""

import math
from dataclasses import dataclass
from random import Random

from tools.draw.canvas import Canvas, Color
from tools.draw.curves import Point, Ring, oval, place, smooth
from tools.draw.paints import fade, foil, hsv, jitter, rubber, tint


@dataclass(frozen=True, slots=True, kw_only=True)
class Balloon:
    """One balloon, before it is painted."""

    x: float
    y: float
    radius: float
    form: str = "latex"
    turn: float = 0.0
    color: Color = (0.8, 0.1, 0.1)
    kind: str = "polygon"
    string: Point | None = None


def color_of_balloon(rnd: Random) -> Color:
    """Return a colour that balloons are sold in."""
    hue = rnd.choice((0.0, 0.98, 0.05, 0.12, 0.15, 0.33, 0.5, 0.58, 0.62, 0.77, 0.88, 0.93))
    if rnd.random() < 0.05:
        return jitter(rnd, (0.9, 0.9, 0.92), 0.05)
    return hsv(hue + rnd.uniform(-0.015, 0.015), rnd.uniform(0.62, 0.95), rnd.uniform(0.7, 0.98))


def make_balloon(rnd: Random, x: float, y: float, radius: float, *, string: Point | None = None) -> Balloon:
    """Choose form, colour, and how a person would have outlined it."""
    form = rnd.choices(("latex", "round", "foil", "pillow", "ring", "heart"), (66, 14, 5, 5, 5, 5))[0]
    turn = rnd.gauss(0, 0.22) if form != "pillow" or rnd.random() < 0.6 else 0.0
    kinds = {
        "round": "circle",
        "pillow": "oriented_rectangle" if turn else "rectangle",
        "foil": rnd.choice(("circle", "mask")),
        "heart": rnd.choice(("polygon", "mask")),
    }
    kind = kinds.get(form, "mask" if rnd.random() < 0.12 and form == "latex" else "polygon")
    color = color_of_balloon(rnd)
    return Balloon(x=x, y=y, radius=radius, form=form, turn=turn, color=color, kind=kind, string=string)


def paint_balloon(canvas: Canvas, balloon: Balloon, light: Point) -> None:
    """Paint string, body, knot and gloss of a balloon."""
    b = balloon
    foot = place([(0, b.radius * 1.3)], b.x, b.y, turn=b.turn)[0]
    if b.string:
        bend = canvas.rnd.uniform(-0.12, 0.12) * math.dist(foot, b.string)
        middle = ((foot[0] + b.string[0]) / 2 + bend, (foot[1] + b.string[1]) / 2)
        canvas.stroke(smooth([foot, middle, b.string], closed=False), 0.8, (0.93, 0.93, 0.9), alpha=0.75)
    owner = canvas.name("balloon", b.kind)
    FORMS[b.form](canvas, b, light, owner)


def _latex(canvas: Canvas, b: Balloon, light: Point, owner: int) -> None:
    r, rnd = b.radius, canvas.rnd
    tall = 1.0 if b.form == "round" else rnd.uniform(1.08, 1.28)
    # a knot under round balloons would spoil their circle
    if b.form == "latex":
        knot = [
            (0, tall * r * 0.97),
            (r * 0.10, r * tall * 1.14),
            (r * 0.03, r * tall * 1.1),
            (-r * 0.10, r * tall * 1.14),
        ]
        canvas.fill(place(knot, b.x, b.y, turn=b.turn), tint(b.color, 0.6), owner=owner)
    ring = []
    for step in range(80):
        t = step * math.tau / 80
        x, y = math.sin(t), -math.cos(t)
        pinch = 1 - 0.20 * max(0.0, y) ** 2 if b.form == "latex" else 1.0
        ring.append((x * r * pinch, y * r * tall))
    gloss = rnd.uniform(0.45, 1.0)
    shade = rubber(b.color, (b.x, b.y), (r * 1.01, r * tall * 1.01), turn=b.turn, light=light, gloss=gloss)
    canvas.fill(place(ring, b.x, b.y, turn=b.turn), shade, owner=owner)
    if rnd.random() < 0.14 and r > 22:
        _print(canvas, b)


def _print(canvas: Canvas, b: Balloon) -> None:
    """Print dots or stripes onto the rubber."""
    for k in range(-2, 3):
        for j in range(-2, 3):
            u, v = k * 0.36 + (j % 2) * 0.18, j * 0.38
            if u * u + v * v < 0.72:
                flat = math.sqrt(1 - u * u - v * v)
                x, y = place([(u * b.radius, v * b.radius)], b.x, b.y, turn=b.turn)[0]
                dot = oval(
                    x, y, b.radius * 0.075 * (0.3 + flat), b.radius * 0.085 * (0.4 + flat), turn=b.turn
                )
                canvas.fill(dot, (1, 1, 1), alpha=0.75)


def _foil(canvas: Canvas, b: Balloon, light: Point, owner: int) -> None:
    outlines = {
        "foil": oval(0, 0, b.radius, b.radius),
        "pillow": oval(0, 0, b.radius, b.radius * 0.92, power=9),
        "heart": _heart(b.radius),
    }
    ring = place(outlines[b.form], b.x, b.y, turn=b.turn)
    canvas.fill(ring, foil(b.color, (b.x, b.y), b.radius, b.x), owner=owner)
    canvas.stroke([*ring, ring[0]], b.radius * 0.05, tint(b.color, 1.4), alpha=0.35, soft=0.4)
    shade = fade((b.x - light[0] * -b.radius, b.y - b.radius), (b.x, b.y + b.radius), (1, 1, 1), (0, 0, 0))
    canvas.fill(ring, shade, alpha=0.16)


def _heart(r: float) -> Ring:
    ring = []
    for step in range(80):
        t = step * math.tau / 80
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        ring.append((x * r / 16, -y * r / 15))
    return ring


def _ring(canvas: Canvas, b: Balloon, light: Point, owner: int) -> None:
    """Paint a balloon with a hole: the room is seen through it."""
    outer, inner = oval(b.x, b.y, b.radius, b.radius * 1.1), oval(b.x, b.y, b.radius * 0.42, b.radius * 0.5)
    canvas.fill([outer, inner], foil(b.color, (b.x, b.y), b.radius, b.y), owner=owner)
    for k, (light_side, alpha) in enumerate(((1.5, 0.5), (0.4, 0.35))):
        rx = b.radius * (0.72 + 0.03 * k) + light[0] * b.radius * (0.04 if k == 0 else -0.1)
        line = oval(b.x, b.y, rx, rx * 1.1)
        part = line[40:66] if k == 0 else line[4:30]
        canvas.stroke(part, b.radius * 0.09, tint(b.color, light_side), alpha=alpha, soft=b.radius * 0.05)


FORMS = {"latex": _latex, "round": _latex, "foil": _foil, "pillow": _foil, "heart": _foil, "ring": _ring}
