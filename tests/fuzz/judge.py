"""Whether a conversion told the truth: held against the standard library's reading and pycocotools, not our code."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from defusedxml import ElementTree
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

FREE = ("not-an-area", "ignore", "background")  # reasons that are no mistake of anybody's
Problem = tuple[str, str]  # the file's name (or nothing), and what is wrong


@dataclass(slots=True)
class Evidence:
    """Everything that one conversion and one check left behind, by the name of the annotation."""

    folder: Path
    checked: dict[str, Any]
    converted: dict[str, Any]
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    warned: set[str] = field(default_factory=set)


class Pairs(list):
    """The keys and values of an object, all of them, also those that are there twice."""


def count_shapes(content: bytes) -> int | None:
    """Count the shapes that are in a file (UTF-8 or -16); None where it is no JSON object with a list of shapes."""
    try:
        tree = json.loads(content, object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return None
    lists = [value for key, value in tree if key == "shapes"] if isinstance(tree, Pairs) else []
    if not lists or not all(type(value) is list for value in lists):
        return None
    return sum(map(len, lists))


def gather(folder: Path, checked: dict[str, Any], converted: dict[str, Any]) -> Evidence:
    """Sort the ledger and the findings by file."""
    evidence = Evidence(folder, checked, converted)
    for line in find_ledger(folder).read_bytes().splitlines():
        row = json.loads(line)
        if row["shape"] is None:
            evidence.refused[row["annotation"]] = row["reason"]
        else:
            evidence.entries[row["annotation"]].append(row)
    for finding in checked["findings"]:
        if finding["level"] == "error":
            evidence.errors[finding["path"]].append((finding["where"], finding["rule"]))
        evidence.warned.add(finding["path"])
    return evidence


def find_ledger(folder: Path) -> Path:
    """Return the one ledger below an output folder."""
    (ledger,) = sorted(folder.rglob("*ledger.jsonl"))
    return ledger


def judge(evidence: Evidence, contents: dict[str, bytes]) -> tuple[Counter[str], list[Problem]]:
    """Return how each file ended, and everything that was not as it must be."""
    problems: list[Problem] = []
    placed = _judge_files(evidence, problems)
    ends: Counter[str] = Counter()
    for name, content in contents.items():
        problems += [(name, text) for text in _judge_file(evidence, name, content, placed)]
        rows = evidence.entries[name]
        if name in evidence.refused:
            ends[f"refused: {evidence.refused[name]}"] += 1
        elif name in evidence.warned or any(row["reason"] for row in rows):
            ends["converted, with findings"] += 1
        else:
            ends["converted"] += 1
    problems += [("", text) for text in _judge_text_files(evidence)]
    sums = evidence.converted["ledger"]
    rows = [row for rows in evidence.entries.values() for row in rows]
    skipped = Counter(row["reason"] for row in rows if row["reason"])
    if (sums["shapes"], sums["instances"], sums["skipped"]) != (
        len(rows),
        len(rows) - skipped.total(),
        dict(skipped),
    ):
        problems.append(("", f"the sums {sums} are not those of the ledger's lines"))
    return ends, problems


def _judge_file(
    evidence: Evidence, name: str, content: bytes, placed: dict[str, int] | None
) -> Iterator[str]:
    count, rows = count_shapes(content), evidence.entries[name]
    indices = [row["shape"] for row in rows]
    reason = evidence.refused.get(name)
    if indices != list(range(len(indices))):
        yield f"the ledger has shapes {indices}"
    if reason is None and count is None:
        yield "was converted, but the standard library finds no list of shapes in it"
    elif len(indices) != (count or 0) and (reason is None or indices):
        yield f"has {count} shapes, but the ledger {len(indices)} ({reason or 'converted'})"
    if reason is None and placed is not None and placed.get(name) != 1:
        yield f"was converted, but is {placed.get(name, 0)} times among the images"
    if reason is not None and placed is not None and name in placed:
        yield f"was refused ({reason}), but is among the images"
    yield from _agree(evidence, name, reason, rows)


def _agree(evidence: Evidence, name: str, reason: str | None, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Whatever convert leaves out, check must have called an error."""
    errors = evidence.errors[name]
    if reason is not None:
        if not errors and not (reason == "not-labelme" and name in evidence.warned):
            yield f"convert refused it ({reason}), but check has no error"
        return
    wrong = {where for where, _ in errors}
    if any(rule in ("image-corrupt", "image-missing") for _, rule in errors):
        return  # check decodes every pixel, convert reads headers: they may go by different sizes
    for row in rows:
        if row["reason"] and row["reason"] not in FREE and f"shapes[{row['shape']}]" not in wrong:
            yield f"convert skipped shapes[{row['shape']}] ({row['reason']}), but check has no error there: {row}"
        if bool(row["reason"]) == (row["instance"] is not None):
            yield f"a shape must have an instance or a reason: {row}"


