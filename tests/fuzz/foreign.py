"""Mutated files of every foreign format, imported in guarded children: `python -m tests.fuzz.foreign --count 20000`.

Each file must end as imported, as imported with reasons, or as refused by a rule; what is written must be readable;
nothing may be touched outside the given folders; no traceback, no crash.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from tests.fuzz.guard import Guard, run_in_child
from tests.fuzz.mutate import dump, mutate_bytes, mutate_tree
from workbench.commands import import_
from workbench.data.annotation import Shape
from workbench.data.mask import array_to_mask
from workbench.errors import WorkbenchError
from workbench.formats.labelme import read_annotation

CHUNK, SECONDS = 250, 180.0
WIDTH, HEIGHT = 40, 30
RING = [1, 1, 9.5, 1, 9, 8]
ODD_WORDS = (
    "nan", "inf", "-inf", "1e12", "-1e12", "1e400", "9" * 60, "-1", "0", "", "x", "1_0", "0x10", "½", "1,5", "\0",
    "../../etc/passwd", "/etc/passwd", "C:\\Windows\\a.jpg", "..\\a.jpg", "a.jpg\n", "<", "&", '"', "é" * 300, "\u202e",
    "~/a.jpg",
)  # fmt: skip
ENTITIES = (
    '<!DOCTYPE a [<!ENTITY x "ha">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">', "&x;", "&#0;", "&#xD800;", "&#38;",
    "<![CDATA[]]>",
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "<?xml version='1.0' encoding='utf-7'?>", "<a>" * 3000,
    "]]>", "<!--",
)  # fmt: skip

Make = Callable[[Random], bytes]


@dataclass(frozen=True)
class Kind:
    """How files of one format are made: the file that is spoilt, the format's name, and more arguments."""

    name: str
    format: str
    make: Make
    words: tuple[str, ...] = ()


_PACKED = array_to_mask(np.eye(HEIGHT, WIDTH, dtype=np.uint8)).counts


def via(random: Random) -> bytes:
    polygon = {"name": "polygon", "all_points_x": [1, 9, 9], "all_points_y": [1, 1, 8]}
    shapes = [
        polygon,
        {"name": "rect", "x": 1, "y": 2, "width": 8, "height": 7},
        {"name": "circle", "cx": 9, "cy": 9, "r": 4},
        {"name": "ellipse", "cx": 9, "cy": 9, "rx": 4, "ry": 2, "theta": 0.3},
        {"name": "point", "cx": 4, "cy": 4},
        {**polygon, "name": "polyline"},
    ]
    regions = [{"shape_attributes": shape, "region_attributes": {"class": {"cat": True}}} for shape in shapes]
    listed = (
        regions if random.random() < 0.5 else {str(place): region for place, region in enumerate(regions)}
    )
    tree = {
        "a.jpg9": {"filename": "a.jpg", "size": 9, "regions": listed, "file_attributes": {"night": "yes"}}
    }
    return spoil_json(random, tree if random.random() < 0.7 else {"_via_img_metadata": tree})


def coco(random: Random) -> bytes:
    segmentations = [
        [RING, [20, 20, 25, 20, 25, 25]],
        {"size": [HEIGHT, WIDTH], "counts": [100, 20, 1080]},
        {"size": [HEIGHT, WIDTH], "counts": _PACKED.decode()},
        {"size": [HEIGHT, WIDTH], "counts": str(_PACKED)},
        RING,
        [],
    ]
    annotations = [
        {
            "id": k,
            "image_id": 1,
            "category_id": 1 + k % 2,
            "segmentation": one,
            "bbox": [1, 1, 8, 7],
            "area": 9,
            "iscrowd": k % 2,
        }
        for k, one in enumerate(segmentations)
    ]
    annotations[0]["keypoints"] = [1, 2, 2]
    images = [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}]
    categories = [{"id": 1, "name": "cat", "supercategory": "x"}, {"id": 2, "name": "dog"}]
    return spoil_json(random, {"images": images, "annotations": annotations, "categories": categories})


