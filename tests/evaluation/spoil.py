"""Truths spoiled in a known way, as a model might: what should be recognised, and what should not.

python -m tests.evaluation.spoil 200 prints how many of 200 of each are recognised, as in docs/mistakes.md.
"""

import sys
from collections import Counter
from itertools import pairwise

import cv2
import numpy as np

from workbench.evaluation.kinds import MASK_KINDS
from workbench.evaluation.mistakes.mask_errors import find_mask_errors
from workbench.evaluation.mistakes.mask_outlines import RELATIVE, WIDTH
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs

from .masks import SIDE, blob, grow, jitter, scene_of_masks, shift


def draw_spoiled(generator, kind):
    """Return truths and answers (pictures) of one image with one mistake of this kind; "" and "near …" have none."""
    low = 48 if "hole" in kind else 24  # in smaller ones there is no room for a hole that is looked at
    size = float(np.exp(generator.uniform(np.log(low), np.log(180))))
    whole = blob(generator, size, thin=generator.choice([1, 1, 0.6 if "hole" in kind else 0.4]))
    truths, answers = _SPOILERS[kind](generator, whole, np.sqrt(whole.sum()))
    shaky, push = generator.uniform(0, max(1, 0.015 * size)), generator.normal(0, 0.008 * size, 2)
    return truths, [jitter(generator, shift(one, *push), shaky) for one in answers]


def _as_it_is(generator, whole, size):
    return [whole], [whole]


def least(size):
    """The narrowest rim that is a mistake; it is measured in edges of pixels, of which round outlines have more."""
    return 4 / np.pi * max(WIDTH, RELATIVE * size)


def _loose(generator, whole, size):
    return [whole], [grow(whole, generator.uniform(1.2, 4) * least(size))]


def _tight(generator, whole, size):
    rim = min(generator.uniform(1.2, 3) * least(size), 0.75 * deepest(whole))
    return [whole], [grow(whole, -rim)]


def _thin_rim(generator, whole, size):
    return [whole], [grow(whole, generator.choice([-1, 1]) * generator.uniform(0.2, 0.7) * least(size))]


def deepest(whole):
    return cv2.distanceTransform(whole, cv2.DIST_L2, 5).max()


def _holed(generator, whole, share):
    """Cut a hole around the innermost pixel; None where there is no room."""
    inside = cv2.distanceTransform(whole, cv2.DIST_L2, 5)
    y, x = np.unravel_index(inside.argmax(), inside.shape)
    radius = max(4.0, np.sqrt(share * whole.sum() / np.pi))
    radius = min(radius, inside.max() - 3)
    hole = cv2.circle(np.zeros_like(whole), (int(x), int(y)), int(radius), 1, -1)
    return whole & (1 - hole), hole


def _hole(generator, whole, size):
    """A hole that is filled, or of which a dent is left."""
    holed, hole = _holed(generator, whole, generator.uniform(0.03, 0.2))
    dent = grow(hole, -0.65 * deepest(hole)) if generator.random() < 0.3 else 0 * hole
    return [holed], [whole & (1 - dent)]


def _hole_kept(generator, whole, size):
    holed, _ = _holed(generator, whole, generator.uniform(0.03, 0.2))
    return [holed], [holed]


def _hole_half(generator, whole, size):
    """A hole that is seen, but too small."""
    holed, hole = _holed(generator, whole, generator.uniform(0.06, 0.2))
    return [holed], [whole & (1 - grow(hole, -0.25 * deepest(hole)))]


def _neighbour(generator, whole):
    """Another object that nearly touches this one, on the right."""
    columns = np.flatnonzero(whole.any(0))
    width = np.ptp(columns) + 1
    other = whole[:, ::-1] if generator.random() < 0.5 else whole
    other = cv2.resize(other, None, fx=1, fy=1)
    left = np.flatnonzero(other.any(0))[0]
    gap = int(generator.integers(1, 6))
    room = SIDE - (columns[-1] + 1 + gap)
    moved = shift(other, columns[-1] + 1 + gap - left, 0)
    return moved if room >= width else None


def _merged(generator, whole, size):
    other = _neighbour(generator, whole)
    if other is None:
        whole = shift(whole, -np.flatnonzero(whole.any(0))[0] + 4, 0)
        whole = whole if np.ptp(np.flatnonzero(whole.any(0))) < SIDE / 2 - 16 else whole[::1]
        other = _neighbour(generator, whole)
    if other is None:
        half = cv2.resize(whole, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_NEAREST)
        whole = np.zeros((SIDE, SIDE), np.uint8)
        whole[20 : 20 + half.shape[0], 4 : 4 + half.shape[1]] = half
        other = _neighbour(generator, whole)
    union = whole | other
    kernel = np.ones((9, 9), np.uint8)
    return [whole, other], [cv2.morphologyEx(union, cv2.MORPH_CLOSE, kernel)]


