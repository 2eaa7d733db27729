"""Boards on a mat on a table, photographed in bursts, with wires across them and parts between them."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.draw.boards import BOARDS, DENSITY, MARGIN, draw_board, outlines
from tools.draw.canvas import Canvas
from tools.draw.clutter import lay_cable, lay_clutter
from tools.draw.curves import Point, Ring, box, oval
from tools.draw.paints import cloudiness, fade, hsv, jitter
from tools.draw.plane import Camera, Pose, dense, laid, project
from tools.draw.scenes import grain_of_wood, whole

SIZES = ((384, 288), (288, 384), (352, 264), (320, 320), (360, 240))
BURSTS = (
    1,
    4,
    1,
    2,
    1,
    1,
    4,
    1,
    1,
    3,
    1,
    2,
    1,
    1,
    4,
    1,
    1,
    1,
    2,
    1,
    4,
    1,
    1,
    1,
    3,
    1,
    1,
    2,
    1,
    1,
    1,
    4,
    1,
    1,
)
SHOTS = tuple((scene, shot) for scene, count in enumerate(BURSTS) for shot in range(count))
COUNT = len(SHOTS)
FIRST = datetime(2024, 5, 18, 10, 12, 7)
FAR = Pose(x=0, y=0, turn=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """A board on the table."""

    label: str
    pose: Pose
    kind: str


def file_name(index: int) -> str:
    """Return a camera's name: the scene and the shot of the burst."""
    scene, shot = SHOTS[index]
    return f"IMG_{scene + 7:04d}_{shot + 1}"


def exif_of(index: int) -> Image.Exif:
    """Return the moment of a shot: a burst takes a second a shot, scenes are a minute or more apart."""
    scene, shot = SHOTS[index]
    moment = FIRST + timedelta(seconds=scene * 97 + shot)
    exif = Image.Exif()
    exif[0x0132] = moment.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    return exif


def paint_photograph(index: int) -> Canvas:
    """Paint one shot: the scene comes from its number alone, hand shake and exposure from the shot's."""
    scene, shot = SHOTS[index]
    rnd, shake = Random(f"chipsets-{scene}"), Random(f"chipsets-{scene}-{shot}")
    canvas = Canvas(*SIZES[rnd.randrange(len(SIZES))], rnd)
    camera = hold(canvas, shake)
    canvas.look.contrast, canvas.look.vignette = rnd.uniform(1.0, 1.12), rnd.uniform(0.2, 0.45)
    warm, exposure = rnd.uniform(-0.05, 0.06), 1 + shake.uniform(-0.05, 0.05)
    canvas.look.gain = ((1 + warm) * exposure, exposure, (1 - warm) * exposure)
    canvas.look.quality, canvas.look.noise = 58, rnd.uniform(0.003, 0.006)
    lay_table(canvas, camera)
    corners = lay_mat(canvas, camera)
    empty = scene % 11 == 5
    lay_clutter(canvas, camera, rnd.randint(2, 7))
    for lying in [] if empty else choose_boards(canvas, camera):
        lay_board(canvas, camera, lying)
    for _ in range(rnd.choice((0, 0, 1, 1, 2))):
        lay_cable(canvas, camera, corners)
    canvas.fill(whole(canvas), fade((0, 0), (canvas.width, canvas.height), (1, 1, 1), (0, 0, 0)), alpha=0.07)
    canvas.noise = np.random.default_rng(shake.getrandbits(32))
    return canvas


def hold(canvas: Canvas, shake: Random) -> Camera:
    """Hold the camera over the table; the scene's own numbers first, then the hand's."""
    rnd, side = canvas.rnd, min(canvas.width, canvas.height)
    far = rnd.uniform(105, 150)
    tilted = rnd.random() < 0.65
    return Camera(
        zoom=side / far * (1 + shake.uniform(-0.012, 0.012)),
        turn=(rnd.uniform(-0.35, 0.35) if tilted else 0.0) + shake.uniform(-0.015, 0.015) * tilted,
        tilt_x=(rnd.uniform(-0.6, 0.6) + shake.uniform(-0.03, 0.03)) * tilted,
        tilt_y=(rnd.uniform(-2.2, 0.4) + shake.uniform(-0.03, 0.03)) * tilted,
        x=canvas.width / 2 + shake.uniform(-4, 4),
        y=canvas.height / 2 + shake.uniform(-4, 4),
    )


