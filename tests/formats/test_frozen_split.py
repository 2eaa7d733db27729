"""split.json: readable, diffable, never half, and clear about what is wrong with it."""

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ProjectError
from workbench.formats.frozen_split import read_frozen_split, write_frozen_split


def test_no_file_is_an_empty_split(tmp_path):
    assert read_frozen_split(tmp_path / "split.json") == {}


def test_one_image_a_line_sorted_and_in_its_own_letters(tmp_path):
    path = tmp_path / "split.json"
    assert write_frozen_split(path, {"img/ö.jpg": "val", "img/a.jpg": "train"})
    assert path.read_text(encoding="utf-8") == (
        '{\n "version": 1,\n "parts": {\n  "img/a.jpg": "train",\n  "img/ö.jpg": "val"\n }\n}\n'
    )


def test_images_no_longer_there_are_kept(tmp_path):
    path = tmp_path / "split.json"
    write_frozen_split(path, {"old.jpg": "test"})
    write_frozen_split(path, {"new.jpg": "train"})
    assert read_frozen_split(path) == {"new.jpg": "train", "old.jpg": "test"}


def test_nothing_new_leaves_the_file_alone(tmp_path):
    path = tmp_path / "split.json"
    write_frozen_split(path, {"a.jpg": "train"})
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert not write_frozen_split(path, {"a.jpg": "train"})
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_a_byte_order_mark_of_some_editors_is_forgiven(tmp_path):
    path = tmp_path / "split.json"
    path.write_bytes(b'\xef\xbb\xbf{"version": 1, "parts": {"a.jpg": "val"}}')
    assert read_frozen_split(path) == {"a.jpg": "val"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "must be whole JSON"),
        (b'{"version": 1, "parts": {"a.jpg": "tr', "must be whole JSON"),
        (b"<<<<<<< HEAD\n{}", "must be whole JSON"),
        (b"\xff\xfe", "must be whole JSON"),
        (b"[]", 'must be an object with "parts"'),
        (b'{"version": 1, "parts": []}', 'must be an object with "parts"'),
        (b'{"parts": {}}', "version: must be 1, but got None"),
        (b'{"version": 2, "parts": {}}', "version: must be 1, but got 2"),
        (
            b'{"version": 1, "parts": {"a": "vall"}}',
            r"parts\[\"a\"\]: must be train, val or test, but got 'vall'",
        ),
        (b'{"version": 1, "parts": {"a": ["val"]}}', r"but got \['val'\]"),
        (b'{"version": 1, "parts": {"a": "val", "a": "train"}}', '"a" is there twice'),
        (b"[" * 100_000, "must be whole JSON"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, content, words):
    path = tmp_path / "split.json"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match=words) as caught:
        read_frozen_split(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ProjectError):
        write_frozen_split(path, {"b.jpg": "val"})
    assert path.read_bytes() == content


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["train", "val", "test"])
    )
)
def test_what_is_written_is_read(tmp_path_factory, parts):
    path = tmp_path_factory.mktemp("split") / "split.json"
    write_frozen_split(path, parts)
    assert read_frozen_split(path) == parts


def test_a_new_image_is_a_line_in_the_diff(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    write_frozen_split(old, {"a.jpg": "train", "c.jpg": "val"})
    write_frozen_split(new, {"a.jpg": "train", "b.jpg": "train", "c.jpg": "val"})
    diff = subprocess.run(
        ["git", "diff", "--no-index", "-U0", str(old), str(new)], capture_output=True, text=True, check=False
    )
    assert [
        line for line in diff.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ] == ['+  "b.jpg": "train",']
    assert json.loads(new.read_text())["version"] == 1
