"""Pascal VOC xml, both ways."""

from pathlib import Path

import numpy as np
import pytest

from tests.importing.sources import bring_in
from workbench.commands.import_ import build_source, import_source
from workbench.data.dataset import Category, Image, ImageInstances, Instance
from workbench.data.mask import area, array_to_mask, box
from workbench.errors import DatasetError
from workbench.formats.voc import write_voc


def voc(
    *objects: str, size: str = "<size><width>40</width><height>30</height></size>", name: str = "a.jpg"
) -> str:
    return f"<annotation><filename>{name}</filename>{size}{''.join(objects)}</annotation>"


def cat(*box: object, label: str = "cat", more: str = "") -> str:
    corners = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    return f"<object><name>{label}</name>{more}<bndbox>{corners}</bndbox></object>"


def test_pixels_count_from_1_and_the_last_is_included(tmp_path: Path):
    (shape,) = bring_in(tmp_path, "voc", {"a.xml": voc(cat(1, 1, 40, 30)), "a.jpg": (40, 30)}).only().shapes
    assert (shape.kind, shape.points) == ("rectangle", ((0, 0), (40, 30)))


def test_zero_based_files_are_taken_as_they_are(tmp_path: Path):
    files = {"a.xml": voc(cat(1, 2, 40, 30)), "a.jpg": (40, 30)}
    assert bring_in(tmp_path, "voc", files, zero_based=True).only().shapes[0].points == ((1, 2), (40, 30))


def test_a_box_that_starts_at_0_is_noted(tmp_path: Path):
    result = bring_in(tmp_path, "voc", {"a.xml": voc(cat(0, 5, 9, 9)), "a.jpg": (40, 30)})
    assert (result.summary.noted, result.only().shapes[0].points) == (
        {"counts-from-zero": 1},
        ((0, 4), (9, 9)),
    )


def test_truncated_and_difficult_are_flags_and_the_pose_is_kept(tmp_path: Path):
    more = "<pose>Left</pose><truncated>1</truncated><difficult>0</difficult>"
    (shape,) = (
        bring_in(tmp_path, "voc", {"a.xml": voc(cat(1, 1, 4, 4, more=more)), "a.jpg": (40, 30)}).only().shapes
    )
    assert (shape.flags, shape.extra) == ({"truncated": True}, {"pose": "Left"})


