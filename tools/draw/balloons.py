"""Balloons in skies, parks, rooms and crowds, and things that only look like them."""

import math
from random import Random

from tools.draw.balloon import make_balloon, paint_balloon
from tools.draw.canvas import Canvas, Paint, Shader
from tools.draw.curves import box, oval, smooth
from tools.draw.indoors import room
from tools.draw.paints import cloudiness, fade, hsv, jitter, rubber, textured, tint
from tools.draw.scenes import bokeh, ground, hills, person, pole, sky, soft_shadow, tree, whole

SIZES = ((288, 216), (256, 192), (216, 288), (240, 240), (272, 192), (192, 256), (288, 192))
SCENES = (
    "sky",
    "park",
    "room",
    "party",
    "sky",
    "bunch",
    "park",
    "street",
    "room",
    "sky",
    "negative",
    "party",
    "park",
    "sky",
    "sky",
    "room",
)
COUNT = 94


def paint_photograph(index: int) -> Canvas:
    """Paint the balloon photograph of a number."""
    rnd = Random(f"balloons-{index}")
    canvas = Canvas(*SIZES[index % len(SIZES)], rnd)
    canvas.look.contrast, canvas.look.noise = rnd.uniform(0.98, 1.12), rnd.uniform(0.004, 0.010)
    canvas.look.quality = rnd.choice((56, 60, 64))
    SCENE_PAINTERS[SCENES[index % len(SCENES)]](canvas)
    return canvas


def spread(
    rnd: Random, canvas: Canvas, count: int, radius: tuple[float, float], gap: float
) -> list[tuple[float, float, float]]:
    """Find places that keep some distance; `gap` below 1 lets balloons overlap."""
    found: list[tuple[float, float, float]] = []
    side = min(canvas.width, canvas.height)
    for _ in range(count * 30):
        r = rnd.uniform(*radius) * side
        x, y = rnd.uniform(0.06, 0.94) * canvas.width, rnd.uniform(0.10, 0.80) * canvas.height
        if all(math.dist((x, y), (a, b)) > (r + q) * gap for a, b, q in found):
            found.append((x, y, r))
        if len(found) == count:
            break
    return sorted(found, key=lambda place: place[2])


def _sky_scene(canvas: Canvas) -> None:
    rnd = canvas.rnd
    light = sky(canvas)
    if rnd.random() < 0.4:
        hills(canvas, canvas.height * 0.9)
    with canvas.lens(soft=0.35):
        for x, y, _ in spread(rnd, canvas, rnd.choice((0, 0, 0, 1)), (0.04, 0.05), 3):
            paint_balloon(canvas, make_balloon(rnd, x, y, rnd.uniform(8, 11)), light)
    for x, y, r in spread(rnd, canvas, rnd.randint(2, 4), (0.17, 0.28), 1.0):
        smear = (rnd.uniform(2, 5), rnd.uniform(-2, 2)) if rnd.random() < 0.12 else (0.0, 0.0)
        with canvas.lens(smear=smear):
            paint_balloon(
                canvas, make_balloon(rnd, x, y, r, string=(x + rnd.uniform(-20, 20), y + r * 4)), light
            )
    if rnd.random() < 0.12:
        tree(
            canvas,
            rnd.choice((0.05, 0.95)) * canvas.width,
            canvas.height * 1.25,
            canvas.height * 0.8,
            owner=0,
        )


def _park_scene(canvas: Canvas) -> None:
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    level = h * rnd.uniform(0.55, 0.68)
    light = sky(canvas, horizon=0.7)
    hills(canvas, level - 4)
    ground(canvas, level, jitter(rnd, (0.33, 0.48, 0.17), 0.05))
    for _ in range(rnd.randint(1, 3)):
        tree(canvas, rnd.uniform(0, w), level + rnd.uniform(4, 16), h * rnd.uniform(0.3, 0.55))
    canvas.blur_all(rnd.uniform(0.5, 1.4))
    for _ in range(rnd.randint(0, 3)):
        person(
            canvas, rnd.uniform(0.05, 0.95) * w, level + rnd.uniform(0.12, 0.3) * h, h * rnd.uniform(0.3, 0.5)
        )
    hand = (rnd.uniform(0.3, 0.7) * w, h * 0.98)
    for x, y, r in spread(rnd, canvas, rnd.randint(2, 4), (0.16, 0.25), 0.95):
        soft_shadow(canvas, x + 12, max(level + h * 0.2, y + r * 2.2), r * 0.8, r * 0.16)
        paint_balloon(canvas, make_balloon(rnd, x, min(y, h * 0.7), r, string=hand), light)
    for _ in range(rnd.randint(0, 1)):
        obstacle = rnd.random()
        if obstacle < 0.35:
            pole(canvas, rnd.uniform(0.1, 0.9) * w, rnd.uniform(5, 11), owner=0)
        elif obstacle < 0.8:
            person(canvas, rnd.uniform(0.1, 0.9) * w, h * 1.12, h * rnd.uniform(0.6, 0.8), owner=0)
        else:
            branch(canvas)


