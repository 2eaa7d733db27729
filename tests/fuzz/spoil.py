"""What can be wrong with a Labelme file in particular: each way changes the tree of one file."""

# ruff: noqa: E501
import base64
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from PIL import Image

from tests.fuzz.drawn import KINDS, draw_mask, png_of, to_base64
from tests.fuzz.mutate import DEPTHS, NUMBERS, TEXTS, nest

Tree = dict[str, Any]
_SPOILT = (LookupError, TypeError, ValueError, AttributeError)  # there may be nothing left to spoil
# what an imagePath may try; OUTSIDE is put in later, JSON is the file's own name
PATHS = (
    "../outside/secret.png", "../../outside/secret.png", "sub/../../outside/secret.png", "@OUTSIDE@/secret.png", "/etc/passwd",
    "C:\\secret.png", "C:secret.png", "\\\\host\\share\\secret.png", "//host/share/secret.png", "..\\outside\\secret.png",
    "file:///etc/passwd", "http://127.0.0.1:9/x.png", "~/secret.png", "~root/x.png", "a\0b.png", "a\nb.png", "link.png",
    "linked/secret.png", "loop.png", "dangling.png", "pipe.png", "sub", ".", "..", "", "/", "./sub/../link.png", "x" * 300 + ".png",
    "\u202egnp.x", "@JSON@", "./@JSON@", "x.html", "/dev/stdin", "/proc/self/environ", "shared.png", "shared.png", "SHARED.PNG",
)  # fmt: skip
DECLARED = (
    0,
    -1,
    1,
    2,
    1.5,
    64.0,
    "64",
    None,
    True,
    32_767,
    32_768,
    60_000,
    10**6,
    10**9,
    10**30,
    float("nan"),
    float("inf"),
)


def spoil_shape(random: Random, tree: Tree) -> None:
    """Spoil one shape (drawn anew where there is none) in one of the ways of this module."""
    with suppress(*_SPOILT):
        random.choice(_SHAPE_WAYS)(
            random, random.choice([shape for shape in tree["shapes"] if isinstance(shape, dict)])
        )


def spoil_file(random: Random, tree: Tree) -> None:
    """Spoil what stands beside the shapes."""
    with suppress(*_SPOILT):
        random.choice(_FILE_WAYS)(random, tree)


def _number(random: Random, shape: Tree) -> None:
    points = shape.get("points")
    if points and isinstance(points[0], list):
        for _ in range(random.choice((1, 1, 3))):
            points[random.randrange(len(points))][random.randrange(2)] = random.choice(NUMBERS)


def _count(random: Random, shape: Tree) -> None:
    points = shape.get("points") or [[1, 1]]
    shape["points"] = (points * 5)[: random.randrange(6)]


def _point(random: Random, shape: Tree) -> None:
    odd = (None, [], [1], [1, 2, 3], "12", {"x": 1}, [[1, 2]], ["1", "2"], [None, 1], [True, False], [1, [2]])
    (shape.get("points") or [0]).insert(0, random.choice(odd))


def _flat(random: Random, shape: Tree) -> None:
    """Give it no area, or a hair's breadth of one, or put it beside the image, or let it cross itself."""
    shape["points"] = random.choice((
        [[5, 5]] * 4, [[0, 0], [9, 9], [4, 4]], [[500, 500], [510, 500], [510, 510]], [[-9, -9], [-1, -1], [-9, -1]],
        [[0, 0], [20, 20], [20, 0], [0, 20]], [[1.2, 1.2], [1.3, 1.2], [1.3, 1.3]], [[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6]],
        [[10, 10], [10.0001, 30], [10, 30]], [[0, 0], [64, 0], [64, 48], [0, 48]], [[-1e6, 20], [1e6, 20.4]], [[3, 3], [999_999, 3]],
    ))  # fmt: skip


def _many(random: Random, shape: Tree) -> None:
    count = random.choice((1_000, 1_000, 20_000)) if random.random() < 0.99 else 1_000_000
    shape["points"] = [[step % 61, (step * 7) % 47] for step in range(count)]


def _kind(random: Random, shape: Tree) -> None:
    shape["shape_type"] = random.choice(
        (*KINDS, "star", "Polygon", "", None, 3, ["polygon"], "cuboid", "brush", "x" * 9000)
    )


def _label(random: Random, shape: Tree) -> None:
    shape["label"] = random.choice(
        (*TEXTS, None, 1, True, ["cat"], "hole", "__hole__", "CAT", "cat ", "__ignore__")
    )


def _group(random: Random, shape: Tree) -> None:
    shape["group_id"] = random.choice(
        (0, 1, -1, 1.0, 1.5, "1", True, [1], 2**63, 10**30, "@raw:1e400@", None)
    )


def _flags(random: Random, shape: Tree) -> None:
    odd = (
        [],
        "hole",
        {"hole": 1},
        {"hole": "true"},
        {"crowd": None},
        {"": []},
        {"hole": True, "crowd": True},
        5,
        {"\ud800": 1},
    )
    shape["flags"] = random.choice(odd)


