"""Somebody: invented before they are painted, and where the points of their face are seen."""

import math
from dataclasses import dataclass, field
from random import Random

from tools.draw.canvas import Color
from tools.draw.curves import Point, Ring, oval, place
from tools.draw.paints import hsv, jitter

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
    flesh = jitter(rnd, rnd.choices(SKINS, (25, 22, 20, 14, 11, 8))[0], 0.03)
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