def branch(canvas: Canvas) -> None:
    """Paint a bare branch across the picture, near the camera."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    line = smooth(
        [
            (-9, rnd.uniform(0.1, 0.6) * h),
            (w * 0.35, rnd.uniform(0.2, 0.6) * h),
            (w * 0.8, rnd.uniform(0.1, 0.5) * h),
        ],
        closed=False,
    )
    for k in range(len(line) - 1):
        canvas.stroke(line[k : k + 2], 6 - 4.5 * k / len(line), (0.2, 0.15, 0.11), owner=0, soft=0.3)


def _room_scene(canvas: Canvas) -> None:
    rnd, h = canvas.rnd, canvas.height
    light = room(canvas)
    canvas.look.gain, canvas.look.vignette = (1.04, 1.0, 0.93), 0.4
    for x, y, r in spread(rnd, canvas, rnd.randint(2, 4), (0.16, 0.25), 1.0):
        on_floor = y > h * 0.6
        y = h * rnd.uniform(0.72, 0.84) if on_floor else y
        shift = (x + 4, y + r * 1.05) if on_floor else (x - light[0] * r, y + r * 0.7)
        soft_shadow(canvas, *shift, r * 0.85, r * (0.22 if on_floor else 0.9))
        string = None if on_floor else (x + rnd.uniform(-9, 9), y + r * 3.5)
        paint_balloon(canvas, make_balloon(rnd, x, y, r, string=string), light)
    if rnd.random() < 0.2:
        person(canvas, rnd.uniform(0.1, 0.9) * canvas.width, h * 1.3, h * rnd.uniform(0.7, 0.95), owner=0)


def _party_scene(canvas: Canvas) -> None:
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    dark = hsv(rnd.random(), rnd.uniform(0.3, 0.6), rnd.uniform(0.12, 0.3))
    canvas.fill(whole(canvas), fade((0, 0), (w, h), tint(dark, 1.2), dark, tint(dark, 0.5)))
    bokeh(canvas, rnd.randint(25, 45), colors=((1, 0.75, 0.4), (1, 0.5, 0.4), (0.6, 0.7, 1), (1, 0.9, 0.7)))
    canvas.blur_all(1.2)
    canvas.look.noise, canvas.look.gain, canvas.look.vignette = 0.011, (1.06, 0.98, 0.9), 0.5
    light = (rnd.choice((-0.5, 0.5)), -0.5)
    for x, y, r in spread(rnd, canvas, rnd.randint(3, 4), (0.16, 0.27), 0.95):
        paint_balloon(canvas, make_balloon(rnd, x, y, r, string=(x, h + 20)), light)
    for _ in range(rnd.randint(0, 1)):
        person(canvas, rnd.uniform(0, 1) * w, h * 1.35, h * rnd.uniform(0.6, 0.85), owner=0)


def _bunch_scene(canvas: Canvas) -> None:
    """Many balloons that hide each other, and often one that is cut off by the frame."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = sky(canvas) if rnd.random() < 0.6 else room(canvas)
    canvas.blur_all(2.0)
    cx, cy, r = w * rnd.uniform(0.4, 0.6), h * rnd.uniform(0.36, 0.45), min(w, h) * rnd.uniform(0.16, 0.2)
    hand = (cx + rnd.uniform(-20, 20), h + 12)
    for k in range(rnd.randint(4, 5)):
        angle, reach = k * 2.4 + rnd.uniform(-0.3, 0.3), r * 1.35 * math.sqrt(k + 0.3)
        x, y = cx + math.cos(angle) * reach, cy + math.sin(angle) * reach * 0.8
        paint_balloon(canvas, make_balloon(rnd, x, y, r * rnd.uniform(0.85, 1.15), string=hand), light)
    if rnd.random() < 0.3:
        corner = (rnd.choice((-0.02, 1.02)) * w, rnd.choice((0.0, 1.0)) * h)
        with canvas.lens(soft=1.2):
            paint_balloon(canvas, make_balloon(rnd, *corner, min(w, h) * rnd.uniform(0.32, 0.45)), light)
    if rnd.random() < 0.3:
        pole(canvas, rnd.uniform(0.3, 0.7) * w, rnd.uniform(4, 8), owner=0)


