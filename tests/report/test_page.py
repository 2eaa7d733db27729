"""The page as people meet it: on a phone and a desk, in light and dark, by keyboard, read aloud, and on paper."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("jinja2")

from tests.report.example import make_material
from workbench.report.compose import LARGEST, render_page

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
WIDTHS = (390, 1440)
LONG = "a_class_whose_name_is_one_word_without_an_end_" * 3


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    path.write_text(render_page(make_material(folder)), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_hangs_over_the_edge_and_everything_can_be_read(width, dark, page, browser, tmp_path):
    browser.show(width, dark=dark)
    browser.open(page)
    browser.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert browser.ask("document.documentElement.scrollWidth") == width
    found = browser.ask(CONTRAST)
    assert found["wrong"] == []
    assert found["seen"] > 300
    browser.ask("Promise.all([...document.images].map(one => one.decode()))")
    browser.shoot(tmp_path / "whole.png")
    with Image.open(tmp_path / "whole.png") as picture:
        assert picture.width == width
        colors = picture.convert("L").resize((1, 1)).getpixel((0, 0))
        assert colors < 110 if dark else colors > 150


@pytest.mark.parametrize("width", WIDTHS)
def test_long_names_hang_over_no_edge_either(width, browser, tmp_path):
    path = tmp_path / "report.html"
    material = make_material(tmp_path, lambda text: LONG + text[-40:])
    path.write_text(render_page(replace(material, views=type(material.views)())), encoding="utf-8")
    browser.show(width)
    browser.open(path)
    assert browser.ask("document.documentElement.scrollWidth") == width


def test_the_switch_changes_the_theme_whatever_the_system_says(page, browser):
    browser.show(1440, dark=True)
    browser.open(page)
    ask = "getComputedStyle(document.body).backgroundColor"
    before = browser.ask(ask)
    browser.ask("document.getElementById('theme').click()")
    assert browser.ask(ask) != before
    assert browser.ask(CONTRAST)["wrong"] == []
    assert browser.ask("document.getElementById('theme').textContent") == "Dark"


def test_a_table_is_sorted_by_keyboard(page, browser):
    browser.show(1440)
    browser.open(page)
    head = "document.querySelector('#table-errors thead th:nth-child(3)')"
    rows = "[...document.querySelectorAll('#table-classes tbody th')].map(one => one.textContent.trim())"
    assert browser.ask(rows) == ["class1", "class2", "class3"]
    assert browser.ask(f"{head}.getAttribute('aria-sort')") == "none"
    browser.ask("document.querySelector('#table-classes thead button').focus()")
    browser.press("Enter", 13, "\r")
    browser.press("Enter", 13, "\r")
    assert browser.ask(rows) == ["class3", "class2", "class1"]
    assert (
        browser.ask("document.querySelector('#table-classes thead th').getAttribute('aria-sort')")
        == "descending"
    )
    browser.press("Tab", 9)
    browser.press(" ", 32, " ")
    sort = (
        "[...document.querySelectorAll('#table-classes thead th')].map(one => one.getAttribute('aria-sort'))"
    )
    assert browser.ask(sort)[:3] == ["none", "descending", "none"]
    assert browser.ask(rows) == ["class3", "class2", "class1"]
    browser.press(" ", 32, " ")
    assert browser.ask(rows) == ["class1", "class2", "class3"]


def test_what_is_missing_is_sorted_to_the_end_both_ways(page, browser):
    browser.show(1440)
    browser.open(page)
    last = "[...document.querySelectorAll('#table-mistakes tbody td:nth-child(5)')].at(-1).textContent"
    for _ in range(2):
        browser.ask("document.querySelector('#table-mistakes thead th:nth-child(5) button').click()")
        assert browser.ask(last) == "–"


def test_everything_that_takes_the_focus_shows_it(page, browser):
    browser.show(1440)
    browser.open(page)
    for _ in range(12):
        browser.press("Tab", 9)
        shown = browser.ask(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return [document.activeElement.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]; })()"
        )
        assert shown[0] in ("A", "BUTTON", "DIV", "SUMMARY") and shown[1] == "solid" and shown[2] >= 2


def test_it_can_be_heard(page, browser):
    """Landmarks, one first heading, no level left out, captions, and texts for every picture."""
    browser.show(1440)
    browser.open(page)
    assert browser.ask("document.documentElement.lang") == "en"
    for landmark in ("header", "nav[aria-label]", "main", "footer"):
        assert browser.ask(f"document.querySelectorAll('{landmark}').length") == 1
    levels = browser.ask("[...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert browser.ask(
        "[...document.querySelectorAll('table')].every(one => one.caption?.textContent.trim())"
    )
    assert browser.ask("[...document.querySelectorAll('th')].every(one => one.scope)")
    assert browser.ask("[...document.querySelectorAll('main > section')].every(one =>"
                       " document.getElementById(one.getAttribute('aria-labelledby')))")  # fmt: skip
    alts = browser.ask("[...document.images].map(one => one.alt)")
    assert len(alts) > 30 and all(len(alt) > 15 for alt in alts)
    assert "Model in photo1.jpg: class3, 50 × 50 pixels, score 0.90" in alts
    labels = browser.ask(
        "[...document.querySelectorAll('svg[role=img]')].map(one => one.getAttribute('aria-label'))"
    )
    assert len(labels) >= 6 and all(labels)
    assert browser.ask(
        "[...document.querySelectorAll('svg:not([role=img])')].every(one => one.ariaHidden === 'true')"
    )
    ids = browser.ask("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_paper_shows_everything(page, browser):
    browser.show(800, dark=True, media="print")
    browser.open(page)
    hidden = browser.ask(
        "[...document.querySelectorAll('main td, main th, main p, main figcaption, main img, main svg[role=img]')]"
        ".filter(one => !one.getClientRects().length || !one.checkVisibility({contentVisibilityAuto: true,"
        " opacityProperty: true, visibilityProperty: true})).length"
    )
    assert hidden == 0
    assert (
        browser.ask("document.querySelectorAll('details:not([open])').length") > 0
    )  # it is the style that opens them
    assert browser.ask("getComputedStyle(document.querySelector('.contents')).display") == "none"
    assert browser.ask("document.documentElement.scrollWidth") == 800
    assert browser.ask(CONTRAST)["wrong"] == []
    assert browser.print().startswith(b"%PDF")


def test_the_same_material_gives_the_same_bytes(page, tmp_path):
    assert render_page(make_material(page.parent)) == page.read_text(encoding="utf-8")


def test_it_can_be_mailed(page):
    assert page.stat().st_size < LARGEST


def test_pictures_that_do_not_fit_are_left_out_the_largest_first(tmp_path):
    from workbench.report.compose import compose

    plan = compose(make_material(tmp_path)).plan
    every = plan.draw(10**7)
    some = plan.draw(sum(len(one.uri) for one in every.values()) // 2)
    assert 0 < len(some) < len(every)
    assert max(len(one.uri) for one in some.values()) <= min(
        len(one.uri) for key, one in every.items() if key not in some
    )


def test_a_page_without_scripts_shows_all_but_the_switch(page, browser):
    browser.show(1440)
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.ask("document.getElementById('theme').hidden")
    assert browser.ask("document.querySelectorAll('main table').length") > 8


def test_pictures_that_are_not_shown_are_counted(tmp_path):
    material = make_material(tmp_path)
    assert "Pictures that are not shown" not in render_page(material)
    (tmp_path / "photo1.jpg").unlink()
    page = render_page(material)
    assert "Pictures that are not shown: 10." in page
    assert 'alt="Truth in photo2.jpg' in page and 'alt="Truth in photo1.jpg' not in page


def test_eighty_classes_are_too_many_for_a_matrix_and_for_small_charts(tmp_path, browser):
    path = tmp_path / "many.html"
    path.write_text(render_page(make_material(tmp_path, classes=80)), encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    browser.show(390)
    browser.open(path)
    assert browser.ask("document.documentElement.scrollWidth") == 390
    assert browser.ask("document.querySelectorAll('.matrix thead th').length") == 24
    assert "Of 81 classes, the 24 that are confused most." in browser.ask("document.body.textContent")
    assert browser.ask("document.querySelectorAll('#curves > .charts figure').length") == 8
    assert browser.ask("document.querySelectorAll('#curves details figure').length") == 73
    assert browser.ask("document.querySelectorAll('#table-classes tbody tr').length") == 80