def panoptic(random: Random) -> bytes:
    segments = [
        {"id": k, "category_id": 1 + k % 2, "iscrowd": 0, "area": 9, "bbox": [0, 0, 9, 9]}
        for k in (1, 2, 3, 70_000)
    ]
    annotation = {"image_id": 1, "file_name": "ids.png", "segments_info": segments}
    images = [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}]
    categories = [{"id": 1, "name": "cat", "isthing": 1}, {"id": 2, "name": "sky", "isthing": 0}]
    return spoil_json(random, {"images": images, "annotations": [annotation], "categories": categories})


def labelstudio(random: Random) -> bytes:
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    box = {"x": 10, "y": 10, "width": 50, "height": 20, "rotation": 10}
    values = {
        "polygonlabels": {"points": [[10, 10], [50, 10], [50, 90]]},
        "rectanglelabels": box,
        "ellipselabels": {"x": 50, "y": 50, "radiusX": 15, "radiusY": 10, "rotation": 5},
        "keypointlabels": {"x": 50, "y": 50, "width": 1},
        "brushlabels": {"format": "rle", "rle": _BRUSH},
    }
    results = [
        {"id": kind, "type": kind, "value": {**value, kind: ["cat"]}, **size}
        for kind, value in values.items()
    ]
    results += [
        {"id": "q", "type": "rectangle", "value": box, **size},
        {"id": "q", "type": "labels", "value": {"labels": ["dog"]}},
    ]
    results += [{"type": "choices", "value": {"choices": ["night"]}}]
    task = {
        "id": 1,
        "data": {"image": "/data/upload/1/0a1b2c3d-a.jpg"},
        "annotations": [{"result": results, "was_cancelled": False}],
    }
    return spoil_json(random, [task])


def _pack_brush() -> list[int]:
    """Pack a picture of which nothing but the last bytes are set, in runs of 16 bits."""
    total = WIDTH * HEIGHT * 4
    head = f"{total:032b}" + f"{7:05b}" + "".join(f"{width:04b}" for width in (2, 3, 7, 15))
    bits = head + "1" + "11" + f"{total - 41:016b}" + f"{0:08b}" + "1" + "11" + f"{39:016b}" + f"{255:08b}"
    bits += "0" * (-len(bits) % 8)
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


_BRUSH = _pack_brush()


def voc(random: Random) -> bytes:
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>"
    one = f"<object><name>cat</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>{box}</object>"
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    return spoil_text(
        random, f"<annotation><filename>a.jpg</filename>{size}{one * 3}</annotation>\n", ENTITIES
    )


def cvat(random: Random) -> bytes:
    shapes = (
        '<box label="cat" xtl="1" ytl="2" xbr="11" ybr="7" rotation="12.5" occluded="1" group_id="4" z_order="1"/>'
        '<polygon label="cat" points="1,1;9,1;9,8"><attribute name="old">true</attribute></polygon>'
        '<polyline label="dog" points="1,1;9,1"/><points label="dog" points="1,1;9,1"/><tag label="blurred"/>'
        '<ellipse label="cat" cx="10" cy="10" rx="4" ry="3" rotation="3"/>'
        '<mask label="cat" rle="1, 2, 3" left="5" top="6" width="3" height="2"/>'
    )
    meta = "<meta><job><labels><label><name>dog</name></label><label><name>cat</name></label></labels></job></meta>"
    image = f'<image id="0" name="a.jpg" width="{WIDTH}" height="{HEIGHT}">{shapes}</image>'
    return spoil_text(random, f"<annotations><version>1.1</version>{meta}{image}</annotations>\n", ENTITIES)


def yolo(random: Random) -> bytes:
    text = "0 0.5 0.5 0.25 0.25\n1 0 0 1 0 1 1\n1 0.1 0.2 0.3 0.4 0.5\n0 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3\n"
    return spoil_text(random, text, ("\t", "#", "\r", "\u2028", "0 " * 5000))


def rle_csv(random: Random) -> bytes:
    head, rows = random.choice(
        (
            ("ImageId,EncodedPixels\n", "a.jpg,1 2 31 5\na.jpg,100 20\na.jpg,\n"),
            ("ImageId,ClassId,EncodedPixels\n", "a.jpg,1,1 2 31 5\na.jpg,2,100 20\n"),
            ("ImageId_ClassId,EncodedPixels\n", "a.jpg_1,1 2 31 5\na.jpg_2,\n"),
        )
    )
    return spoil_text(random, head + rows, ('"', '""', ",", "\r", "1 1 " * 5000))