def _beside(generator, whole, size):
    """Two that touch, each found."""
    (first, second), _ = _merged(generator, whole, size)
    return [first, second], [first, second]


def _split(generator, whole, size):
    """Two or three parts with a narrow strip between them, none half of it alone."""
    rows = np.flatnonzero(whole.any(1))
    area = whole.sum(1).cumsum() / whole.sum()
    cuts = generator.choice([2, 3])
    places = [int(np.searchsorted(area, (n + 1) / cuts + generator.normal(0, 0.02))) for n in range(cuts - 1)]
    bounds = [rows[0], *places, rows[-1] + 1]
    gap = max(1, int(0.03 * size))
    parts = []
    for low, high in pairwise(bounds):
        part = np.zeros_like(whole)
        part[low + gap : high - gap] = whole[low + gap : high - gap]
        parts.append(part)
    return [whole], parts


def _doubled(generator, whole, size):
    """Two that both cover the upper half: one place, twice."""
    rows = np.flatnonzero(whole.any(1))
    middle = int(np.searchsorted(whole.sum(1).cumsum(), 0.42 * whole.sum()))
    half = whole.copy()
    half[middle:] = 0
    other = shift(half, 1, 1) & whole
    return [whole], [half, other] if rows.size else [half]


def _shifted(generator, whole, size):
    angle = generator.uniform(0, 2 * np.pi)
    far = generator.uniform(0.12, 0.2) * size
    return [whole], [shift(whole, far * np.cos(angle), far * np.sin(angle))]


def _lump(generator, whole, size):
    """It covers the object and, on one side, something else that is as large as a quarter of it."""
    rows, columns = np.nonzero(whole)
    right = columns.argmax()
    radius = int(0.3 * size)
    lump = cv2.circle(np.zeros_like(whole), (int(columns[right]), int(rows[right])), radius, 1, -1)
    return [whole], [whole | lump]


def _stretched(generator, whole, size):
    """Wider than the object, and less high."""
    high, wide = whole.shape
    rows, columns = np.nonzero(whole)
    x, y = columns.mean(), rows.mean()
    factor = generator.uniform(1.15, 1.3)
    move = np.float32([[factor, 0, x - factor * x], [0, 1 / factor, y - y / factor]])
    return [whole], [cv2.warpAffine(whole, move, (wide, high), flags=cv2.INTER_NEAREST)]


def _cut_off(generator, whole, size):
    """A third is missing on one side."""
    part = whole.copy()
    part[:, int(np.searchsorted(whole.sum(0).cumsum(), 0.67 * whole.sum())) :] = 0
    return [whole], [part]


def _missed(generator, whole, size):
    return [whole], []


_SPOILERS = {
    "": _as_it_is,
    "outline-loose": _loose,
    "outline-tight": _tight,
    "hole-missed": _hole,
    "merged": _merged,
    "split": _split,
    "near: thin rim": _thin_rim,
    "near: hole kept": _hole_kept,
    "near: hole half": _hole_half,
    "near: beside": _beside,
    "near: doubled": _doubled,
    "near: shifted": _shifted,
    "near: lump": _lump,
    "near: stretched": _stretched,
    "near: cut off": _cut_off,
    "near: missed": _missed,
}
SPOILS = tuple(_SPOILERS)


def count_recognised(each, seed=0):
    """Draw so many of each, and count what is said of them: {what was done: {what is said, or "": images}}."""
    generator = np.random.default_rng(seed)
    done = dict(enumerate((kind for kind in SPOILS for _ in range(each)), 1))
    truths, answers = [], []
    for number, kind in done.items():
        wanted, found = draw_spoiled(generator, kind)
        truths += [{"picture": picture, "image": number} for picture in wanted]
        answers += [{"picture": picture, "image": number} for picture in found if picture.any()]
    scene = scene_of_masks(truths, answers)
    matches = match(scene, compute_pairs(scene, "mask"))
    said = {number: set() for number in done}
    for one in find_mask_errors(scene, matches, np.ones(len(scene.found), bool)):
        said[scene.images[scene.truths.image[one.truth]]].add(one.kind)
    table = {kind: Counter() for kind in SPOILS}
    for number, kind in done.items():
        table[kind].update(said[number] or {""})
    return table


if __name__ == "__main__":
    each = int(sys.argv[1])
    table = count_recognised(each)
    lines = [f"{kind or 'as it is':18} {dict(row)}" for kind, row in table.items()]
    for kind in MASK_KINDS:
        hits, claims = table[kind][kind], sum(row[kind] for row in table.values())
        lines.append(f"{kind:18} recall {hits / each:.3f} precision {hits / claims:.3f}")
    sys.stdout.write("\n".join(lines) + "\n")
