"""The Labelme codec: tolerant when it reads, strict when it writes, and lossless in between."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drawing import annotate, draw, square, stamp
from workbench.data.annotation import BrokenShape, Shape
from workbench.errors import AnnotationError, OutputError
from workbench.formats import labelme, labelme_clean
from workbench.formats.labelme import annotation_to_bytes, parse_annotation, read_annotation, write_annotation

POLYGON = {"label": "cat", "points": [[1, 2], [30.5, 2], [30, 40]]}


def parse(shapes=(POLYGON,), **more):
    raw = {"imagePath": "a.jpg", "shapes": list(shapes), **more}
    return parse_annotation(json.dumps(raw).encode(), "a.json")


def test_a20_a_file_of_labelme_2_without_version_flags_or_shape_type_is_read():
    annotation = parse(
        [POLYGON | {"line_color": None, "fill_color": [0, 255, 0, 128]}], lineColor=[0, 255, 0, 128]
    )
    (shape,) = annotation.shapes
    assert (shape.kind, shape.points) == ("polygon", ((1.0, 2.0), (30.5, 2.0), (30.0, 40.0)))
    assert annotation.image_size is None
    assert shape.extra == {"line_color": None, "fill_color": [0, 255, 0, 128]}
    assert annotation.extra == {"lineColor": [0, 255, 0, 128]}


def test_a20_a_file_of_x_anylabeling_keeps_rotation_direction_score_and_attributes():
    corners = [[0, 0], [10, 0], [10, 5], [0, 5]]
    raw = {
        "label": "cat",
        "points": corners,
        "shape_type": "rotation",
        "direction": 1.57,
        "score": 0.9,
        "attributes": {},
    }
    (shape,) = parse([raw], version="2.4.0").shapes
    assert (shape.kind, len(shape.points)) == ("rotation", 4)
    assert shape.extra == {"direction": 1.57, "score": 0.9, "attributes": {}}


def test_a19_flags_description_score_and_unknown_keys_survive_a_round_trip():
    raw = POLYGON | {
        "flags": {"blurred": True},
        "description": "left",
        "score": 0.5,
        "locked": True,
        "group_id": 7,
    }
    first = parse(
        [raw], flags={"checked": True}, imageHeight=80, imageWidth=100, mine={"deep": [1, {"x": None}]}
    )
    again = parse_annotation(annotation_to_bytes(first, "a.json"), "a.json")
    assert again.shapes == first.shapes
    assert (again.flags, again.extra, again.image_size) == (first.flags, first.extra, first.image_size)


def test_a13_backslashes_in_image_path_are_normalised():
    assert parse(imagePath="..\\images\\a.jpg").image_path == "../images/a.jpg"


def test_a21_labelme_is_never_imported():
    sources = [path.read_text() for path in Path("workbench").rglob("*.py")]
    assert not any("import labelme" in text or "from labelme" in text for text in sources)


@pytest.mark.parametrize(
    ("points", "rule"),
    [
        ([[1, 2], [float("nan"), 2], [3, 4]], "non-finite"),
        ([[1, 2], [float("inf"), 2], [3, 4]], "non-finite"),
        ([[1, 2], [1e12, 2], [3, 4]], "absurd-coordinate"),
        ([[1, 2], [10**400, 2], [3, 4]], "absurd-coordinate"),
        ([[1, 2], [True, 2], [3, 4]], "bad-points"),
        ([[1, 2], ["3", 2], [3, 4]], "bad-points"),
        ([[1, 2], [3], [3, 4]], "bad-points"),
        ([[1, 2], [3, 4, 5], [3, 4]], "bad-points"),
        ([1, 2, 3], "bad-points"),
        ("points", "bad-points"),
        (None, "bad-points"),
    ],
)
def test_a_shape_with_impossible_points_is_kept_as_broken_and_its_neighbours_are_read(points, rule):
    broken, good = parse([POLYGON | {"points": points}, POLYGON]).shapes
    assert isinstance(broken, BrokenShape)
    assert (broken.rule, broken.label) == (rule, "cat")
    assert isinstance(good, Shape)


def test_a_broken_shape_says_which_point_and_what_it_got():
    (broken,) = parse([POLYGON | {"points": [[1, 2], [float("nan"), 2], [3, 4]]}]).shapes
    assert broken.message == "points[1] must be finite, but got [NaN, 2]; delete it or draw it again"


@pytest.mark.parametrize(
    "change",
    [{"label": 3}, {"label": None}, {"flags": []}, {"group_id": "a"}, {"group_id": True}, {"shape_type": 1}],
)
def test_a_shape_whose_fields_have_wrong_types_is_broken(change):
    (broken,) = parse([POLYGON | change]).shapes
    assert broken.rule == "bad-shape"


def test_a_file_that_ends_anywhere_is_torn():
    """Labelme 6 writes through: a reader may see the beginning of a file, cut inside a word or a number."""
    shape = {
        "label": "é\\",
        "points": [[1.5e-7, -2], [3, 4.25]],
        "flags": {"x": True, "y": False},
        "group_id": None,
    }
    content = json.dumps({"version": "1", "shapes": [shape], "imagePath": "a"}, indent=2).encode()
    for end in range(len(content) - 1):
        with pytest.raises(AnnotationError) as caught:
            parse_annotation(content[:end], "a.json")
        assert caught.value.rule == "torn-file", content[:end]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "torn-file"),
        (b"  \n", "torn-file"),
        (b'{"shapes": [', "torn-file"),
        (b'{"shapes": [{"label": "ca', "torn-file"),
        (b"{]", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"[]", "not-labelme"),
        (b'{"images": [], "annotations": []}', "not-labelme"),
        (b'{"shapes": 3, "imagePath": "a.jpg"}', "bad-structure"),
        (b'{"shapes": [], "imagePath": 3}', "bad-structure"),
        (b'{"shapes": []}', "bad-structure"),
        (b'{"shapes": [], "imagePath": "a", "imageHeight": "3", "imageWidth": 4}', "bad-structure"),
        (b'{"shapes": [], "imagePath": "\xff\xfe"}', "bad-text"),
        (b'{"shapes": [], "imagePath": "\\ud800"}', "bad-text"),
        (b'{"shapes": [{"label": "a", "points": []}], "shapes": [], "imagePath": "a"}', "repeated-key"),
        (b'{"shapes": [{"label": "a", "points": [[1,2]], "points": []}], "imagePath": "a"}', "repeated-key"),
        (b'{"shapes": [], "imagePath": "a", "imageHeight": ' + b"9" * 5000 + b"}", "not-json"),
    ],
)
def test_a_file_that_cannot_be_understood_is_rejected_with_its_reason(content, rule):
    with pytest.raises(AnnotationError) as caught:
        parse_annotation(content, "a.json")
    assert caught.value.rule == rule
    assert str(caught.value).startswith("a.json: ")
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    content = (
        b"\xef\xbb\xbf"
        + json.dumps({"shapes": [POLYGON], "imagePath": "a.jpg"}, indent=1).replace("\n", "\r\n").encode()
    )
    assert len(parse_annotation(content, "a.json").shapes) == 1


def test_a_key_that_only_looks_repeated_is_no_error():
    assert (
        parse([POLYGON | {"description": 'has "points" in it', "attributes": {"points": 3}}]).shapes[0].label
        == "cat"
    )


def test_a_file_that_is_being_saved_is_read_when_it_is_whole(tmp_path):
    path, content = tmp_path / "a.json", annotation_to_bytes(annotate(square("cat", 1, 1, 9)), "")
    path.write_bytes(content[:50])
    writer = threading.Thread(target=lambda: (time.sleep(0.15), path.write_bytes(content)))
    writer.start()
    assert len(read_annotation(path).shapes) == 1
    writer.join()


def test_a_torn_file_of_yesterday_is_reported_at_once(tmp_path):
    import os

    path = tmp_path / "a.json"
    path.write_bytes(b'{"shapes": [')
    os.utime(path, (1e9, 1e9))
    started = time.perf_counter()
    with pytest.raises(AnnotationError):
        read_annotation(path)
    assert time.perf_counter() - started < 0.1


def test_what_is_written_has_the_kinds_that_labelme_7_knows():
    annotation = annotate(
        draw("cat", (1, 1), (9, 1), (9, 5), (1, 5), kind="rectangle"),
        draw("cat", (3, 1), (9, 3), (7, 9), (1, 7), kind="rectangle"),
        draw("cat", (3, 1), (9, 3), (7, 9), (1, 7), kind="rotation"),
        draw("cat", (10, 10), (20, 16), kind="ellipse"),
        stamp("cat", 3, 4, np.ones((2, 3))),
    )
    raw = json.loads(annotation_to_bytes(annotation, "a.json"))
    kinds = [(shape["shape_type"], len(shape["points"])) for shape in raw["shapes"]]
    assert kinds[:3] == [("rectangle", 2), ("oriented_rectangle", 4), ("oriented_rectangle", 4)]
    assert kinds[3][0] == "polygon" and kinds[3][1] >= 16
    assert kinds[4] == ("mask", 2)
    assert raw["shapes"][0]["points"] == [[1.0, 1.0], [9.0, 5.0]]


def test_what_labelme_7_would_refuse_is_kept_under_keys_of_its_own():
    flags = {"blurred": True, "seen": "twice"}
    annotation = annotate(square("cat", 1, 1, 9, flags=flags, mask="text"), flags=flags)
    raw = json.loads(annotation_to_bytes(annotation, "a.json"))
    for table in (raw, raw["shapes"][0]):
        assert (table["flags"], table["odd_flags"]) == ({"blurred": True}, {"seen": "twice"})
    assert (raw["shapes"][0]["mask"], raw["shapes"][0]["stray_mask"]) == (None, "text")


def test_a_file_with_a_broken_shape_is_never_written_over(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("precious")
    with pytest.raises(AnnotationError):
        write_annotation(path, parse([POLYGON | {"points": None}]))
    assert path.read_text() == "precious"


def test_a_file_in_the_place_of_a_folder_is_said_in_one_line(tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(OutputError) as caught:
        write_annotation(tmp_path / "folder" / "a.json", annotate())
    assert "a file is where a folder must be" in str(caught.value)


@given(
    st.dictionaries(
        st.sampled_from(
            ["label", "points", "shape_type", "group_id", "flags", "description", "mask", "score"]
        ),
        st.sampled_from(
            ["a", "", None, 3, 2.0, 1e7, True, {}, {"a": True}, {"a": 1}, [], [[1, 2], [3, 4.5], [0, 9]]]
        ),
    ),
    st.dictionaries(
        st.sampled_from(["imageHeight", "imageWidth", "version", "flags", "imageData", "mine", "imagePath"]),
        st.sampled_from(["a", "", None, 3, 2.0, 2.5, 0, -1, True, {}, {"a": True}]),
    ),
)
def test_the_fast_way_and_the_tolerant_way_give_the_same_answer(shape, more):
    content = json.dumps({"imagePath": "a\\b.jpg", "shapes": [shape, POLYGON], **more}).encode()
    clean = labelme_clean.parse_clean(content)
    if clean is not None:
        assert clean == labelme._parse_tolerantly(content, "a.json")


def test_a_file_as_labelme_writes_it_takes_the_fast_way():
    assert labelme_clean.parse_clean(annotation_to_bytes(annotate(square("cat", 1, 1, 9)), "")) is not None


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(-1e6, 1e6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | names,
    lambda inner: st.lists(inner, max_size=3),
)
extras = st.dictionaries(names.map("x".__add__), values, max_size=3)
shapes = st.builds(
    Shape,
    label=names,
    kind=st.just("polygon"),
    points=st.lists(st.tuples(numbers, numbers), min_size=3, max_size=6).map(tuple),
    group=st.none() | st.integers(-5, 5),
    flags=st.dictionaries(names, st.booleans(), max_size=2),
    description=st.none() | names,
    extra=extras,
)


@given(st.lists(shapes, max_size=4).map(tuple), extras)
def test_whatever_is_written_is_read_back_equal(drawn, extra):
    annotation = annotate(*drawn, extra=extra, version="6.3.1")
    assert parse_annotation(annotation_to_bytes(annotation, ""), "") == annotation


def test_every_file_of_the_real_corpus_is_read_or_named(shared):
    rules = []
    for path in sorted((shared / "labelme_corpus").rglob("*.json")):
        annotation = read_annotation(path)
        rules += [shape.rule for shape in annotation.shapes if isinstance(shape, BrokenShape)]
    assert rules == []


@pytest.mark.parametrize(
    "text",
    [
        '{"imagePath": "a.jpg", "shapes": [%s], "shapes": []}',
        '{"imagePath": "a.jpg", "shapes": {}, "shapes": [%s]}',
        '{"imagePath": "a.jpg", "shapes": [%s], "\\u0073hapes": []}',
        '{"imagePath": "a.jpg", "shapes": [{"label": "dog", "label": "cat", "points": [[1, 2], [3, 4], [5, 9]]}]}',
        '{"imagePath": "a.jpg", "shapes": [{"label": "cat", "points": [], "po\\u0069nts": [[1, 2], [3, 4], [5, 9]]}]}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_key_that_is_there_twice_is_refused_however_it_is_written(text, encoding):
    content = text.replace("%s", json.dumps(POLYGON)).encode(encoding)
    with pytest.raises(AnnotationError) as caught:
        parse_annotation(content, "a.json")
    assert caught.value.rule == "repeated-key"