def mask_png(random: Random) -> bytes:
    array = np.zeros((HEIGHT, WIDTH), np.uint8)
    array[3:9, 4:9] = random.choice((1, 255))
    array[20:22, 4:9] = random.choice((0, 1, 2, 255))
    picture, stream = Image.fromarray(array), BytesIO()
    picture.convert(random.choice(("L", "P", "1", "RGB", "RGBA"))).save(
        stream, random.choice(("PNG", "PNG", "GIF", "TIFF", "BMP"))
    )
    return mutate_bytes(random, stream.getvalue()) if random.random() < 0.7 else stream.getvalue()


def spoil_json(random: Random, tree: object) -> bytes:
    """Spoil bytes, the tree, or (mostly) one of its inner branches, so that most files get past the front door."""
    if random.random() < 0.25:
        return mutate_bytes(random, json.dumps(tree).encode())
    tree = _clone(tree)
    for _ in range(random.choice((1, 1, 2, 3))):
        branches = [(parent, key) for depth, parent, key in _walk(tree, 0) if depth >= 2]
        if branches and random.random() < 0.7:
            parent, key = random.choice(branches)
            parent[key] = mutate_tree(random, parent[key])
        else:
            tree = mutate_tree(random, tree)
        tree = _clone(tree)  # what was put in is shared with the next file, and must not be spoilt there
    return dump(random, tree)


