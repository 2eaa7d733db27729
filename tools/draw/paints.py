"""Shaders: what colour a surface has at each point, with light, grain and gloss."""

import colorsys
import math
from random import Random
from typing import Any

import cv2
import numpy as np

from tools.draw.canvas import Array, Canvas, Color, Shader
from tools.draw.curves import Point


def hsv(hue: float, saturation: float, value: float) -> Color:
    """Return a colour from hue, saturation and value, each 0 to 1."""
    return colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1))


def tint(color: Color, factor: float) -> Color:
    """Return a darker or lighter colour; above 1 it goes towards white."""
    if factor <= 1:
        return (color[0] * factor, color[1] * factor, color[2] * factor)
    share = min(factor - 1, 1)
    return tuple(c + (1 - c) * share for c in color)  # type: ignore[return-value]


def mix(a: Color, b: Color, share: float) -> Color:
    """Return a colour between two."""
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))  # type: ignore[return-value]


def jitter(rnd: Random, color: Color, amount: float = 0.06) -> Color:
    """Return a colour near to another."""
    return tuple(min(max(c + rnd.uniform(-amount, amount), 0), 1) for c in color)  # type: ignore[return-value]


def fade(start: Point, end: Point, *stops: Color) -> Shader:
    """Return a gradient of two or more colours from one point to another."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy or 1.0
    table = np.asarray(stops, np.float32)
    places = np.linspace(0, 1, len(stops))

    def shade(x: Array, y: Array) -> Any:
        t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0, 1)
        return np.stack([np.interp(t, places, table[:, c]) for c in range(3)], -1).astype(np.float32)

    return shade


def cloudiness(canvas: Canvas, cells: float, octaves: int = 5, stretch: float = 1.0) -> Array:
    """Return fractal noise of the canvas' full size, about -1 to 1; `cells` is how many bumps lie across."""
    height, width = canvas.things.shape
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        columns = max(2, int(cells * 2**octave))
        rows = max(2, int(columns * height / width * stretch))
        if columns > width / 2 or rows > height:
            break
        small = canvas.noise.normal(0, 1, (rows, columns)).astype(np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total / 1.6


def textured(
    canvas: Canvas, under: Shader | Color, field: Array, amount: float, toward: Color | None = None
) -> Shader:
    """Return a paint with fractal noise in it: lighter and darker, or mixed with a second colour."""
    height, width = field.shape

    def shade(x: Array, y: Array) -> Any:
        rows = np.clip((y[:, 0] * 3).astype(int), 0, height - 1)
        columns = np.clip((x[0] * 3).astype(int), 0, width - 1)
        noise = field[rows][:, columns][..., None]
        base = np.asarray(under(x, y) if callable(under) else under, np.float32)
        if toward is None:
            return base * (1 + amount * noise)
        share = np.clip(amount * noise, 0, 1)
        return base + (np.asarray(toward, np.float32) - base) * share

    return shade


def rubber(
    color: Color,
    center: Point,
    radii: tuple[float, float],
    *,
    turn: float,
    light: Point,
    gloss: float = 0.8,
    ambient: Color = (0.55, 0.6, 0.7),
) -> Shader:
    """Return latex blown up: shaded as an ellipsoid, shining through at the rim, with a window's reflection."""
    c, s = math.cos(turn), math.sin(turn)
    lz = math.sqrt(max(0.05, 1 - light[0] ** 2 - light[1] ** 2))
    base, sky = np.asarray(color, np.float32), np.asarray(ambient, np.float32)

    def shade(x: Array, y: Array) -> Any:
        px, py = x - center[0], y - center[1]
        u = (px * c + py * s) / radii[0]
        v = (-px * s + py * c) / radii[1]
        r2 = np.clip(u * u + v * v, 0, 1)
        z = np.sqrt(1 - r2)
        nx, ny = u * c - v * s, u * s + v * c
        diffuse = np.clip(nx * light[0] + ny * light[1] + z * lz, -0.3, 1)
        through = r2**3 * 0.35 * np.clip(0.6 - (nx * light[0] + ny * light[1]), 0, 1)
        value = 0.42 + 0.55 * np.clip(diffuse, 0, 1) + through
        out = base * value[..., None] + sky * (0.10 * np.clip(-ny, 0, 1) * r2)[..., None]
        # the reflected window: a soft square where the normal halves light and view
        hx, hy = light[0] * 0.62, light[1] * 0.62
        d = np.maximum(np.abs(nx - hx) * 1.0, np.abs(ny - hy) * 1.25)
        window = np.clip((0.13 - d) / 0.05, 0, 1)
        halo = np.exp(-((nx - hx) ** 2 + (ny - hy) ** 2) / 0.06) * 0.35
        back = np.exp(-((nx + hx * 1.25) ** 2 + (ny + hy * 1.25) ** 2) / 0.02) * 0.16
        shine = np.clip(window * 0.75 + halo + back, 0, 1) * gloss
        return out + (1 - out) * shine[..., None]

    return shade


def foil(color: Color, center: Point, size: float, seed: float) -> Shader:
    """Return metallised foil: bands of light that follow its creases."""
    base = np.asarray(color, np.float32)

    def shade(x: Array, y: Array) -> Any:
        px, py = (x - center[0]) / size, (y - center[1]) / size
        r2 = px * px + py * py
        bend = 0.8 * np.sin(px * 2.3 + seed) + 0.6 * np.sin(py * 3.1 - seed)
        wave = (
            np.sin(3.2 * px + 4.6 * py + 2.0 * bend + seed) * 0.6 + np.sin(7 * r2 - 3 * px + seed) * 0.4 * r2
        )
        value = 0.64 + 0.16 * wave - 0.16 * py - 0.12 * r2 * r2
        shine = np.clip((wave - 0.55) * 2.2, 0, 1) ** 2
        out = base * value[..., None]
        return out + (1 - out) * (shine * 0.8)[..., None]

    return shade


def skin(color: Color, center: Point, radii: tuple[float, float], light: Point) -> Shader:
    """Return skin: soft, with a warm edge between light and shadow."""
    base = np.asarray(color, np.float32)
    warm = base * np.asarray((0.66, 0.53, 0.50), np.float32)

    def shade(x: Array, y: Array) -> Any:
        u, v = (x - center[0]) / radii[0], (y - center[1]) / radii[1]
        r2 = np.clip(u * u + v * v, 0, 1.2)
        z = np.sqrt(np.clip(1 - r2 * 0.8, 0.04, 1))
        lit = np.clip(u * light[0] + v * light[1] + z * 0.75 + 0.22, 0, 1)[..., None]
        return warm + (base * 1.06 - warm) * lit

    return shade
