"""Images that no dataset knows go through a run's model, whatever they are called and however they lie."""

import os
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
import torch
from PIL import Image

from tests.engine.feed.tiny import make_dataset
from tests.engine.prediction.rows import build
from tests.engine.prediction.test_predictor import put_run
from workbench.data.mask import mask_to_array
from workbench.engine.models.table import MODELS
from workbench.engine.prediction.images import predict_images, ready
from workbench.engine.prediction.outputs.own_files import OwnFiles
from workbench.engine.prediction.sources import find_images, name_images
from workbench.errors import InputMissing

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_dataset(folder, "instance", images=3)
    return folder


@pytest.fixture(scope="module")
def run(home, tmp_path_factory):
    model, cfg = build("mask_rcnn_nano", stuff=0)
    project = next(home.rglob("project.toml"))
    return put_run(tmp_path_factory.mktemp("run"), model, cfg, MODELS["mask_rcnn_nano"], project)


def draw(path, size=(60, 40), **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(sum(size)).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path, **more)
    return path


# Which images are meant


def test_a_folder_stands_for_all_images_in_it_and_below_sorted(tmp_path):
    for name in ("b.png", "a.jpg", "c/d.png", ".hidden.png"):
        draw(tmp_path / name)
    (tmp_path / "notes.txt").write_text("nothing to see")
    assert find_images([tmp_path]) == tuple(tmp_path / name for name in ("a.jpg", "b.png", "c/d.png"))


def test_an_image_that_is_named_twice_is_seen_once(tmp_path):
    one, two = draw(tmp_path / "a.png"), draw(tmp_path / "b.png")
    assert find_images([two, tmp_path, one]) == (two, one)


