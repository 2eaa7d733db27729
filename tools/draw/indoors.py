"""A room: wall, floor, window light, pictures and furniture."""

from tools.draw.canvas import Canvas
from tools.draw.curves import Point, box, oval
from tools.draw.paints import cloudiness, fade, hsv, jitter, textured, tint
from tools.draw.scenes import whole


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
    shade = [
        (lamp - w * 0.03, floor - h * 0.40),
        (lamp + w * 0.03, floor - h * 0.40),
        (lamp + w * 0.06, floor - h * 0.26),
        (lamp - w * 0.06, floor - h * 0.26),
    ]
    canvas.fill(
        shade, fade((lamp, floor - h * 0.4), (lamp, floor - h * 0.26), (0.98, 0.86, 0.62), (1.0, 0.95, 0.82))
    )
    canvas.fill(oval(lamp, floor - h * 0.33, w * 0.1, h * 0.13), (1.0, 0.88, 0.6), alpha=0.25, soft=9)