def _judge_files(evidence: Evidence, problems: list[Problem]) -> dict[str, int] | None:
    """Read every COCO file that was written, and count the images by their annotation."""
    paths = [path for path in sorted(evidence.folder.rglob("*.json")) if _is_coco(path)]
    if not paths:
        return None
    placed: Counter[str] = Counter()
    homes = {
        (name, row["instance"]) for name, rows in evidence.entries.items() for row in rows if row["instance"]
    }
    for path in paths:
        with redirect_stdout(io.StringIO()):
            coco = COCO(str(path))
        placed.update(image["annotation"] for image in coco.dataset["images"])
        problems += _judge_coco(coco, homes)
    return dict(placed)


def _is_coco(path: Path) -> bool:
    return not path.name.startswith(("panoptic_", "manifest"))


def _judge_coco(coco: COCO, homes: set[tuple[str, int]]) -> Iterator[Problem]:
    raw = coco.dataset
    if len(coco.anns) != len(raw["annotations"]) or len(coco.imgs) != len(raw["images"]):
        yield "", "an id is there twice"
    if 0 in coco.anns or 0 in coco.imgs or 0 in coco.cats:
        yield "", "an id is 0"
    for one in raw["annotations"]:
        image = coco.imgs[one["image_id"]]
        name = image["annotation"]
        if (name, one["id"]) not in homes and len(raw["annotations"]) == len(homes):
            yield name, f"annotation {one['id']} has no line in the ledger"
        if text := _judge_segmentation(one, image):
            yield name, f"annotation {one['id']}: {text}"


def _judge_segmentation(one: dict[str, Any], image: dict[str, Any]) -> str:
    width, height, segmentation = image["width"], image["height"], one["segmentation"]
    if isinstance(segmentation, list):
        for ring in segmentation:
            if (
                len(ring) < 6
                or len(ring) % 2
                or not all(type(v) in (int, float) and isfinite(v) for v in ring)
            ):
                return f"a ring is not finite, or not one: {ring[:8]}"
            xs, ys = np.array(ring[::2]), np.array(ring[1::2])
            if min(xs.min(), ys.min()) < 0 or xs.max() > width or ys.max() > height:
                return f"a ring leaves the image: {ring[:8]}"
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    else:
        if tuple(segmentation["size"]) != (height, width):
            return f"the run lengths are of {segmentation['size']}"
        rle = {"size": segmentation["size"], "counts": segmentation["counts"].encode()}
        if width * height < 1e7 and coco_mask.decode(rle).max() > 1:
            return "the run lengths end too early"
    if int(coco_mask.area(rle)) != one["area"] or not one["area"] > 0:
        return f"the area is {one['area']}, but that of its pixels is {coco_mask.area(rle)}"
    if coco_mask.toBbox(rle).tolist() != list(one["bbox"]):
        return f"the box is {one['bbox']}, but that of its pixels is {coco_mask.toBbox(rle).tolist()}"
    return ""


def _judge_text_files(evidence: Evidence) -> Iterator[str]:
    """YOLO's lines and VOC's objects are as many as the instances, and can be read."""
    lines = [
        line for path in evidence.folder.rglob("labels/**/*.txt") for line in path.read_text().splitlines()
    ]
    objects = [
        one for path in evidence.folder.rglob("*.xml") for one in ElementTree.parse(path).iter("object")
    ]
    if list(evidence.folder.glob("labels")) or list(evidence.folder.glob("Annotations")):
        if len(lines) + len(objects) != evidence.converted["annotations"]:
            yield f"{len(lines)} lines and {len(objects)} objects are not {evidence.converted['annotations']} instances"
        if list(evidence.folder.glob(".embedded*")):
            yield "embedded images were left behind"
    for line in lines:
        if not all(0 <= float(value) <= 1 for value in line.split()[1:]) or len(line.split()) < 7:
            yield f"a line leaves the image: {line[:80]}"