def _clone(tree: object) -> object:
    """Copy a tree so that no two places share a branch, as a parser would build it."""
    if isinstance(tree, dict):
        return {key: _clone(value) for key, value in tree.items()}
    return [_clone(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _walk(tree: object, depth: int) -> Iterator[tuple[int, object, object]]:
    """Yield every place in a tree that holds a container."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield depth + 1, tree, key
            yield from _walk(value, depth + 1)


def spoil_text(random: Random, text: str, extra: tuple[str, ...]) -> bytes:
    """Replace a word, add something odd, or spoil the bytes."""
    if random.random() < 0.3:
        return mutate_bytes(random, text.encode())
    values = (
        r"(?<=>)[^<>]+(?=<)|(?<=\")[^\"<>]+(?=\")"
        if extra is ENTITIES and random.random() < 0.8
        else r"[\w.]+"
    )
    for _ in range(random.choice((1, 1, 2, 3))):
        spots = list(re.finditer(values, text)) or [re.match("", text)]
        spot = random.choice(spots)
        start, end = spot.span() if random.random() < 0.75 else (spot.end(), spot.end())
        word = random.choice(ODD_WORDS if random.random() < 0.75 else extra)
        word = (
            escape(word.replace("\0", ""), {'"': "&quot;"})
            if extra is ENTITIES and random.random() < 0.7
            else word
        )
        text = text[:start] + word + text[end:]
    encoding = random.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "utf-16-be", "latin-1"))
    return text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")


KINDS = {
    "via.json": Kind("via.json", "via", via),
    "coco.json": Kind("coco.json", "coco", coco),
    "panoptic.json": Kind("panoptic.json", "coco", panoptic),
    "voc.xml": Kind("voc.xml", "voc", voc),
    "cvat.xml": Kind("cvat.xml", "cvat", cvat),
    "a.txt": Kind("a.txt", "yolo", yolo),
    "rle.csv": Kind("rle.csv", "rle-csv", rle_csv),
    "a_mask.png": Kind("a_mask.png", "mask-png", mask_png, ("--labels",)),
    "labelstudio.json": Kind("labelstudio.json", "labelstudio", labelstudio),
}


def furnish(root: Path) -> None:
    """Lay out the images that the files speak of, and a photograph's worth of classes."""
    (root / "in").mkdir()
    Image.new("RGB", (WIDTH, HEIGHT)).save(root / "in" / "a.jpg")
    ids = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    ids[:10, :, 0], ids[10:20, :, 0], ids[20:, :9, 0] = 1, 2, 3
    ids[20:, 9:] = (112, 17, 1)
    Image.fromarray(ids).save(root / "in" / "ids.png")
    (root / "classes.list").write_text("cat\ndog\n")


def load_everything() -> None:
    """Import what the importers import late, so that Python's own search for modules is not taken for theirs."""
    import xml.etree.ElementTree

    import defusedxml.ElementTree
    import orjson
    import pycocotools.mask
    import tqdm

    from workbench.formats import contours  # noqa: F401

    Image.init()
    for module in (xml, defusedxml, orjson, pycocotools, tqdm):
        assert module


def run_chunk(kind: Kind, seed: int, count: int, root: Path, guard: Guard) -> dict[str, int]:
    """Import `count` files, one after the other, and count how they end."""
    guard.readable, guard.writable = (str(root),), (str(root),)
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    ends: Counter[str] = Counter()
    load_everything()
    for place in range(seed, seed + count):
        random = Random(f"{kind.name} {place}")
        source, out = root / "in" / kind.name, root / "out"
        source.write_bytes(kind.make(random))
        words = [str(source), "--format", kind.format, "--out", str(out), "--json"]
        if kind.words and random.random() < 0.7:
            words += [*kind.words, str(root / "classes.list")]
        with guard.watching():
            ends[_import_one(parser.parse_args(words), out)] += 1
        if guard.breaches:
            raise AssertionError(f"{kind.name} {place}: {guard.breaches[:3]}")
        shutil.rmtree(out, ignore_errors=True)
    return dict(ends)


def _import_one(args: argparse.Namespace, out: Path) -> str:
    stdout = StringIO()
    try:
        with redirect_stdout(stdout), redirect_stderr(StringIO()):
            import_.run(args)
    except WorkbenchError as error:
        _require(str(error).count("\n") == 0, f"one line, but {error!s}")
        return f"refused: {getattr(error, 'rule', type(error).__name__)}"
    report = json.loads(stdout.getvalue())
    rows = [json.loads(line) for line in (out / "ledger.jsonl").read_bytes().splitlines()]
    objects = [row for row in rows if row["where"] not in ("file", "image")]
    _require(all(bool(row["shapes"]) != bool(row["reason"]) for row in objects), "each object one end")
    _require(len(objects) == report["objects"], "every object counted")
    shapes = [shape for path in out.rglob("*.json") for shape in read_annotation(path).shapes]
    _require(all(isinstance(shape, Shape) for shape in shapes), "only shapes that can be read again")
    _require(
        len(shapes) == report["shapes"] == sum(len(row["shapes"]) for row in objects), "every shape counted"
    )
    reasons = sorted(report["skipped"])
    return f"with reasons: {reasons[0]}" if reasons else "imported"


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def run_kind(kind: Kind, count: int, seed: int = 0) -> Iterator[tuple[dict[str, int], str]]:
    """Yield the ends of one chunk after the other, or the words of a failure."""
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for start in range(seed, seed + count, CHUNK):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            root, size = Path(name), min(CHUNK, seed + count - start)
            furnish(root)
            end = run_in_child(
                lambda guard, at=start, n=size, to=root: run_chunk(kind, at, n, to, guard), SECONDS
            )
        yield end.answer or {}, end.failure


def main() -> int:
    """Print a table of ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="files of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(KINDS))
    args = parser.parse_args()
    failed = False
    sys.stdout.write(
        "file | files | imported | with reasons | refused | tracebacks, crashes, breaches | seconds\n"
    )
    for name, kind in KINDS.items():
        if args.only in (None, name):
            failed |= _run_and_print(kind, args.count, args.seed)
    return int(failed)


def _run_and_print(kind: Kind, count: int, seed: int) -> bool:
    ends: Counter[str] = Counter()
    failures: list[str] = []
    started = time.monotonic()
    for answer, failure in run_kind(kind, count, seed):
        ends.update(answer)
        failures += [failure] if failure else []
    sums = {
        key: sum(n for end, n in ends.items() if end.startswith(key))
        for key in ("imported", "with reasons", "refused")
    }
    cells = [
        kind.name,
        sum(ends.values()),
        *sums.values(),
        len(failures),
        f"{time.monotonic() - started:.0f}",
    ]
    sys.stdout.write(" | ".join(map(str, cells)) + "\n")
    details = ", ".join(f"{end} {n}" for end, n in ends.most_common() if end != "imported")
    sys.stdout.write(f"    {details}\n")
    for failure in failures[:3]:
        sys.stdout.write(f"    FAILED: {failure}\n")
    sys.stdout.flush()
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
