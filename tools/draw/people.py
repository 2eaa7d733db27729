"""A face with its parts, hair, glasses, hat or mask; its own unit is half a face's height."""

import math
from dataclasses import dataclass, field
from random import Random

import numpy as np

from tools.draw.canvas import Array, Canvas, Color, Shader
from tools.draw.curves import Point, Ring, mirror, oval, place, smooth
from tools.draw.paints import cloudiness, fade, hsv, jitter, mix, skin, textured, tint

SKINS = (
    (0.96, 0.80, 0.70),
    (0.91, 0.71, 0.58),
    (0.80, 0.58, 0.44),
    (0.64, 0.43, 0.31),
    (0.46, 0.30, 0.22),
    (0.33, 0.21, 0.16),
)
HAIRS = (
    (0.10, 0.08, 0.07),
    (0.22, 0.14, 0.09),
    (0.42, 0.26, 0.14),
    (0.72, 0.55, 0.32),
    (0.55, 0.22, 0.10),
    (0.70, 0.69, 0.68),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, and how they look into the camera."""

    x: float
    y: float
    size: float
    light: Point
    flesh: Color
    hair: Color
    yaw: float = 0.0
    roll: float = 0.0
    wide: float = 0.74
    cut: str = "short"
    smile: float = 0.5
    opened: float = 0.0
    eyes: Color = (0.3, 0.2, 0.12)
    wears: frozenset[str] = field(default_factory=frozenset)
    coat: Color = (0.3, 0.35, 0.5)

    def at(self, u: float, v: float) -> Point:
        """Return where a point of the face's front is seen when the head is turned."""
        angle = math.asin(max(-0.99, min(0.99, u / self.wide))) + self.yaw
        x = self.wide * math.sin(angle)
        return place([(x, v)], self.x, self.y, turn=self.roll, size=self.size)[0]

    def flat(self, points: list[Point]) -> Ring:
        """Place an outline that does not turn with the head."""
        return place(points, self.x, self.y, turn=self.roll, size=self.size)

    def round(self, u: float, v: float, ru: float, rv: float) -> Ring:
        """Place an ellipse onto the face; it narrows towards the side."""
        return [self.at(u + x, v + y) for x, y in oval(0, 0, ru, rv)]

    def faces(self, u: float) -> bool:
        """Tell whether a point of the face's front can be seen."""
        return abs(math.asin(max(-0.99, min(0.99, u / self.wide))) + self.yaw) < 1.2


def make_person(rnd: Random, x: float, y: float, size: float, light: Point) -> Person:
    """Invent somebody."""
    flesh = jitter(rnd, rnd.choice(SKINS), 0.03)
    dark = sum(flesh) < 1.5
    wears = set(rnd.choices(("", "glasses", "sunglasses"), (66, 26, 8))[0:1])
    wears |= set(rnd.choices(("", "hat", "cap", "beanie"), (72, 8, 10, 10))[0:1])
    wears |= set(rnd.choices(("", "mask", "beard"), (66, 18, 16))[0:1])
    cut = rnd.choice(("short", "short", "long", "long", "bob", "bald", "curly"))
    return Person(
        x=x,
        y=y,
        size=size,
        light=light,
        flesh=flesh,
        hair=jitter(rnd, rnd.choice(HAIRS[:2] if dark else HAIRS), 0.03),
        yaw=rnd.choices((rnd.uniform(-0.25, 0.25), rnd.choice((-1, 1)) * rnd.uniform(0.4, 0.75)), (75, 25))[
            0
        ],
        roll=rnd.gauss(0, 0.09),
        wide=rnd.uniform(0.68, 0.80),
        cut=cut,
        smile=rnd.uniform(-0.25, 1.0),
        opened=max(0.0, rnd.uniform(-0.5, 0.9)),
        eyes=rnd.choice(((0.26, 0.16, 0.10), (0.30, 0.20, 0.12), (0.25, 0.42, 0.58), (0.32, 0.42, 0.28))),
        wears=frozenset(wears - {""} - ({"beard"} if cut in ("long", "bob") else set())),
        coat=hsv(rnd.random(), rnd.uniform(0.15, 0.65), rnd.uniform(0.25, 0.8)),
    )


def paint_person(canvas: Canvas, p: Person, *, shoulders: bool = True) -> None:
    """Paint somebody from back to front."""
    _hair_behind(canvas, p)
    if shoulders:
        _shoulders(canvas, p)
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
        _mask(canvas, p)
    else:
        _mouth(canvas, p)
    _glasses(canvas, p)
    _hair_before(canvas, p)
    _hat(canvas, p)


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


def _hair_behind(canvas: Canvas, p: Person) -> None:
    bottoms = {"long": 1.5, "bob": 0.72, "curly": 0.35}
    if p.cut not in bottoms:
        return
    low = bottoms[p.cut]
    half = [(0.0, -1.28), (0.55, -1.18), (0.95, -0.7), (1.02, 0.0), (0.98, low * 0.7), (0.8, low), (0.3, low)]
    if p.cut == "curly":
        bumps = [
            (math.sin(k * 0.4) * (1.06 + 0.07 * (k % 2)), -0.25 - math.cos(k * 0.4) * (1.06 + 0.07 * (k % 2)))
            for k in range(16)
        ]
        return canvas.fill(p.flat(smooth(bumps)), strands(canvas, p, tint(p.hair, 0.8)), owner=0)
    return canvas.fill(p.flat(smooth(mirror(half))), strands(canvas, p, tint(p.hair, 0.75)), owner=0)


def _shoulders(canvas: Canvas, p: Person) -> None:
    neck = [(0.36, 0.4), (0.34, 0.95), (0.52, 1.3), (0.3, 1.6), (0.0, 1.7)]
    body = [(0.0, 1.45), (0.42, 1.22), (0.9, 1.42), (1.5, 1.62), (1.85, 2.2), (1.95, 4.2), (0.0, 4.2)]
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
    almond = [(-wide, 0.015), (-wide * 0.5, -tall * 0.86), (wide * 0.1, -tall), (wide * 0.7, -tall * 0.6), (wide, 0.0), (wide * 0.5, tall * 0.72), (-wide * 0.2, tall * 0.8), (-wide * 0.7, tall * 0.5)]  # fmt: skip
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

    def shade(x: Array, y: Array) -> Array:
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
    inner = [(-wide * 0.86, -lift * 0.9), (0, -0.012), (wide * 0.86, -lift * 0.9), (wide * 0.45, 0.004 + gap * 0.62), (0, 0.008 + gap * 0.8), (-wide * 0.45, 0.004 + gap * 0.62)]  # fmt: skip
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


def _mask(canvas: Canvas, p: Person) -> None:
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

    def paint(x: Array, y: Array) -> Array:
        value = np.asarray(shade(x, y)).mean(-1, keepdims=True) / max(0.05, sum(color) / 3)
        return (np.asarray(color, np.float32) * np.clip(value, 0.45, 1.12)).astype(np.float32)

    return paint


def _glasses(canvas: Canvas, p: Person) -> None:
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


def _hair_before(canvas: Canvas, p: Person) -> None:
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


def _hat(canvas: Canvas, p: Person) -> None:
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