def test_a_pattern_finds_images_only_and_two_stars_go_deep(tmp_path, monkeypatch):
    draw(tmp_path / "a.png")
    draw(tmp_path / "x" / "y" / "b.png")
    (tmp_path / "a.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert find_images(["*"]) == (Path("a.png"),)
    assert find_images(["**/*.png"]) == (Path("a.png"), Path("x/y/b.png"))


def test_a_name_that_looks_like_a_pattern_is_a_name_where_it_is_there(tmp_path):
    odd = draw(tmp_path / "photo [1].png")
    assert find_images([odd]) == (odd,)


@pytest.mark.parametrize(
    ("word", "says"),
    [("balon.png", 'did you mean "balloon.png"'), ("*.gif", "matches none"), ("empty", "holds none")],
)
def test_nothing_where_something_must_be_is_said(tmp_path, word, says):
    draw(tmp_path / "balloon.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissing, match=says):
        find_images([str(tmp_path / word)])


def test_a_film_is_answered_with_what_to_do(tmp_path):
    (tmp_path / "party.mp4").write_bytes(b"film")
    with pytest.raises(InputMissing, match=r"is a film; take its frames out, .*ffmpeg -i party.mp4"):
        find_images([tmp_path / "party.mp4"])


def test_images_are_called_by_their_way_from_the_folder_that_all_share(tmp_path):
    paths = [tmp_path / name for name in ("x/a.png", "x/a.jpg", "y/a.png")]
    assert list(name_images(paths).values()) == ["x/a.png", "x/a.jpg", "y/a.png"]
    assert name_images([tmp_path / "x" / "a.png"]) == {tmp_path / "x" / "a.png": "a.png"}


def test_a_way_that_goes_up_is_named_by_where_it_leads(tmp_path, monkeypatch):
    draw(tmp_path / "work" / "here" / "1.png"), draw(tmp_path / "there" / "2.png")
    draw(tmp_path / "far" / "3.png"), (tmp_path / "far" / "deep").mkdir()
    (tmp_path / "work" / "link").symlink_to(tmp_path / "far" / "deep")
    monkeypatch.chdir(tmp_path / "work")
    paths = find_images(["here", "../there", "link/../3.png"])
    assert list(name_images(paths).values()) == ["work/here/1.png", "there/2.png", "far/3.png"]


@pytest.mark.parametrize("place", ["found", "."])
def test_what_was_written_below_a_source_is_no_source_the_next_time(tmp_path, monkeypatch, place):
    draw(tmp_path / "in" / "a.png"), draw(tmp_path / "in" / "found" / "mine.png")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "in" / place
    OwnFiles(out).plan(["overlay/a.jpg", "labelme/a.png", "labelme/a.json"])
    draw(out / "overlay" / "a.jpg"), draw(out / "labelme" / "a.png")
    for words in (["in"], ["in/**/*.png"]):
        assert find_images(words, out) == (Path("in/a.png"), Path("in/found/mine.png"))
    with pytest.raises(InputMissing, match="holds none but what was predicted"):
        find_images([out / "overlay"], out)
    assert find_images([out / "overlay" / "a.jpg"], out) == (out / "overlay" / "a.jpg",)


def test_a_name_that_is_no_utf8_is_spelt_out(tmp_path):
    odd = tmp_path / os.fsdecode(b"z\xff.png")
    assert name_images([odd]) == {odd: "z\\udcff.png"}


def test_an_image_that_two_ways_lead_to_is_seen_once(tmp_path, monkeypatch):
    draw(tmp_path / "in" / "a.png"), draw(tmp_path / "in" / "b.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    found = find_images(["in", tmp_path / "in" / "a.png", "in/../in/b.png", "link"])
    assert found == (Path("in/a.png"), Path("in/b.png"))


# What is seen in them


def test_objects_lie_in_the_upright_image_the_surest_first(run, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    path = draw(tmp_path / "turned.jpg", (90, 60), exif=turned)
    (seen,) = predict_images(run, [path], device="cpu")
    assert (seen.width, seen.height) == (60, 90)
    assert len(seen.found) > 3
    assert [one.score for one in seen.found] == sorted((one.score for one in seen.found), reverse=True)
    assert {mask_to_array(one.segmentation).shape for one in seen.found} == {(90, 60)}
    assert {one.image_id for one in seen.found} == {seen.number} == {1}
    assert seen.names == {1: "cat", 2: "dog"}


def test_what_the_model_is_less_sure_of_is_left_out(run, tmp_path):
    path = draw(tmp_path / "a.png")
    model = ready(run, "cpu")
    (every,) = predict_images(model, [path])
    limit = every.found[2].score
    (sure,) = predict_images(model, [path], min_score=limit)
    assert sure.found == tuple(one for one in every.found if one.score >= limit)
    assert len(sure.found) < len(every.found)


def test_a_bad_image_is_reported_and_costs_its_neighbours_nothing(run, tmp_path):
    whole = draw(tmp_path / "a.png")
    torn = tmp_path / "b.png"
    torn.write_bytes(whole.read_bytes()[:700])
    text = tmp_path / "c.jpg"
    text.write_text("no picture")
    gone, last = tmp_path / "d.png", draw(tmp_path / "e.bmp")
    told = {}
    found = predict_images(run, [whole, torn, text, gone, last], device="cpu", tell=told.__setitem__)
    assert [(seen.path, seen.number) for seen in found] == [(whole, 1), (last, 5)]
    assert list(told) == [torn, text, gone]
    assert "cannot be decoded" in told[torn] and "is not there" in told[gone]


def test_names_may_be_odd_but_must_be_text(run, tmp_path):
    odd = draw(tmp_path / "Füße 🎈 'x' [1]\n.png")
    raw = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    raw.write_bytes(odd.read_bytes())
    told = {}
    (seen,) = predict_images(run, [odd, raw], device="cpu", tell=told.__setitem__)
    assert seen.path == odd
    assert "must be UTF-8" in told[raw]


def test_images_are_asked_for_one_by_one(run, tmp_path):
    """A camera may go on for ever."""
    path, asked = draw(tmp_path / "a.png"), []

    def camera():
        while True:
            asked.append(1)
            yield path

    stream = predict_images(run, camera(), device="cpu")
    next(stream), next(stream)
    assert len(asked) == 2
