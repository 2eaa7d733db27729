"""Names that are programs stay names: in every table and caption of a real browser, in Markdown, in a spreadsheet."""

import csv
import re
from io import StringIO

import pytest

pytest.importorskip("jinja2")

from tests.report.example import make_material
from workbench.report.compose import compose, render_page
from workbench.report.flat import defuse, table_to_csv
from workbench.report.html import render
from workbench.report.markdown import escape, write_markdown
from workbench.report.sheets import list_tables

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</table></div><img src=x onerror=alert(1)>",
    "</figcaption><svg onload=alert(1)>",
    "</svg><svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus tabindex=1 x='",
    '" autofocus onfocus=alert(1) "',
    "<img src=http://127.0.0.1:9/x onerror=alert(1)>",
    '<iframe src="http://127.0.0.1:9/"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<link rel=stylesheet href="http://127.0.0.1:9/a.css">',
    "<style>@import 'http://127.0.0.1:9/a.css';</style>",
    '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
    '<base href="http://127.0.0.1:9/">',
    '<form action="http://127.0.0.1:9/"><input autofocus onfocus=alert(1)>',
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "javascript:alert(1)",
    "{{ 7*191 }}{% for x in y %}",
    "{{ self.__init__.__globals__ }}",
    "<!--<script>alert(1)",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e\x1b[31m<script>alert(1)</script>\u2028",
)


def spoil(payload):
    """The payload before every text, which still tells one from another."""
    return lambda text: f"x{payload}{text}"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The pictures, drawn once: their keys are the same on every page."""
    folder = tmp_path_factory.mktemp("drawn")
    return compose(make_material(folder)).plan.draw(10**7)


def test_there_are_thirty():
    assert len(set(PAYLOADS)) == 30


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_a_program(payload, browser, drawn, tmp_path):
    path = tmp_path / "report.html"
    page = compose(make_material(tmp_path, spoil(payload))).page
    path.write_text(render(page, drawn), encoding="utf-8")
    browser.show(1440)
    browser.open(path)
    browser.ask("document.querySelectorAll('th button').forEach(button => button.click())")
    browser.ask("document.querySelectorAll('a, button, summary, [tabindex]').forEach(one => one.focus())")
    assert browser.ask("document.querySelectorAll('script').length") == 1
    assert not browser.ask(
        "document.querySelectorAll('iframe, link, form, base, video, math, img[onerror]').length"
    )
    assert browser.ask("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
                       ".filter(a => a.name.startsWith('on') || a.name === 'style').length") == 0  # fmt: skip
    shown = browser.ask(
        "[...document.querySelectorAll('table, .pairs figcaption')].map(e => [e.id, e.textContent])"
    )
    without = {name for name, words in shown if payload not in words}
    assert without == {"table-calibration", "table-split"}  # these two have no words of anybody
    assert len(shown) > 20
    assert browser.pick("Page.javascriptDialogOpening") == []
    strangers = [
        sent["request"]["url"][:80]
        for sent in browser.pick("Network.requestWillBeSent")
        if not sent["request"]["url"].startswith(("data:", path.resolve().as_uri()))
    ]
    assert strangers == []
    complaints = [one["entry"]["text"] for one in browser.pick("Log.entryAdded")]
    assert complaints == [] and browser.pick("Runtime.exceptionThrown") == []


def test_the_policy_lets_in_nothing_but_what_is_there(tmp_path):
    page = render_page(make_material(tmp_path))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    assert not re.search(r"https?://|//[a-z]+\.", page)
    assert " style=" not in page


def test_a_stranger_in_the_style_or_script_is_refused_by_the_policy(browser, tmp_path):
    """The policy is no ornament: a page that somebody changed does not run what was added."""
    page = render_page(make_material(tmp_path))
    added = '<script>document.title = "taken"</script><img src="http://127.0.0.1:9/x.png"></main>'
    path = tmp_path / "changed.html"
    path.write_text(page.replace("</main>", added), encoding="utf-8")
    browser.open(path)
    assert browser.ask("document.title") != "taken"
    assert any("Content Security Policy" in one["entry"]["text"] for one in browser.pick("Log.entryAdded"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_a_sheet_begins_like_a_formula(start, tmp_path):
    material = make_material(tmp_path, lambda text: f"{start}cmd|' /C calc'!A0 {text}")
    for table in list_tables(material):
        for row in csv.reader(StringIO(table_to_csv(table), newline="")):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "\r", "\n"))]
            assert not [cell for cell in row if cell.startswith("-") and not re.fullmatch(r"-[0-9.]+", cell)]


def test_numbers_below_zero_stay_numbers():
    assert defuse(-0.5) == -0.5
    assert defuse("-0.5") == "'-0.5"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_has_no_tag_link_or_broken_row(payload, tmp_path):
    text = write_markdown(make_material(tmp_path, spoil(payload + "|[a](http://b)@all")))
    assert "<" not in text
    assert not re.search(r"(?<!\\)\[|(?<!\\)@", text)
    assert "http://" not in text
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert tables and len(widths) <= 4


def test_markdown_keeps_what_is_harmless():
    assert escape("1.5 % of a (b): 3-4") == "1.5 % of a (b): 3-4"
    assert escape("12. a") == r"12\. a" and escape("see http://b www.b.c") == r"see http\://b www\.b.c"
    assert escape("- a") == r"\- a" and escape(":tada: a_b") == r"\:tada: a\_b"
