"""FiftyOne's App in a real browser: our views, tags and plugin, as a person finds them."""

import json

import pytest

pytest.importorskip("fiftyone")
pytest.importorskip("hotcoco")

from tests.browser import find_browser
from tests.report.runs import make_run
from tests.review.app_page import LOOKERS, open_app
from workbench.cli import main
from workbench.doctor.programs import find_mongod

pytestmark = [pytest.mark.mongod, pytest.mark.window]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if find_browser() is None:
        pytest.skip("no Chromium on the path: apt-get install chromium")
    if find_mongod() is None:
        pytest.skip("no mongod: see docs/install.md")
    home = tmp_path_factory.mktemp("app")
    run = make_run(home, "balloons", "instance")
    assert main(["evaluate", str(run.folder)]) == 0
    with open_app(run, home) as one:
        yield one


@pytest.fixture(scope="module")
def missed(page):
    rows = json.loads(page.run.mistakes("val").read_bytes())["mistakes"]
    return [row for row in rows if row["kind"] == "missed"]


def test_a_saved_view_shows_its_images_and_a_tag_typed_there_is_read(page, missed):
    page.open_view("Misses")
    images = {row["image"] for row in missed}
    page.sees(f"{len(images)} samples")
    page.select(0)
    page.open("[data-cy=action-tag-sample-labels]", "[data-cy=sample-tag-input]")
    page.click("[data-cy=sample-tag-input]")
    page.browser.write("relabel")
    page.browser.press("Enter", 13)
    page.click_text("Apply", "*")
    (pick,) = page.read_tags("relabel")
    assert pick["image"] in images and pick["tags"] == ["relabel"] and pick["part"] == "val"


def test_an_object_that_the_plugin_tags_is_picked_by_its_number(page, missed):
    page.open_view("Misses")
    page.open("[data-cy=action-clips-patches]", "[data-cy=item-action-truth]")
    page.click("[data-cy=item-action-truth]")
    page.sees(f"{len(missed)} patches")
    page.browser.wait_until(f"{LOOKERS}.length === {len(missed)}")
    page.select(1)
    page.call("tag for relabelling")
    page.click_text("Wrong label")
    page.submit("Tag")
    page.sees("wrong-label: 1 label")
    (pick,) = page.read_tags("wrong-label")
    assert len(pick["truths"]) == 1
    assert pick["truths"][0] in {row["truth"] for row in missed if row["image"] == pick["image"]}


def test_the_panel_shows_runs_and_tags_and_its_buttons_work(page, missed):
    page.click("[data-cy=new-panel-btn]")
    page.click_text("Workbench runs", "*")
    page.sees("Runs of balloons")
    page.sees("mask AP ")
    page.sees("Tagged: relabel 1 image, 0 labels · wrong-label 0 images, 1 label")
    page.click_text("Open mistakes", "button")
    page.click("[role=dialog] input, .MuiAutocomplete-input")
    page.click_text(f"Misses ({page.run.name}, val)", "[role=option], li")
    page.submit("Open")
    page.sees(f"{len({row['image'] for row in missed})} samples")
    page.run.scores("val").unlink()
    page.click_text("Evaluate", "button")
    page.sees("Scores the run and names every mistake")
    page.submit("Evaluate")
    page.sees("What to do next", 180)
    assert page.run.scores("val").is_file()