def lay_table(canvas: Canvas, camera: Camera) -> None:
    """Cover everything with a table top: wood, a white desk, a dark desk or cloth."""
    rnd = canvas.rnd
    kind = rnd.choice(("wood", "wood", "wood", "white", "dark", "cloth"))
    if kind == "wood":
        color = rnd.choice(((0.62, 0.44, 0.28), (0.42, 0.28, 0.18), (0.76, 0.60, 0.42)))
        picture = grain_of_wood(canvas, jitter(rnd, color, 0.04))
    else:
        base = {
            "white": (0.84, 0.83, 0.80),
            "dark": (0.20, 0.20, 0.22),
            "cloth": hsv(rnd.random(), 0.3, 0.5),
        }[kind]
        weave = cloudiness(canvas, 5, 6) * (0.10 if kind == "cloth" else 0.03)
        fine = canvas.noise.normal(0, 0.03 if kind == "cloth" else 0.01, weave.shape)
        picture = (np.asarray(base) * (1 + weave + fine)[..., None]).astype(np.float32)
    canvas.fill(whole(canvas), laid(camera, FAR, picture, (-190, -150), 3.0))


def lay_mat(canvas: Canvas, camera: Camera) -> Ring:
    """Lay a cutting mat or a breadboard; returns its corners on the table."""
    rnd = canvas.rnd
    w, h = rnd.uniform(120, 190), rnd.uniform(95, 140)
    x, y, turn = rnd.uniform(-18, 18), rnd.uniform(-14, 14), rnd.uniform(-0.12, 0.12)
    pose = Pose(x=x, y=y, turn=turn)
    ring = oval(0, 0, w / 2, h / 2, power=40)
    seen = project(camera, dense(pose.lay(ring)))
    canvas.fill([(a + 3, b + 4) for a, b in seen], (0, 0, 0), alpha=0.4, soft=2.5)
    picture = draw_mat(canvas, w, h)
    owner = canvas.name("board")
    canvas.fill(seen, laid(camera, pose, picture, (-w / 2, -h / 2), 6.0), owner=owner)
    canvas.freeze(owner)
    return pose.lay(box(-w / 2, -h / 2, w / 2, h / 2))


def draw_mat(canvas: Canvas, w: float, h: float) -> NDArray[np.float32]:
    """Return the mat's picture at 6 pixels a millimetre."""
    rnd, size = canvas.rnd, (int(h * 6), int(w * 6))
    kind = rnd.choice(("green", "blue", "grey", "black", "breadboard"))
    colors = {
        "green": (0.08, 0.34, 0.29),
        "blue": (0.13, 0.25, 0.50),
        "grey": (0.55, 0.56, 0.57),
        "black": (0.13, 0.13, 0.14),
        "breadboard": (0.90, 0.89, 0.84),
    }
    base = np.asarray(jitter(rnd, colors[kind], 0.03), np.float32)
    picture = np.full((*size, 3), base, np.float32)
    picture *= 1 + canvas.noise.normal(0, 0.02, size)[..., None].astype(np.float32)
    if kind == "breadboard":
        return draw_breadboard(picture)
    line = base + (0.30 if kind != "grey" else -0.22)
    for k in range(1, int(w / 10)):
        cv2.line(
            picture,
            (k * 60, 24),
            (k * 60, size[0] - 24),
            (base * 0.5 + line * 0.5).tolist(),
            2 + (k % 5 == 0) * 2,
        )
    for k in range(1, int(h / 10)):
        cv2.line(
            picture,
            (24, k * 60),
            (size[1] - 24, k * 60),
            (base * 0.5 + line * 0.5).tolist(),
            2 + (k % 5 == 0) * 2,
        )
    cv2.rectangle(picture, (22, 22), (size[1] - 22, size[0] - 22), line.tolist(), 4)
    return picture


