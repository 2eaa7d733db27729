"""The short form, for pull requests: verdict, headline, gates, classes, and the kinds of mistakes that cost most."""

import html
import re

from workbench.report.blocks import Tiles
from workbench.report.material import Material
from workbench.report.sections.classes import list_classes
from workbench.report.sections.headline import build_headline, list_gates
from workbench.report.sections.mistakes import list_kinds
from workbench.report.sections.verdict import write_lead
from workbench.report.table import Column, Table, show_cell

CLASSES, KINDS = 20, 5
_RIGHT = ("share", "score", "count", "measure", "bar")
# What tags, tables, mentions, emoji, formulas and links are made of.
_MEANT = re.compile(r"[\\`*_{}\[\]|~@#$]|^[-+=]|:(?=\w+:|//)|(?<=\bwww)\.")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


def write_markdown(material: Material) -> str:
    """A page of a screen's length."""
    lead = write_lead(material)
    parts = [
        f"### {escape(lead.saying)}",
        escape(lead.finding),
        "\n".join(f"{place}. {escape(step)}" for place, step in enumerate(lead.next, 1)),
        *([escape(lead.doubt)] if lead.doubt else []),
        _headline(material),
        _table(list_gates(material)),
        _table(_cut(list_classes(material).drop_empty(), CLASSES)),
        _table(_cut(list_kinds(material), KINDS)),
        f"{escape(material.run)}, {escape(material.part)}: {material.scores.get('images') or 0} images",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(material: Material) -> str:
    tiles = build_headline(material).blocks[0]
    if not isinstance(tiles, Tiles) or not tiles.tiles:
        return ""
    columns = tuple(Column(key=tile.title, title=tile.title, kind="measure") for tile in tiles.tiles)
    return _table(
        Table(name="", caption="", columns=columns, rows=(tuple(tile.value for tile in tiles.tiles),))
    )


def _cut(table: Table, count: int) -> Table:
    """The first rows, and how many there are."""
    if len(table.rows) <= count:
        return table
    caption = f"{table.caption} ({count} of {len(table.rows)})"
    return Table(name=table.name, caption=caption, columns=table.columns, rows=table.rows[:count])


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    lines = [
        _line([escape(column.title) for column in table.columns]),
        _line(["--:" if column.kind in _RIGHT else ":--" for column in table.columns]),
    ]
    for row in table.rows:
        kinds = ("share" if column.kind == "bar" else column.kind for column in table.columns)
        lines.append(_line([escape(show_cell(cell, kind)) for cell, kind in zip(row, kinds, strict=True)]))
    head = f"**{escape(table.caption)}**\n\n" if table.caption else ""
    return head + "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """One line in which nothing is a tag, a link, a mention or the end of a cell."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return html.escape(_NUMBERED.sub(r"\1\\\2", _MEANT.sub(r"\\\g<0>", plain)), quote=False)
