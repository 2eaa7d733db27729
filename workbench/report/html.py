"""The page as one file: template, style, script and pictures, with a policy that lets nothing else in."""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench.report import blocks
from workbench.report.blocks import Block, Gallery, Page, Pair
from workbench.report.drawing.pictures import Shown
from workbench.report.marks import draw_bar, draw_range, draw_swatch
from workbench.report.table import Column, Table, show_cell, show_range, show_share, sort_value

FILES = Path(__file__).with_name("page")
MACROS: Mapping[type, str] = {
    blocks.Paragraph: "paragraph",
    blocks.Tiles: "tiles",
    blocks.Charts: "charts",
    blocks.Matrix: "matrix",
    blocks.Gallery: "gallery",
    blocks.Folded: "folded",
    Table: "table",
}


def render(page: Page, pictures: Mapping[str, Shown], lost: int = 0) -> str:
    """Fill the template; all text in it is escaped. `lost` pictures could not be drawn, or are too large."""
    style, script = (shorten((FILES / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    environment = Environment(
        loader=FileSystemLoader(FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals.update(_tools(environment, pictures))
    return environment.get_template("page.html").render(
        page=page,
        lost=lost,
        style=Markup(style),
        script=Markup(script),
        style_hash=Markup(digest_for_policy(style)),
        script_hash=Markup(digest_for_policy(script)),
    )


def _tools(environment: Environment, pictures: Mapping[str, Shown]) -> dict[str, Any]:
    """What the template may call."""

    def show(block: Block) -> Markup:
        module = environment.get_template("blocks.html").module
        return Markup(getattr(module, MACROS[type(block)])(block))

    def present(gallery: Gallery) -> list[Pair]:
        return [pair for pair in gallery.pairs if pair.truth in pictures and pair.found in pictures]

    return {
        "show": show,
        "present": present,
        "pictures": pictures,
        "share": show_share,
        "span": show_range,
        "sort": sort_value,
        "cell_text": _show_cell,
        "bar": _draw_bar,
        "draw_range": draw_range,
        "draw_swatch": draw_swatch,
    }


def _show_cell(cell: Any, column: Column) -> str:
    return show_cell(cell, "share" if column.kind == "bar" else column.kind)


def _draw_bar(cell: float | None, table: Table, place: int) -> Markup:
    """As long as the largest of its column is wide."""
    most = max((row[place] or 0.0 for row in table.rows), default=0.0)  # type: ignore[type-var]
    return draw_bar((cell or 0.0) / float(most) if most else 0.0)  # type: ignore[arg-type]


def shorten(text: str) -> str:
    """Drop the indentation: it is read by machines."""
    return re.sub(r"\n\s*", "\n", text).strip()


def digest_for_policy(text: str) -> str:
    """What lets this very style or script in, and nothing else."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