def draw_breadboard(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw the holes, the rails and the groove of a solderless breadboard."""
    height, width = picture.shape[:2]
    for row, y in enumerate(range(20, height - 12, 15)):
        if row % 14 == 6:
            cv2.rectangle(picture, (0, y - 7), (width, y + 7), (0.72, 0.71, 0.67), -1)
            continue
        if row % 14 in (0, 13):
            color = (0.80, 0.25, 0.22) if row % 14 == 0 else (0.20, 0.35, 0.75)
            cv2.line(picture, (20, y - 7), (width - 20, y - 7), color, 2)
        for x in range(20, width - 12, 15):
            cv2.rectangle(picture, (x - 3, y - 3), (x + 3, y + 3), (0.30, 0.29, 0.27), -1)
    return picture


def choose_boards(canvas: Canvas, camera: Camera) -> list[Lying]:
    """Choose boards and places so that they hardly touch; a few hang over the edge of the picture."""
    found: list[Lying] = []
    rnd, reach = canvas.rnd, (canvas.width / camera.zoom * 0.40, canvas.height / camera.zoom * 0.38)
    upright = camera.tilt_x == 0.0
    labels = list(BOARDS)
    rnd.shuffle(labels)
    wanted = [labels[k % 4] for k in range(rnd.choice((2, 3, 3, 4, 4, 4, 5)))]
    for label in sorted(wanted, key=lambda name: name != "raspberry_pi_3"):
        w, h = BOARDS[label].size
        for _ in range(60):
            x, y = rnd.uniform(-reach[0], reach[0]), rnd.uniform(-reach[1], reach[1])
            turn = rnd.choice((0, 1, 2, 3)) * math.pi / 2 if upright else rnd.uniform(0, math.tau)
            if all(
                math.dist((x, y), middle(other)) > 0.36 * (w + h + sum(BOARDS[other.label].size)) * 0.72
                for other in found
            ):
                c, s = math.cos(turn), math.sin(turn)
                pose = Pose(x=x - w / 2 * c + h / 2 * s, y=y - w / 2 * s - h / 2 * c, turn=turn)
                kind = rnd.choice(
                    (
                        "polygon",
                        "polygon",
                        "oriented_rectangle",
                        "rectangle" if upright else "oriented_rectangle",
                    )
                )
                found.append(Lying(label=label, pose=pose, kind=kind))
                break
    return found


def middle(lying: Lying) -> Point:
    """Return the middle of a board on the table."""
    w, h = BOARDS[lying.label].size
    return lying.pose.lay([(w / 2, h / 2)])[0]


def lay_board(canvas: Canvas, camera: Camera, lying: Lying) -> None:
    """Lay a board down: its shadow, its edge, and its face."""
    owner = canvas.name(lying.label, lying.kind)
    picture = draw_board(lying.label, canvas.rnd)
    rings = [project(camera, dense(lying.pose.lay(ring))) for ring in outlines(lying.label)]
    z = camera.zoom
    for ring in rings:
        canvas.fill([(x + 2.6 * z, y + 3.2 * z) for x, y in ring], (0, 0, 0.02), alpha=0.42, soft=1.6 * z)
        canvas.fill([(x + 0.5 * z, y + 0.7 * z) for x, y in ring], (0, 0, 0), alpha=0.75, soft=0.5 * z)
    face = laid(camera, lying.pose, picture, (-MARGIN, -MARGIN), DENSITY)
    for ring in rings[1:]:
        canvas.fill(ring, face, owner=owner)
    canvas.fill(rings[0], face, owner=owner)
    w, h = BOARDS[lying.label].size
    ends = project(camera, lying.pose.lay([(0, 0), (w, h)]))
    canvas.fill(
        rings[0],
        fade(ends[0], ends[1], (1, 1, 1), (0.4, 0.4, 0.4), (0, 0, 0)),
        alpha=canvas.rnd.uniform(0.02, 0.14),
    )
