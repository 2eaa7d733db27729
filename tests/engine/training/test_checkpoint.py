"""Checkpoints come back as they went in, as many are kept as were asked for, and what does not belong is refused."""

import json
from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402

from tests.engine.training.saving import draw_content, hashes, same  # noqa: E402
from workbench.engine.training.checkpoint import (  # noqa: E402
    POINTER,
    checkpoint_path,
    list_checkpoints,
    load_newest,
    save_checkpoint,
)
from workbench.engine.training.plain import to_plain  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def steps(folder) -> list[int]:
    return [int(path.stem.removeprefix("step-")) for path in list_checkpoints(folder)]


def test_a_folder_that_is_not_there_or_empty_holds_no_checkpoint(tmp_path):
    assert load_newest(tmp_path / "none") is None
    assert load_newest(tmp_path) is None
    assert load_newest(tmp_path, strict=True) is None


def test_a_checkpoint_comes_back_as_it_went_in(tmp_path):
    content = draw_content(1)
    path = save_checkpoint(tmp_path, 7, content, keep=2)
    loaded = load_newest(tmp_path, strict=True)
    assert (loaded.step, loaded.path, loaded.warnings) == (7, path, ())
    assert same(loaded.content, content)


def test_the_manifest_says_what_sha256sum_says(tmp_path):
    path = save_checkpoint(tmp_path, 7, draw_content(1), keep=2)
    (seal,) = json.loads(path.with_suffix(".json").read_bytes())["versions"]
    assert seal["sha256"] == hashes(tmp_path)[path.name]
    assert (seal["size"], seal["step"], seal["torch"]) == (path.stat().st_size, 7, torch.__version__)


def test_equal_contents_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        save_checkpoint(tmp_path / name, 7, draw_content(1), keep=2)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_equal_contents_give_equal_bytes_whether_or_not_their_texts_are_one_object(tmp_path):
    words = ["mask", "AP"]
    shared, made = ".".join(words), ".".join(words)
    assert shared is not made
    save_checkpoint(tmp_path / "one", 7, {"metric": shared, "best": [shared, {shared: 1}]}, keep=2)
    save_checkpoint(tmp_path / "two", 7, {"metric": shared, "best": [made, {".".join(words): 1}]}, keep=2)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_numbers_of_all_kinds_come_back_to_the_bit(tmp_path):
    kinds = (
        torch.float64,
        torch.float32,
        torch.bfloat16,
        torch.float16,
        torch.int64,
        torch.uint8,
        torch.bool,
    )
    content = {str(kind): (torch.rand(2, 3) * 9).to(kind) for kind in kinds}
    content |= {"odd": [float("inf"), -0.0, 1e-320, 10**40, ""], "empty": torch.zeros(0, 4)}
    content["strided"] = torch.rand(1, 4, 3, 3).contiguous(memory_format=torch.channels_last)
    save_checkpoint(tmp_path, 1, content, keep=1)
    loaded = load_newest(tmp_path).content
    assert same(loaded, content)
    assert loaded["strided"].stride() == content["strided"].stride()
    assert str(loaded["odd"][1]) == "-0.0"


def test_a_view_takes_along_no_more_than_it_shows(tmp_path):
    view = torch.zeros(1_000_000)[:3]
    path = save_checkpoint(tmp_path, 1, {"view": view}, keep=1)
    assert path.stat().st_size < 5_000


def test_the_newest_are_kept_and_those_that_are_named(tmp_path):
    for step in (10, 20, 30, 40, 50):
        save_checkpoint(tmp_path, step, draw_content(step), keep=2, named={20})
    assert steps(tmp_path) == [50, 40, 20]
    assert len(list(tmp_path.iterdir())) == 3 * 2 + 1
    save_checkpoint(tmp_path, 60, draw_content(60), keep=1)
    assert steps(tmp_path) == [60]


def test_a_named_one_among_the_newest_counts_as_one_of_them(tmp_path):
    for step in (10, 20, 30):
        save_checkpoint(tmp_path, step, draw_content(step), keep=2, named={20})
    assert steps(tmp_path) == [30, 20]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_a_rotten_one_does_not_count_among_those_that_are_kept(keep, tmp_path):
    for step in (10, 20, 30, 40):
        save_checkpoint(tmp_path, step, draw_content(step), keep=9)
    spoil(checkpoint_path(tmp_path, 40))
    save_checkpoint(tmp_path, 50, draw_content(50), keep=keep)
    assert steps(tmp_path) == [50, 30, 20][:keep]


def test_going_back_and_on_gives_up_the_later_ones(tmp_path):
    for step in (10, 20, 30):
        save_checkpoint(tmp_path, step, draw_content(step), keep=3)
    spoil(checkpoint_path(tmp_path, 30))
    assert load_newest(tmp_path).step == 20
    save_checkpoint(tmp_path, 25, draw_content(25), keep=3)
    assert steps(tmp_path) == [25, 20, 10]
    assert load_newest(tmp_path, strict=True).step == 25


def test_steps_of_nine_digits_sort_behind_those_of_eight(tmp_path):
    for step in (99_999_999, 100_000_000):
        save_checkpoint(tmp_path, step, draw_content(1), keep=2)
    (tmp_path / POINTER).unlink()
    assert load_newest(tmp_path).step == 100_000_000


def test_files_of_other_people_stay(tmp_path):
    save_checkpoint(tmp_path, 10, draw_content(1), keep=1)
    mine = ("notes.txt", "step-10.pth", "step-00000010-copy.pth", "model.json", "step-late.pth")
    for name in mine:
        (tmp_path / name).write_text("mine")
    save_checkpoint(tmp_path, 20, draw_content(2), keep=1)
    assert all((tmp_path / name).read_text() == "mine" for name in mine)


class Own(dict):
    pass


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"lr": np.float64(0.1)}, "content['lr']"),
        ({"a": [1, {"b": {1, 2}}]}, "content['a'][1]['b']"),
        ({"a": (np.zeros(2),)}, "content['a'][0]"),
        ({"a": torch.zeros(2).to_sparse()}, "content['a']"),
        ({"a": torch.nn.Linear(1, 1)}, "content['a']"),
        ({(1, 2): 3}, "content"),
        ({np.int64(1): 3}, "content"),
        ({"when": torch.float32}, "content['when']"),
        ({"a": b"bytes"}, "content['a']"),
    ],
)
def test_what_could_not_be_read_back_without_code_is_refused_by_its_place(content, where, tmp_path):
    with pytest.raises(TypeError) as error:
        save_checkpoint(tmp_path, 1, content, keep=1)
    assert str(error.value).startswith(f"{where}: ")
    assert list(tmp_path.iterdir()) == []


def test_mappings_become_dicts_and_parameters_tensors():
    plain = to_plain(OrderedDict(a=torch.nn.Parameter(torch.ones(2)), b=Own(c=1)))
    assert type(plain) is dict and type(plain["a"]) is torch.Tensor and type(plain["b"]) is dict
    assert not plain["a"].requires_grad


def test_the_content_may_be_changed_while_nobody_saves(tmp_path):
    """A checkpoint holds no reference to what it was made of."""
    content = draw_content(1)
    save_checkpoint(tmp_path, 1, content, keep=1)
    content["model"]["layer.0.weight"].zero_()
    assert same(load_newest(tmp_path).content, draw_content(1))


def spoil(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
