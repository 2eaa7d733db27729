"""Whole images: those that went worst and best, and labels that a person should look at."""

from workbench.report.blocks import Block, Folded, Gallery, Section
from workbench.report.drawing.pictures import Plan
from workbench.report.kinds import SUSPICIONS
from workbench.report.material import Material, Row
from workbench.report.table import Cell, Column, Table

WORST, BEST, SUSPECTS = 6, 3, 9
LISTED = 100


def build_suspects(material: Material, plan: Plan) -> Section | None:
    """Labels that seem wrong or missing: the first thing to mend."""
    rows = material.suspects
    if not rows:
        return None
    pairs = tuple(pair for row in rows[:SUSPECTS] if (pair := plan.add_mistake(row)))
    table = list_suspect_rows(material)
    short = Table(name=table.name, caption=table.caption, columns=table.columns, rows=table.rows[:LISTED])
    blocks: list[Block] = []
    if pairs:
        blocks.append(Gallery(title="", lead="", pairs=pairs, total=len(rows)))
    blocks.append(
        Folded(title=f"{len(short.rows)} of {len(rows)} as a table", blocks=(short,)) if pairs else short
    )
    lead = "The model contradicts these labels so firmly that a person should look: it may be the label that is wrong."
    return Section(id="labels", title="Labels to look at", lead=lead, blocks=tuple(blocks))


def list_suspect_rows(material: Material) -> Table:
    """Every suspected label, the one that is most worth looking at first."""
    columns = (
        Column(key="kind", title="suspicion"),
        Column(key="image", title="image"),
        Column(key="truth_category", title="label"),
        Column(key="category", title="model says"),
        Column(key="score", title="score", kind="score"),
        Column(key="iou", title="IoU", kind="score"),
        Column(key="suspicion", title="how firm", kind="score"),
        Column(
            key="recovers",
            title="AP to recover",
            kind="share",
            hint="if the label is mended as the model says",
        ),
        Column(key="truth", title="truth id", kind="count"),
        Column(key="note", title="note"),
    )
    rows = tuple(_list_suspect(row, columns) for row in material.suspects)
    return Table(name="suspects", caption="Labels to look at", columns=columns, rows=rows)


def _list_suspect(row: Row, columns: tuple[Column, ...]) -> tuple[Cell, ...]:
    kind = str(row.get("kind") or "")
    return (SUSPICIONS.get(kind, kind), *(row.get(column.key) for column in columns[1:]))


def build_images(material: Material, plan: Plan) -> Section | None:
    """The worst images beside the best."""
    ranking = list_ranking(material)
    if not ranking:
        return None
    worst = [row for row in ranking[:WORST] if _is_bad(row)]
    best = [row for row in ranking[::-1][:BEST] if row not in worst]
    blocks: list[Block] = []
    for title, rows in (("Worst", worst), ("Best", best)):
        pairs = tuple(pair for row in rows if (pair := plan.add_image(row)))
        if pairs:
            blocks.append(Gallery(title=title, lead="", pairs=pairs, wide=True))
    table = list_images(material)
    short = Table(name=table.name, caption=table.caption, columns=table.columns, rows=table.rows[:LISTED])
    title = f"{len(short.rows)} of {len(table.rows)} images as a table"
    blocks.append(Folded(title=title, blocks=(short.drop_empty(),)))
    lead = "The truth at the left, what the model reports at the right."
    return Section(id="images", title="Worst and best images", lead=lead, blocks=tuple(blocks))


def _is_bad(row: Row) -> bool:
    value = row.get("value")
    return value is None or value < 1


def list_ranking(material: Material) -> list[Row]:
    """Images from the worst to the best."""
    return list(material.ranking or material.mistakes.get("images") or ())


def list_images(material: Material) -> Table:
    """The ranking as a table."""
    columns = (
        Column(key="image", title="image"),
        Column(key="value", title="how right", kind="share"),
        Column(key="truths", title="truths", kind="count"),
        Column(key="right", title="right", kind="count"),
        Column(key="wrong", title="wrong", kind="count"),
        Column(key="missed", title="missed", kind="count"),
    )
    rows = tuple(tuple(row.get(column.key) for column in columns) for row in list_ranking(material))
    return Table(name="images", caption="Images, the worst first", columns=columns, rows=rows)