def _street_scene(canvas: Canvas) -> None:
    """A crowd between houses; the balloons are behind, among and above the people."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    light = sky(canvas, horizon=0.5)
    houses(canvas, h * 0.62)
    ground(canvas, h * 0.62, jitter(rnd, (0.42, 0.41, 0.40), 0.04), cells=60)
    canvas.blur_all(1.0)
    for row in range(3):
        foot, size = h * (0.72 + 0.16 * row), h * (0.28 + 0.16 * row)
        for k in range(5 - row):
            person(
                canvas,
                w * (k + rnd.uniform(0.1, 0.9)) / (5 - row),
                foot,
                size * rnd.uniform(0.9, 1.1),
                owner=0,
            )
        for _ in range(rnd.randint(1, 2)):
            x, r = rnd.uniform(0.1, 0.9) * w, min(w, h) * rnd.uniform(0.10, 0.13) * (1 + row * 0.45)
            y = foot - size * rnd.uniform(0.95, 1.35)
            paint_balloon(canvas, make_balloon(rnd, x, y, r, string=(x + 5, foot - size * 0.5)), light)


def houses(canvas: Canvas, level: float) -> None:
    """Paint a row of houses with windows."""
    rnd, x = canvas.rnd, -10.0
    while x < canvas.width:
        width, top = rnd.uniform(45, 90), level - canvas.height * rnd.uniform(0.3, 0.55)
        color = hsv(rnd.uniform(0.02, 0.14), rnd.uniform(0.1, 0.45), rnd.uniform(0.45, 0.8))
        front = fade((x, top), (x + width, level), tint(color, 1.1), tint(color, 0.75))
        canvas.fill(box(x, top, x + width, level + 3), plaster(canvas, front))
        for column in range(3):
            for row in range(4):
                a, b = x + width * (0.12 + 0.3 * column), top + 8 + row * 22
                if b + 13 < level:
                    canvas.fill(
                        box(a, b, a + width * 0.17, b + 13),
                        fade((a, b), (a, b + 13), (0.55, 0.65, 0.72), (0.18, 0.2, 0.24)),
                    )
        x += width


def plaster(canvas: Canvas, front: Paint) -> Shader:
    """Return a rough wall, or a rough table."""
    return textured(canvas, front, cloudiness(canvas, 30, 3), 0.08)


def _negative_scene(canvas: Canvas) -> None:
    """Lamps, a bowl of apples, or a low sun: round and bright, and no balloon."""
    rnd, w, h = canvas.rnd, canvas.width, canvas.height
    which = rnd.choice(("lamps", "apples", "sun"))
    if which == "sun":
        sky(canvas)
        x, y, r = rnd.uniform(0.3, 0.7) * w, h * 0.5, h * 0.08
        canvas.fill(oval(x, y, r * 2.2, r * 2.2), (1.0, 0.96, 0.86), alpha=0.75, soft=r * 1.1)
        canvas.fill(oval(x, y, r, r), (1.0, 0.97, 0.85), soft=1.0)
        hills(canvas, h * 0.62)
        return ground(canvas, h * 0.75, (0.25, 0.33, 0.16))
    light = room(canvas)
    if which == "lamps":
        for k in range(3):
            x, y, r = w * (0.22 + 0.28 * k), h * rnd.uniform(0.2, 0.4), h * 0.08
            canvas.stroke([(x, -5), (x, y - r)], 1.2, (0.1, 0.1, 0.1))
            canvas.fill(oval(x, y, r * 2.4, r * 2.4), (1, 0.9, 0.6), alpha=0.35, soft=10)
            canvas.fill(oval(x, y, r, r), fade((x, y - r), (x, y + r), (1.0, 0.98, 0.92), (0.98, 0.85, 0.62)))
        return None
    table = h * 0.66
    canvas.fill(
        box(-2, table, w + 2, h + 2),
        plaster(canvas, fade((0, table), (0, h), (0.55, 0.38, 0.24), (0.32, 0.2, 0.12))),
    )
    for k in range(7):
        x, r = w * (0.2 + 0.1 * k), h * 0.075
        y = table + (0.0 if k % 2 else r * 1.1)
        soft_shadow(canvas, x + 4, y + r * 0.9, r, r * 0.3)
        color = jitter(rnd, rnd.choice(((0.75, 0.10, 0.08), (0.6, 0.7, 0.15), (0.9, 0.5, 0.1))), 0.06)
        canvas.fill(
            oval(x, y, r, r * 0.92), rubber(color, (x, y), (r * 1.05, r), turn=0, light=light, gloss=0.35)
        )
        canvas.stroke([(x, y - r * 0.75), (x + r * 0.2, y - r * 1.2)], 1.6, (0.25, 0.15, 0.08))
    return None


SCENE_PAINTERS = {
    "sky": _sky_scene,
    "park": _park_scene,
    "room": _room_scene,
    "party": _party_scene,
    "bunch": _bunch_scene,
    "street": _street_scene,
    "negative": _negative_scene,
}
