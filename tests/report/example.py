"""A run that never was: every section has something to show. `text` may spoil every word that comes from files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.report.kinds import KINDS, SUSPICIONS
from workbench.report.material import Material, Seen, Source, Views

COLORS = ((242, 76, 53), (53, 76, 242), (140, 242, 53))
SIZE = (160, 120)


def plain(text: str) -> str:
    """As it is."""
    return text


def make_material(folder: Path, text: Callable[[str], str] = plain, classes: int = 3) -> Material:
    """Three classes, four photographs, one mistake of each kind."""
    names = [text(f"class{n}") for n in range(1, classes + 1)]
    files = [text(f"photo{n}") + ".jpg" for n in range(1, 5)]
    for number, name in enumerate(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(60, 200, (*SIZE[::-1], 3), np.uint8)
        Image.fromarray(noise).resize(SIZE).save(path, "JPEG")
    truths = {n: [_square(n, 1 + n % classes, 20)] for n in range(1, 5)}
    found = {n: [_square(n - 1, 1 + (n + 1) % classes, 34, 0.9)] for n in range(1, 5)}
    views = Views(
        folder=folder,
        images={n: Source(id=n, name=files[n - 1], width=SIZE[0], height=SIZE[1]) for n in range(1, 5)},
        truths=truths,
        found=found,
        colors={n: COLORS[(n - 1) % 3] for n in range(1, classes + 1)},
        names=dict(enumerate(names, 1)),
    )
    return Material(
        run=text("20261121-run"),
        part=text("val"),
        record=make_record(text),
        scores=make_scores(names, text),
        mistakes=make_mistakes(names, files, text),
        metrics=[
            *({"kind": "train", "step": step, "loss": 3.0 / step} for step in range(1, 40)),
            *({"kind": "val", "step": step, "loss": 1.0, "mask.AP": step / 80} for step in (10, 20, 39)),
        ],
        manifest=make_manifest(names, text),
        views=views,
        notes=(text("no pictures of the rest"),),
    )


def _square(number: int, category: int, at: float, score: float | None = None) -> Seen:
    ring = [at, at, at + 50, at, at + 50, at + 50, at, at + 50]
    return Seen(
        number=number,
        category=category,
        box=(at, at, 50.0, 50.0),
        segmentation=[[float(v) for v in ring]],
        score=score,
    )


def make_record(text: Callable[[str], str]) -> dict[str, object]:
    """run.json."""
    words = ("state", "reason", "model", "started", "ended", "device", "precision")
    return {
        **{word: text(word) for word in words},
        "task": "instance",
        "command": [text("workbench"), text("train")],
        "seed": 0,
        "steps": 39,
        "step": 39,
        "best": {"metric": text("mask.AP"), "value": 0.5, "step": 39},
        "dataset": {"fingerprint": text("fingerprint"), "split": text("split")},
        "weights": {"source": text("weights"), "sha256": text("sha256")},
        "git": {"commit": text("commit"), "dirty": True},
        "quarantined": [text("bad.jpg")],
        "versions": {text("torch"): text("2.14")},
        "changes": [{key: text(key) for key in ("key", "old", "new", "reason")} for _ in range(3)],
    }


def make_scores(names: list[str], text: Callable[[str], str]) -> dict[str, object]:
    """scores/val.json, whole."""
    values = {"AP": 0.53, "AP50": 0.71, "AP75": 0.6, "APs": None, "APm": 0.4, "APl": 0.6, "AR100": 0.7}
    point = {"score": 0.62, "precision": 0.9, "recall": 0.8, "F1": 0.847}
    curve = {"recall": [0.1, 0.5, 0.8], "precision": [1.0, 0.95, 0.9], "score": [0.9, 0.8, 0.62]}
    side = len(names) + 1
    return {
        "box": values,
        "mask": values,
        "boundary": values,
        "images": 13,
        "notes": [text("a note")],
        "advice": [text(f"{number} step") for number in ("first", "second", "third")],
        "per_category": {
            name: {
                "mask": {**values, "AP": 0.3 + 0.1 * place},
                "box": values,
                "truths": 20 if place else 4,
                "predictions": 30,
                "best": point,
                "at": point,
                "ECE": 0.1,
                "intervals": {"mask.AP": [0.2, 0.6]},
            }
            for place, name in enumerate(names)
        },
        "intervals": {"mask.AP": [0.44, 0.62], "mask.AP50": [0.6, 0.8]},
        "curves": {**dict.fromkeys(names, curve), "all": curve},
        "calibration": {
            "ECE": 0.12,
            "MCE": 0.3,
            "bins": [{"low": n / 10, "high": (n + 1) / 10, "score": n / 10 + 0.05, "precision": n / 10, "count": n * n}
                     for n in range(10)],
        },
        "confusion": {
            "labels": [*names, "background"],
            "matrix": [[20 if row == column else abs(row - column) for column in range(side)] for row in range(side)],
            "score": 0.6,
        },
        "errors": {
            "AP50": 0.71,
            "kinds": {name: {"count": 2, "cost": 0.1 / (n + 1)} for n, name in enumerate([*KINDS, text("new-kind")])},
        },
        "slices": [
            {"by": text("size"), "value": text(value), "images": 6, "truths": 20, "AP": 0.4, "interval": [0.3, 0.5],
             "difference": -0.1, "clear": True} for value in ("small", "large")
        ],
        "gates": [
            {"gate": text("mask.AP>=0.4"), "passed": True, "value": 0.5, "interval": [0.3, 0.6], "bound": 0.4}
        ],
    }  # fmt: skip


def make_mistakes(names: list[str], files: list[str], text: Callable[[str], str]) -> dict[str, object]:
    """mistakes/val.json."""
    rows = [
        {
            "kind": kind,
            "image_id": 1 + n % 4,
            "image": files[n % 4],
            "prediction": None if kind == "missed" else n % 4,
            "truth": None if kind == "background" else 1 + n % 4,
            "iou": 0.4,
            "score": None if kind == "missed" else 0.9,
            "category": None if kind == "missed" else names[n % len(names)],
            "truth_category": None if kind == "background" else names[(n + 1) % len(names)],
            "note": text("a note of a mistake"),
        }
        for n, kind in enumerate([*KINDS, text("new-kind")])
    ]
    images = [
        {"image_id": n, "image": files[n - 1], "value": n / 4, "truths": 1, "wrong": 4 - n}
        for n in range(1, 5)
    ]
    return {
        "part": "val",
        "mistakes": rows,
        "suspects": [
            {**row, "kind": kind, "suspicion": 0.8} for row, kind in zip(rows, SUSPICIONS, strict=False)
        ][:3],
        "images": images,
    }


def make_manifest(names: list[str], text: Callable[[str], str]) -> Manifest:
    """manifest.json."""
    classes = {name: {"instances": 20, "images": 4} for name in names}
    part = {"images": 4, "annotations": 60, "negatives": 1, "classes": classes}
    return Manifest(
        fingerprint="0123456789abcdef",
        converter=1,
        workbench="0.1.0",
        project=text("project"),
        task="instance",
        categories=tuple(Category(id=n, name=name) for n, name in enumerate(names, 1)),
        unlabelled=None,
        options={},
        image_root=".",
        sources=(),
        parts={},
        counts={"parts": {"train": part, "val": part}},
        outputs={},
    )
