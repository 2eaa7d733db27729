"""Fingerprints change when anything that matters does, and what was touched is found."""

from dataclasses import replace

import pytest

from workbench.data.manifest import Manifest, Source
from workbench.prepare import lineage
from workbench.prepare.lineage import fingerprint, verify_manifest
from workbench.project import make_categories

SOURCES = (
    Source(annotation="a.json", image="a.jpg", annotation_digest="1" * 64, image_digest="2" * 64),
    Source(annotation="b.json", image="b.jpg", annotation_digest="3" * 64, image_digest="4" * 64),
)
INPUTS = {
    "sources": SOURCES,
    "parts": {"a.jpg": "train", "b.jpg": "val"},
    "categories": make_categories(["chip", "board"]),
    "task": "instance",
    "options": {"rle": False},
}
MANIFEST = Manifest(
    fingerprint="0123456789abcdef",
    converter=1,
    workbench="0.1.0",
    project="chips",
    task="instance",
    categories=make_categories(["chip"], ["board"]),
    unlabelled=None,
    options={"rle": False},
    image_root="../../../../annotations/chips",
    sources=SOURCES,
    parts={"b.jpg": "val", "a.jpg": "train"},
    counts={"images": 2},
    outputs={"val.json": "5" * 64, "train.json": "6" * 64},
)


def test_a_fingerprint_is_sixteen_hexadecimal_digits_for_ever():
    assert fingerprint(**INPUTS) == "d1658dea5fde92c7"


def test_the_order_of_everything_does_not_matter():
    turned = INPUTS | {
        "sources": SOURCES[::-1],
        "parts": dict(reversed(INPUTS["parts"].items())),
        "categories": INPUTS["categories"][::-1],
    }
    assert fingerprint(**turned) == fingerprint(**INPUTS)


@pytest.mark.parametrize(
    "change",
    [
        {"sources": SOURCES[:1]},
        {"sources": (replace(SOURCES[0], annotation_digest="9" * 64), SOURCES[1])},
        {"sources": (replace(SOURCES[0], image_digest="9" * 64), SOURCES[1])},
        {"sources": (replace(SOURCES[0], annotation="c.json"), SOURCES[1])},
        {"parts": {"a.jpg": "val", "b.jpg": "train"}},
        {"categories": make_categories(["board", "chip"])},
        {"categories": make_categories(["chip"], ["board"])},
        {"task": "panoptic"},
        {"unlabelled": "board"},
        {"options": {"rle": True}},
    ],
)
def test_whatever_changes_the_dataset_changes_the_fingerprint(change):
    assert fingerprint(**INPUTS | change) != fingerprint(**INPUTS)


def test_a_converter_that_writes_other_bytes_makes_another_fingerprint(monkeypatch):
    before = fingerprint(**INPUTS)
    monkeypatch.setattr(lineage, "CONVERTER", lineage.CONVERTER + 1)
    assert fingerprint(**INPUTS) != before


def test_the_part_of_an_image_that_is_not_there_does_not_matter():
    assert fingerprint(**INPUTS | {"parts": {**INPUTS["parts"], "gone.jpg": "val"}}) == fingerprint(**INPUTS)


def test_an_untouched_dataset_folder_is_verified():
    assert verify_manifest(MANIFEST, dict(MANIFEST.outputs)) == ()


def test_missing_changed_and_foreign_files_are_found():
    found = verify_manifest(MANIFEST, {"train.json": "7" * 64, "notes.txt": "8" * 64})
    assert [(finding.path, finding.rule, finding.level) for finding in found] == [
        ("notes.txt", "dataset-unknown", "warning"),
        ("train.json", "dataset-changed", "error"),
        ("val.json", "dataset-missing", "error"),
    ]