def _mask(random: Random, shape: Tree) -> None:
    """Make it a mask whose picture is missing, broken, of another size, or a bomb."""
    shape["shape_type"] = "mask"
    if random.random() < 0.7:
        shape["points"] = [[random.choice((-3, 5, 60, 4.5)), random.choice((-3, 5, 44))], [12, 14]]
    good = draw_mask(random, 8, 10)
    place = random.randrange(len(good))
    bombs = ((60_000, 60_000), (32_767, 32_767), (0, 5), (2**31 - 1, 1), (18_000, 18_000), (30_000, 5_000))
    shape["mask"] = random.choice((
        good, good[:place], good[:place] + "!" + good[place:], good[:place] + "A" + good[place + 1 :], "", None, 5, "AAAA", " " + good,
        "é", f"data:image/png;base64,{good}", good + "====", to_base64(Image.new("L", (8, 10)), "PNG"),
        to_base64(Image.new("RGB", (8, 10), "red"), "JPEG"), base64.b64encode(png_of(*random.choice(bombs))).decode(),
        base64.b64encode(png_of(8, 10, kind=3, bits=8)).decode(), to_base64(Image.new("I;16", (8, 10), 300), "PNG"),
        to_base64(Image.new("LA", (8, 10), (0, 255)), "PNG"),
    ))  # fmt: skip


def _alias(random: Random, shape: Tree) -> None:
    """Hide a doubled key behind an escape, which a search of the text does not see."""
    shape[random.choice(("@twice:po\u0131nts", "@twice:points", "@twice:label", "@twice:shape_type"))] = (
        random.choice(([], "dog", None))
    )


_SHAPE_WAYS: tuple[Callable[[Random, Tree], None], ...] = (
    _number, _number, _number, _count, _count, _point, _flat, _flat, _many, _kind, _label, _label, _group, _flags, _mask, _mask, _alias,
)  # fmt: skip


def _path(random: Random, tree: Tree) -> None:
    tree["imagePath"] = random.choice(PATHS)


def _size(random: Random, tree: Tree) -> None:
    for key in random.choice((("imageWidth",), ("imageHeight",), ("imageWidth", "imageHeight"))):
        tree[key] = random.choice(DECLARED)
    if random.random() < 0.5:
        tree["imagePath"] = "nowhere.png"


def _data(random: Random, tree: Tree) -> None:
    """Embed a picture that is right, wrong, torn, another, or a bomb."""
    good = to_base64(
        Image.effect_noise((tree.get("imageWidth") or 64, tree.get("imageHeight") or 48), 60), "PNG"
    )
    other = to_base64(Image.new("L", (10, 10)), "JPEG")
    bomb = base64.b64encode(png_of(60_000, 60_000)).decode()
    large = base64.b64encode(png_of(15_000, 10_000)).decode()
    tree["imageData"] = random.choice(
        (
            good,
            good,
            good,
            other,
            bomb,
            large,
            good[: len(good) // 2],
            "",
            "!!!!",
            "é",
            5,
            [],
            good + "\n",
            "AAAA",
            good[:-1],
        )
    )
    if random.random() < 0.6:
        tree["imagePath"] = "nowhere.png"


def _shapes(random: Random, tree: Tree) -> None:
    shapes = tree.get("shapes")
    odd = (
        None,
        {},
        "shapes",
        [None],
        [[]],
        [1],
        [{}],
        [shapes],
        {"0": shapes},
        shapes and shapes * random.choice((2, 60)),
    )
    tree["shapes"] = random.choice(odd)


def _twice(random: Random, tree: Tree) -> None:
    """Repeat a key of the file, openly or behind an escape."""
    key = random.choice(("shapes", "shapes", "imagePath", "imageData", "imageHeight", "flags"))
    tree[f"@twice:{key}"] = random.choice((tree.get(key), [], None, "other.png"))


def _escape(random: Random, tree: Tree) -> None:
    tree["@escaped:shapes"] = random.choice(([], tree.get("shapes")))


def _deep(random: Random, tree: Tree) -> None:
    key = random.choice(("flags", "extra", "shapes", "imageData", "version"))
    deep = nest(random.choice(DEPTHS), random.choice("[{"))
    tree[key] = {"a": deep} if key == "flags" else [deep] if key == "shapes" else deep


def _file_flags(random: Random, tree: Tree) -> None:
    odd = (
        [],
        "x",
        5,
        {"a": 10**30},
        {"a": "@raw:NaN@"},
        {"": None},
        {"\ud800": True},
        {"a": {"b": [1]}},
        {"a": True},
        {"1": 1.5},
    )
    tree["flags"] = random.choice(odd)


def _version(random: Random, tree: Tree) -> None:
    tree["version"] = random.choice((None, 6, [], "999.0", "", "x" * 5000, True))


_FILE_WAYS: tuple[Callable[[Random, Tree], None], ...] = (
    _path, _path, _path, _size, _size, _data, _data, _shapes, _twice, _escape, _deep, _file_flags, _version,
)  # fmt: skip
