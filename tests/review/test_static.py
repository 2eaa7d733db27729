"""The views as folders of pictures: of runs of each task, whatever images are called, and nothing is lost."""

import csv
import json
import shutil

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("hotcoco")

from PIL import Image

from tests.browser import find_browser, start_browser
from tests.report.example import make_material
from tests.report.runs import make_run
from workbench.cli import main
from workbench.errors import CANNOT_CREATE
from workbench.review import static
from workbench.review.kinds_of_views import FALSE_ALARMS, Evidence

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {
        task: make_run(tmp_path_factory.mktemp(task), project, task)
        for task, project in (("instance", "faces"), ("panoptic", "chipsets"), ("semantic", "chipsets"))
    }


@pytest.fixture(scope="module")
def written(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("static") / "views"
    assert main(["review", str(runs["instance"].folder), "--static", str(out)]) == 0
    return out


def read_list(folder):
    return list(csv.DictReader((folder / "captions.csv").read_text(encoding="utf-8").splitlines()))


def test_every_row_of_the_mistakes_is_in_a_list(runs, written):
    document = json.loads(runs["instance"].mistakes("val").read_bytes())
    rows = document["mistakes"]
    missed = [row for row in rows if row["kind"] == "missed"]
    assert [int(row["truth"]) for row in read_list(written / "misses")] == [row["truth"] for row in missed]
    wrong = read_list(written / "false-positives") if (written / "false-positives").is_dir() else []
    assert len(wrong) == sum(row["kind"] in FALSE_ALARMS for row in rows)
    assert len(missed) > 3


def test_each_row_has_its_picture_of_truth_and_model_and_a_caption(written):
    page = (written / "misses" / "index.html").read_text(encoding="utf-8")
    for row in read_list(written / "misses"):
        with Image.open(written / "misses" / row["file"]) as picture:
            assert picture.format == "JPEG" and picture.width > 2 * 200
        assert f'src="{row["file"]}"' in page and row["image"] in page


def test_hits_are_right_predictions_that_no_mistake_is_about(runs, written):
    document = json.loads(runs["instance"].mistakes("val").read_bytes())
    wrong = {row["prediction"] for row in document["mistakes"] if row["kind"] in FALSE_ALARMS}
    hits = read_list(written / "low-confidence-hits")
    assert hits and not {int(row["prediction"]) for row in hits} & wrong
    assert all(float(row["iou"]) >= 0.5 for row in hits)
    scores = [float(row["score"]) for row in hits]
    assert scores == sorted(scores)


def test_a_run_that_paints_shows_its_worst_images(runs, tmp_path, capsys):
    assert main(["review", str(runs["semantic"].folder), "--static", str(tmp_path / "out"), "--json"]) == 0
    views = json.loads(capsys.readouterr().out)["views"]
    assert views["hardest-images"] == len(read_list(tmp_path / "out/hardest-images")) > 2
    assert sum(views.values()) == views["hardest-images"]
    first = read_list(tmp_path / "out/hardest-images")[0]
    with Image.open(tmp_path / "out/hardest-images" / first["file"]) as picture:
        assert picture.width > picture.height


def test_a_panoptic_run_has_mistakes_of_its_things(runs, tmp_path, capsys):
    assert main(["review", str(runs["panoptic"].folder), "--static", str(tmp_path / "out"), "--json"]) == 0
    views = json.loads(capsys.readouterr().out)["views"]
    assert views["misses"] == len(read_list(tmp_path / "out/misses")) > 2


def test_written_again_it_is_the_same_bytes_and_nothing_else_is_beside_it(runs, written, tmp_path):
    shutil.copytree(written, tmp_path / "out")
    (tmp_path / "out/misses/index.html").unlink()
    assert main(["review", str(runs["instance"].folder), "--static", str(tmp_path / "out")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    names = sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert names == sorted(
        path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert all((written / name).read_bytes() == (tmp_path / "out" / name).read_bytes() for name in names)


@pytest.mark.parametrize("stranger", ["notes.txt", "misses/notes.txt"])
def test_a_folder_with_a_file_of_somebody_else_is_left_alone(stranger, runs, written, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(written, out)
    (out / stranger).write_text("mine")
    before = sorted(out.rglob("*"))
    assert main(["review", str(runs["instance"].folder), "--static", str(out)]) == CANNOT_CREATE
    assert f"has {stranger}" in capsys.readouterr().err
    assert sorted(out.rglob("*")) == before


def test_a_file_in_the_way_is_one_line(runs, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert main(["review", str(runs["instance"].folder), "--static", str(tmp_path / "out")]) == CANNOT_CREATE
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "out").read_text() == "mine"


def test_an_image_that_is_gone_costs_its_pictures_only(runs, tmp_path):
    annotations = runs["instance"].folder.parents[3] / "annotations/faces"
    document = json.loads(runs["instance"].mistakes("val").read_bytes())
    name = next(row["image"] for row in document["mistakes"] if row["kind"] == "missed")
    (annotations / name).rename(annotations / "away")
    try:
        assert main(["review", str(runs["instance"].folder), "--static", str(tmp_path / "out")]) == 0
    finally:
        (annotations / "away").rename(annotations / name)
    files = {row["image"]: row["file"] for row in read_list(tmp_path / "out/misses")}
    assert files[name] == "" and any(files.values())
    assert "cannot be read" in (tmp_path / "out/index.html").read_text(encoding="utf-8")


def test_hostile_names_stay_names_and_the_pages_fetch_nothing_but_their_pictures(tmp_path, monkeypatch):
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium on the path: apt-get install chromium")
    material = make_material(tmp_path / "images", lambda text: text + HOSTILE.replace("/", "⁄"))
    monkeypatch.setattr(
        static, "gather_evidence", lambda part: (material, Evidence(mistakes=material.mistakes))
    )
    counts = static.write_static(None, tmp_path / "out")
    assert counts["false-positives"] == 5 and counts["misses"] == 1
    pages = sorted((tmp_path / "out").rglob("index.html"))
    assert len(pages) > 6
    with start_browser(program) as browser:
        for page in pages:
            browser.show(1000, height=6000)
            browser.open(page)
            assert browser.ask("document.scripts.length") == 0
            shown = browser.ask(
                "Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))"
            )
            assert shown and min(shown) > 100
            assert "alert(1)" in browser.ask("document.body.innerText")
            sent = [one["request"]["url"] for one in browser.pick("Network.requestWillBeSent")]
            assert all(url.startswith((tmp_path / "out").as_uri()) for url in sent)
            assert browser.pick("Page.javascriptDialogOpening") == []
            assert browser.pick("Log.entryAdded") == []