def test_a_size_of_zeros_says_nothing(tmp_path: Path):
    size = "<size><width>0</width><height>0</height></size>"
    assert (
        bring_in(
            tmp_path, "voc", {"a.xml": voc(cat(1, 1, 4, 4), size=size), "a.jpg": (40, 30)}
        ).summary.shapes
        == 1
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<object><name>cat</name></object>", "no-geometry"),
        (cat(1, 1, "nan", 4), "non-finite"),
        (cat(1, 1, "1e400", 4), "non-finite"),
        (cat(1, 1, "9999999999", 4), "absurd-coordinate"),
        (cat(1, 1, "x", 4), "bad-number"),
        (cat(1, 1, "1_0", 4), "bad-number"),
        (cat(5, 1, 4, 4), "zero-size"),
        (cat(1, 1, 4, 4, label=""), "bad-label"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, text: str, reason: str):
    result = bring_in(tmp_path, "voc", {"a.xml": voc(text, cat(1, 1, 9, 9)), "a.jpg": (40, 30)})
    assert (result.summary.skipped, result.summary.shapes) == ({reason: 1}, 1)


def test_one_torn_file_does_not_stop_the_others(tmp_path: Path):
    files = {"a.xml": voc(cat(1, 1, 4, 4)), "b.xml": "<annotation><fil", "c.xml": "<svg/>", "a.jpg": (40, 30)}
    summary = bring_in(tmp_path, "voc", files).summary
    assert [(bad.source, bad.rule) for bad in summary.unreadable] == [
        ("b.xml", "not-xml"),
        ("c.xml", "not-voc"),
    ]
    assert summary.shapes == 1


def test_an_image_outside_is_never_followed(tmp_path: Path):
    (tmp_path / "secret.jpg").write_bytes(b"x")
    secret = str(tmp_path / "secret.jpg")
    names = ("../secret.jpg", secret, "C:\\x\\secret.jpg", "~/secret.jpg", ".", "a\u0085.jpg")
    for place, name in enumerate(names):
        files = {"a.xml": voc(cat(1, 1, 4, 4), name=name), "other.jpg": (40, 30)}
        assert bring_in(tmp_path / str(place), "voc", files).summary.skipped == {"image-missing": 1}


BOMBS = {
    "laughs": '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotation>&b;</annotation>',
    "blowup": '<!DOCTYPE a [<!ENTITY a "'
    + "x" * 50_000
    + '">]><annotation>'
    + "&a;" * 1000
    + "</annotation>",
    "file": '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><filename>&a;</filename></annotation>',
    "http": '<!DOCTYPE a [<!ENTITY a SYSTEM "http://127.0.0.1:9/x">]><annotation>&a;</annotation>',
    "dtd": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><annotation/>',
    "public": '<!DOCTYPE a PUBLIC "-//x//y" "http://127.0.0.1:9/x.dtd"><annotation/>',
    "parameter": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><annotation/>',
    "inner": "<!DOCTYPE a [<!ELEMENT annotation ANY>]><annotation/>",
    "unparsed": '<!DOCTYPE a [<!NOTATION n SYSTEM "n"><!ENTITY a SYSTEM "x" NDATA n>]><annotation/>',
    "utf16": '\ufeff<!DOCTYPE a [<!ENTITY a "ha">]><annotation>&a;</annotation>',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("kind", ["voc", "cvat"])
def test_xml_bombs_and_thefts_are_refused(tmp_path: Path, name: str, kind: str):
    content = BOMBS[name].encode("utf-16-le" if name == "utf16" else "utf-8")
    with pytest.raises(DatasetError, match="must be plain XML"):
        bring_in(tmp_path, kind, {"a.xml": content, "a.jpg": (40, 30)}, source="a.xml")


def test_undefined_entities_encodings_and_depth_are_one_line(tmp_path: Path):
    deep = "<annotation>" + "<a>" * 200_000 + "</a>" * 200_000 + "</annotation>"
    files = {
        "a.xml": "<annotation>&x;</annotation>",
        "b.xml": "<?xml version='1.0' encoding='klingon'?><annotation/>",
    }
    summary = bring_in(tmp_path, "voc", {**files, "c.xml": deep, "a.jpg": (40, 30)}).summary
    assert {bad.source for bad in summary.unreadable} >= {"a.xml", "b.xml"}


def test_what_is_written_comes_back_as_the_same_boxes(tmp_path: Path):
    array = np.zeros((30, 40), np.uint8)
    array[3:9, 4:8] = 1
    mask = array_to_mask(array)
    image = Image(path="sub/a.jpg", width=40, height=30, annotation="sub/a.json")
    crowd = Instance(category_id=2, segmentation=mask, mask=mask, box=box(mask), area=area(mask), crowd=True)
    items = [ImageInstances(image=image, instances=(crowd,), ledger=())]
    losses = list(
        write_voc(items, [Category(id=1, name="a"), Category(id=2, name="b & c")], tmp_path / "voc")
    )
    assert [loss.what for loss in losses] == ["outline"]
    xml = (tmp_path / "voc" / "Annotations" / "sub" / "a.xml").read_text()
    (shape,) = bring_in(tmp_path, "voc", {"a.xml": xml, "a.jpg": (40, 30)}).only().shapes
    # lost: the outline, groups, flags but `difficult`, descriptions, fractions of a pixel
    assert (shape.label, shape.points, shape.flags) == ("b & c", ((4, 3), (8, 9)), {"difficult": True})


def test_the_chip_boxes_fit_their_polygons(tmp_path: Path, shared: Path):
    source = build_source(shared / "chipset_mcu" / "voc_boxes", tmp_path, shared / "chipset_mcu")
    summary = import_source(source, "voc", tmp_path)
    assert (summary.images, summary.shapes, len(summary.labels), summary.skipped) == (123, 149, 4, {})
