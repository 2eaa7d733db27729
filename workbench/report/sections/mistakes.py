"""The kinds of mistakes: how many, what each costs, and pictures of the surest ones."""

from collections.abc import Mapping
from typing import Any

from workbench.report.blocks import Block, Folded, Gallery, Pair, Section
from workbench.report.drawing.pictures import Plan
from workbench.report.kinds import KINDS, describe_kind
from workbench.report.material import Material, Row
from workbench.report.table import Column, Table

SHOWN = 6  # pairs of a kind
LISTED = 200  # rows of the long table on the page; the csv has all


def build_mistakes(material: Material, plan: Plan) -> Section | None:
    """The table of kinds, then a gallery of each, the costliest first."""
    kinds = list_kinds(material)
    if not kinds.rows:
        return None
    blocks: list[Block] = [kinds.drop_empty()]
    blocks += [gallery for name in order_kinds(material) if (gallery := _show(material, plan, name))]
    every = list_mistakes(material)
    if every.rows:
        short = Table(name=every.name, caption=every.caption, columns=every.columns, rows=every.rows[:LISTED])
        blocks.append(
            Folded(title=f"{len(short.rows)} of {len(every.rows)} mistakes as a table", blocks=(short,))
        )
    lead = (
        "What a kind costs is how many points AP50 would rise if only it were mended, counted at any score. Shown is "
        f"what a person meets from the best score on, {material.least:.2f}."
    )
    return Section(id="mistakes", title="What goes wrong", lead=lead, blocks=tuple(blocks))


def _kinds(material: Material) -> Mapping[str, Row]:
    return (material.scores.get("errors") or {}).get("kinds") or {}


def order_kinds(material: Material) -> list[str]:
    """The costliest first, then the most frequent, then as in the list of all kinds."""
    table = _kinds(material)
    known = list(KINDS)

    def key(name: str) -> tuple[float, int, int]:
        row = table[name]
        place = known.index(name) if name in known else len(known)
        return -float(row.get("cost") or 0.0), -int(row.get("count") or 0), place

    return sorted((name for name, row in table.items() if row.get("count")), key=key)


def list_kinds(material: Material) -> Table:
    """One line a kind."""
    table = _kinds(material)
    rows = tuple(
        (
            describe_kind(name).title,
            describe_kind(name).means,
            int(table[name]["count"]),
            len(list_sure(material, name)) if material.mistakes else None,
            table[name].get("cost"),
        )
        for name in order_kinds(material)
    )
    columns = (
        Column(key="kind", title="kind"),
        Column(key="means", title="what it is"),
        Column(key="count", title="at any score", kind="count"),
        Column(key="sure", title="at best score", kind="count", hint="from the score on that serves best"),
        Column(key="cost", title="costs AP50", kind="bar"),
    )
    return Table(name="errors", caption="Kinds of mistakes, the costliest first", columns=columns, rows=rows)


def list_mistakes(material: Material) -> Table:
    """Every mistake that is listed, as in the file."""
    rows = material.mistakes.get("mistakes") or ()
    columns = (
        Column(key="kind", title="kind"),
        Column(key="image", title="image"),
        Column(key="truth_category", title="truth"),
        Column(key="category", title="reported"),
        Column(key="score", title="score", kind="score"),
        Column(key="iou", title="IoU", kind="score"),
        Column(key="truth", title="truth id", kind="count"),
        Column(key="prediction", title="prediction row", kind="count"),
        Column(key="note", title="note"),
    )
    cells = tuple(tuple(row.get(column.key) for column in columns) for row in rows)
    return Table(name="mistakes", caption="Mistakes", columns=columns, rows=cells)


def _show(material: Material, plan: Plan, kind: str) -> Gallery | None:
    """The first of a kind: no two of one image, while there are others."""
    rows = list_sure(material, kind)
    pairs: list[Pair] = []
    for row in choose(rows, SHOWN):
        pair = plan.add_mistake(row)
        if pair:
            pairs.append(pair)
    if not pairs:
        return None
    about = describe_kind(kind)
    lead = f"{about.means[:1].upper()}{about.means[1:]}. To do: {about.do}."
    return Gallery(title=about.title, lead=lead, pairs=tuple(pairs), total=len(rows))


def list_sure(material: Material, kind: str) -> list[Row]:
    """The mistakes of a kind that are listed: those that a person would meet, what matters most first."""
    return [row for row in material.mistakes.get("mistakes") or () if row.get("kind") == kind]


def choose(rows: list[Row], count: int) -> list[Row]:
    """Take the first of each image, then the second of each, and so on."""
    turns: dict[Any, int] = {}
    ranked: list[tuple[int, int, Row]] = []
    for place, row in enumerate(rows):
        turn = turns[row.get("image_id")] = turns.get(row.get("image_id"), -1) + 1
        ranked.append((turn, place, row))
    return [row for _, _, row in sorted(ranked, key=lambda one: one[:2])[:count]]
