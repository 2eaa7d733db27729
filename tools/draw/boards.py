"""Four microcontroller boards, drawn flat from above in millimetres; `BOARDS` says what each is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tools.draw.curves import Ring, box, oval

DENSITY = 10  # pixels a millimetre
MARGIN = 4.0  # room around a board for what sticks out
Rgb = tuple[int, int, int]
SILVER, GOLD, BLACK, WHITE = (188, 190, 194), (205, 168, 84), (24, 24, 27), (236, 236, 230)


class Plan:
    """A board's picture while it is drawn; (0, 0) is the corner of its circuit board."""

    def __init__(self, width: float, height: float, color: Rgb, rnd: Random) -> None:
        """Lay out an empty circuit board."""
        self.width, self.height, self.rnd, self.color = width, height, rnd, color
        size = (round((width + 2 * MARGIN) * DENSITY), round((height + 2 * MARGIN) * DENSITY))
        self.image = Image.new("RGB", size, color)
        self.pen = ImageDraw.Draw(self.image)
        self.tracks()

    def at(self, *values: float) -> list[float]:
        """Turn millimetres into the picture's pixels."""
        return [(value + MARGIN) * DENSITY for value in values]

    def tracks(self) -> None:
        """Draw copper tracks that show through the lacquer, and their vias."""
        lighter = tuple(min(255, int(c * 1.12) + 7) for c in self.color)
        for _ in range(int(self.width * self.height / 16)):
            x, y = self.rnd.uniform(0, self.width), self.rnd.uniform(0, self.height)
            dx, dy = self.rnd.choice(((1, 0), (0, 1), (0.7, 0.7), (0.7, -0.7)))
            reach = self.rnd.uniform(2, 11)
            ends = self.at(x, y, x + dx * reach, y + dy * reach)
            self.pen.line(ends, fill=lighter, width=self.rnd.choice((2, 3, 4)))
            self.disc(x, y, 0.32, lighter)

    def part(self, x: float, y: float, w: float, h: float, color: Rgb, *, rise: float = 0.35) -> None:
        """Draw a component with a shadow, a lit and a dark edge."""
        dark, lit = tuple(int(c * 0.55) for c in color), tuple(min(255, int(c * 1.2) + 16) for c in color)
        self.pen.rectangle(
            self.at(x + rise, y + rise, x + w + rise, y + h + rise), fill=tuple(c // 3 for c in self.color)
        )
        self.pen.rectangle(self.at(x, y, x + w, y + h), fill=color)
        self.pen.line(self.at(x, y + h, x, y, x + w, y), fill=lit, width=2)
        self.pen.line(self.at(x, y + h, x + w, y + h, x + w, y), fill=dark, width=2)

    def disc(self, x: float, y: float, r: float, color: Rgb | tuple[int, ...]) -> None:
        """Draw a round thing."""
        self.pen.ellipse(self.at(x - r, y - r, x + r, y + r), fill=color)

    def hole(self, x: float, y: float, r: float = 1.3) -> None:
        """Draw a mounting hole."""
        self.disc(x, y, r * 1.5, GOLD)
        self.disc(x, y, r, (40, 36, 32))

    def pins(self, x: float, y: float, count: int, *, rows: int = 1, block: bool = False) -> None:
        """Draw a row of pads, or a pin header with its plastic."""
        if block:
            self.part(x - 1.27, y - 1.27, count * 2.54, rows * 2.54, BLACK, rise=0.8)
        for k in range(count):
            for row in range(rows):
                cx, cy = x + k * 2.54, y + row * 2.54
                self.disc(cx, cy, 0.85, GOLD if not block else (50, 50, 54))
                self.disc(cx, cy, 0.42, (250, 225, 150) if block else (120, 100, 60))

    def chip(
        self, cx: float, cy: float, w: float, h: float, *, legs: bool = True, turned: bool = False
    ) -> None:
        """Draw a black chip with legs on its four sides and some print."""
        size = (round((w + 1.6) * DENSITY), round((h + 1.6) * DENSITY))
        tile = Image.new("RGBA", size, (0, 0, 0, 0))
        pen, o = ImageDraw.Draw(tile), int(0.8 * DENSITY)
        for k in range(int(w / 0.8)) if legs else ():
            a = o + int((k + 0.35) * 0.8 * DENSITY)
            pen.rectangle((a, 0, a + 3, size[1]), fill=(176, 178, 180))
        for k in range(int(h / 0.8)) if legs else ():
            a = o + int((k + 0.35) * 0.8 * DENSITY)
            pen.rectangle((0, a, size[0], a + 3), fill=(176, 178, 180))
        pen.rectangle((o, o, size[0] - o, size[1] - o), fill=(30, 30, 33))
        pen.line((o, size[1] - o, o, o, size[0] - o, o), fill=(92, 92, 96), width=2)
        pen.ellipse((o + 6, o + 6, o + 14, o + 14), fill=(64, 64, 68))
        for row in range(3):
            y = o + size[1] * (0.25 + 0.13 * row)
            pen.line(
                (o + size[0] * 0.2, y, size[0] * (0.62 + 0.05 * (row % 2)), y), fill=(120, 120, 122), width=3
            )
        tile = tile.rotate(45, expand=True, resample=Image.Resampling.BICUBIC) if turned else tile
        x, y = self.at(cx, cy)
        self.image.paste(tile, (round(x - tile.width / 2), round(y - tile.height / 2)), tile)

    def small_parts(self, x: float, y: float, w: float, h: float, count: int) -> None:
        """Scatter resistors and capacitors on a grid."""
        for _ in range(count):
            a = x + round(self.rnd.uniform(0, w) / 1.6) * 1.6
            b = y + round(self.rnd.uniform(0, h) / 1.3) * 1.3
            body = self.rnd.choice(((40, 36, 34), (150, 118, 84), (196, 178, 150), (44, 44, 48)))
            self.pen.rectangle(self.at(a, b, a + 1.3, b + 0.65), fill=SILVER)
            self.pen.rectangle(self.at(a + 0.3, b, a + 1.0, b + 0.65), fill=body)

    def text(self, x: float, y: float, words: str, size: float, color: Rgb = WHITE) -> None:
        """Print on the board."""
        px, py = self.at(x, y)
        self.pen.text((px, py), words, fill=color, font=ImageFont.load_default(size * DENSITY))

    def button(self, x: float, y: float) -> None:
        """Draw a push button."""
        self.part(x, y, 3.4, 3.0, SILVER)
        self.disc(x + 1.7, y + 1.5, 0.95, (60, 58, 52))

    def metal(self, x: float, y: float, w: float, h: float, *, slots: int = 0) -> None:
        """Draw a metal shell, as a USB socket has, with a sheen across."""
        x0, y0, x1, y1 = (round(v) for v in self.at(x, y, x + w, y + h))
        self.part(x, y, w, h, SILVER, rise=0.7)
        for row in range(y0 + 2, y1 - 1):
            t = (row - y0) / (y1 - y0)
            value = int(150 + 85 * np.exp(-((t - 0.3) ** 2) / 0.02) + 30 * t)
            self.pen.line((x0 + 2, row, x1 - 2, row), fill=(value, value + 1, min(255, value + 4)))
        for k in range(slots):
            a = y0 + (k + 0.5) * (y1 - y0) / slots
            self.pen.rectangle(
                (x0 + (x1 - x0) * 0.3, a - 5, x0 + (x1 - x0) * 0.55, a + 5), fill=(92, 94, 100)
            )


def draw_nano(plan: Plan) -> None:
    """Draw an Arduino Nano: blue, with its chip turned by 45 degrees."""
    for y in (1.4, 16.6):
        plan.pins(4.8, y, 15, block=plan.rnd.random() < 0.5)
    plan.small_parts(9, 4, 30, 9, 26)
    plan.metal(-1.6, 5.2, 9.0, 7.6)
    plan.chip(20.5, 9, 7, 7, turned=True)
    plan.button(28.6, 7.4)
    for k, color in enumerate(((240, 90, 70), (250, 220, 90), (110, 230, 120), (240, 240, 230))):
        plan.part(33.6, 4.4 + k * 2.4, 1.6, 0.9, color)
    plan.pins(38.6, 6.6, 2, rows=3, block=True)
    plan.text(9.4, 12.6, "ARDUINO NANO", 1.7)
    plan.text(10, 2.8, "D12 D11 D10 D9 D8 D7 D6 D5", 1.2)


def draw_esp8266(plan: Plan) -> None:
    """Draw a NodeMCU with an ESP8266: dark, with a metal can and an antenna at its end."""
    for y in (1.5, 24.5):
        plan.pins(6.5, y, 15, block=plan.rnd.random() < 0.5)
    plan.small_parts(7, 4, 20, 17, 30)
    plan.metal(-1.4, 9.3, 6.0, 7.6)
    plan.chip(14.5, 13, 5, 5)
    plan.part(20, 6, 6, 3.4, (34, 34, 36))
    for y in (5.0, 18.2):
        plan.button(1.6, y)
    plan.pen.rectangle(plan.at(25.5, 5, 49, 21), fill=(22, 34, 60))
    plan.metal(26.6, 6.6, 14.6, 12.8)
    plan.text(28, 8.6, "ESP8266MOD", 1.9, (70, 72, 78))
    plan.text(28, 11.2, "WiFi  802.11 b/g/n", 1.2, (84, 86, 92))
    line = [
        p
        for k in range(7)
        for p in plan.at(42.4 + (k % 2) * 5.4, 6.4 + k * 2.0, 42.4 + ((k + 1) % 2) * 5.4, 6.4 + k * 2.0)
    ]
    plan.pen.line(line, fill=GOLD, width=9)
    plan.text(8, 20.0, "NodeMCU  LoLin V3", 1.6)


def draw_heltec(plan: Plan) -> None:
    """Draw a Heltec LoRa board: white, with a small lit display."""
    gold = (214, 186, 110)
    for y in (1.3, 24.2):
        plan.pins(3.6, y, 18)
    plan.small_parts(4, 3.4, 42, 18, 16)
    plan.metal(-1.4, 8.8, 5.8, 7.6)
    for y in (4.4, 18.4):
        plan.button(2.2, y)
    plan.part(11.5, 4.6, 27.5, 16.2, (14, 16, 20), rise=0.8)
    plan.pen.rectangle(plan.at(13.0, 6.2, 35.0, 16.6), fill=(8, 12, 26))
    glow = plan.rnd.choice(((130, 200, 255), (240, 250, 255), (120, 240, 230)))
    for k, words in enumerate(("LoRa 868 MHz", "RSSI  -71 dBm", f"Pkt {plan.rnd.randint(100, 999)}  SF7")):
        plan.text(13.6, 6.8 + k * 3.2, words, 2.5, glow)
    plan.pen.rectangle(plan.at(36.0, 6.0, 38.0, 19.6), fill=(180, 130, 60))
    plan.disc(43.2, 6.4, 1.7, gold)
    plan.disc(43.2, 6.4, 0.8, (90, 80, 60))
    plan.pen.line([p for k in range(9) for p in plan.at(42 + k * 0.7, 10 + 3 * (k % 2))], fill=gold, width=5)
    plan.part(41.6, 15.4, 5.4, 5.0, (40, 40, 44))
    plan.text(18, 21.2, "HELTEC  WiFi LoRa 32", 1.5, (40, 60, 110))


def draw_pi(plan: Plan) -> None:
    """Draw a Raspberry Pi 3: green, with four USB sockets and Ethernet at its end."""
    plan.small_parts(6, 9, 56, 40, 90)
    for x, y in ((3.5, 3.5), (61.5, 3.5), (3.5, 52.5), (61.5, 52.5)):
        plan.hole(x, y)
    plan.pins(8.6, 2.3, 20, rows=2, block=True)
    plan.chip(28, 25, 14, 14, legs=False)
    plan.metal(22.5, 19.5, 11, 11)
    plan.text(23.6, 23.2, "BCM2837", 1.9, (60, 60, 66))
    plan.chip(50.5, 25, 8.5, 8.5)
    plan.chip(10, 30, 5, 5)
    plan.part(1.2, 17, 3.6, 21, (210, 205, 192))
    plan.part(44, 33.4, 3.6, 21, (210, 205, 192))
    for y in (2.4, 20.6):
        plan.metal(69.5, y, 17.5, 14.6, slots=2)
    plan.metal(66, 38.6, 21.2, 15.8, slots=1)
    plan.metal(6.8, 50.6, 8, 6.6)
    plan.metal(24.4, 46.4, 15, 11.2)
    plan.part(50.2, 44.4, 7, 12.6, (30, 30, 32), rise=0.8)
    plan.disc(53.7, 57.2, 2.6, (44, 44, 48))
    plan.text(7.5, 9.4, "Raspberry Pi 3 Model B V1.2", 2.3)
    plan.text(7.5, 41.6, "(c) Raspberry Pi 2015", 1.6)
    plan.disc(56.5, 14.5, 2.6, (196, 62, 84))
    plan.disc(55.2, 11.6, 1.1, (120, 180, 80))
    plan.disc(57.8, 11.6, 1.1, (120, 180, 80))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one class of board is: its size, lacquer, drawing, and what sticks out over its edge."""

    size: tuple[float, float]
    color: Rgb
    draw: Callable[[Plan], None]
    outer: tuple[tuple[float, float, float, float], ...]


BOARDS = {
    "arduino_nano": Kind(size=(45, 18), color=(16, 82, 132), draw=draw_nano, outer=((-1.6, 5.2, 2, 12.8),)),
    "esp8266": Kind(size=(49, 26), color=(36, 38, 44), draw=draw_esp8266, outer=((-1.4, 9.3, 2, 16.9),)),
    "raspberry_pi_3": Kind(
        size=(85, 56),
        color=(22, 108, 62),
        draw=draw_pi,
        outer=(
            (80, 2.4, 87, 17),
            (80, 20.6, 87, 35.2),
            (80, 38.6, 87.2, 54.4),
            (24.4, 50, 39.4, 57.6),
            (6.8, 50, 14.8, 57.2),
        ),
    ),
    "heltec_esp32_lora": Kind(
        size=(50, 25.5), color=(226, 228, 230), draw=draw_heltec, outer=((-1.4, 8.8, 2, 16.4),)
    ),
}


def draw_board(label: str, rnd: Random) -> NDArray[np.float32]:
    """Return a board's picture, 0 to 1, with its margin; no two are quite alike."""
    kind = BOARDS[label]
    red, green, blue = (min(255, max(0, c + rnd.randint(-9, 9))) for c in kind.color)
    plan = Plan(*kind.size, (red, green, blue), rnd)
    kind.draw(plan)
    picture = np.asarray(plan.image, np.float32) / 255
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.float32)


def outlines(label: str) -> list[Ring]:
    """Return the outlines, in millimetres, whose union is the board."""
    kind = BOARDS[label]
    w, h = kind.size
    body = oval(w / 2, h / 2, w / 2, h / 2, power=26 if w < 60 else 34)
    return [body, *(box(*edge) for edge in kind.outer)]
