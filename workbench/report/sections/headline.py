"""The numbers under the first sentence: few, each with its interval and what it means."""

from collections.abc import Mapping, Sequence

from workbench.report.blocks import Block, Section, Tile, Tiles
from workbench.report.material import Material
from workbench.report.table import Column, Measure, Table, read_measure

HINTS: Mapping[str, tuple[str, str]] = {
    "mask.AP": ("Mask AP", "how well outlines fit, from loose to strict"),
    "mask.AP50": ("Mask AP50", "objects found, with outlines that overlap by half"),
    "mask.AP75": ("Mask AP75", "the same, with three quarters"),
    "boundary.AP": ("Boundary AP", "how well the very edges fit"),
    "box.AP": ("Box AP", "how well boxes fit"),
    "box.AP50": ("Box AP50", "objects found, with boxes that overlap by half"),
    "box.AP75": ("Box AP75", "the same, with three quarters"),
    "panoptic.PQ": ("PQ", "panoptic quality: recognised, and how well"),
    "panoptic.SQ": ("SQ", "how well recognised segments fit"),
    "panoptic.RQ": ("RQ", "segments that are recognised"),
    "panoptic.PQ_th": ("PQ things", "things only"),
    "panoptic.PQ_st": ("PQ stuff", "stuff only"),
    "semantic.mIoU": ("Mean IoU", "overlap, each class counts the same"),
    "semantic.fwIoU": ("Weighted IoU", "overlap, large classes count more"),
    "semantic.mACC": ("Mean accuracy", "pixels of a class that are right"),
    "semantic.pACC": ("Pixel accuracy", "pixels that are right"),
}
SHOWN: Mapping[str, Sequence[str]] = {
    "mask": ("mask.AP", "mask.AP50", "mask.AP75", "boundary.AP", "box.AP"),
    "box": ("box.AP", "box.AP50", "box.AP75"),
    "panoptic": ("panoptic.PQ", "panoptic.SQ", "panoptic.RQ", "mask.AP", "semantic.mIoU"),
    "semantic": ("semantic.mIoU", "semantic.fwIoU", "semantic.mACC", "semantic.pACC"),
}


def build_headline(material: Material) -> Section:
    """Tiles, and a table of all numbers; gates, where there are some."""
    tiles = []
    for name in SHOWN[material.family[0]]:
        family, _, key = name.partition(".")
        measure = read_measure(material.scores, family, key)
        if measure.value is not None:
            title, hint = HINTS[name]
            tiles.append(Tile(title=title, value=measure, hint=hint))
    blocks: list[Block] = [Tiles(tiles=tuple(tiles))]
    gates = list_gates(material)
    blocks += [gates] if gates.rows else []
    lead = "In percent. The band is where the value lies for 95 of 100 sets of images like these."
    return Section(id="headline", title="In numbers", lead=lead, blocks=tuple(blocks))


def list_gates(material: Material) -> Table:
    """What the numbers had to reach."""
    rows = tuple(
        (
            str(gate.get("gate") or ""),
            "holds" if gate.get("passed") else "does not hold",
            Measure(gate.get("value"), *(gate.get("interval") or (None, None))),
            gate.get("bound"),
        )
        for gate in material.scores.get("gates") or ()
    )
    columns = (
        Column(key="gate", title="gate"),
        Column(key="state", title="state"),
        Column(key="value", title="value", kind="measure"),
        Column(key="bound", title="bound", kind="share"),
    )
    return Table(name="gates", caption="Gates", columns=columns, rows=rows)


def list_numbers(material: Material) -> Table:
    """Every number of every family, for csv."""
    families = ("panoptic", "mask", "boundary", "box", "semantic")
    rows = tuple(
        (f"{family}.{key}", read_measure(material.scores, family, key))
        for family in families
        for key in material.scores.get(family) or ()
    )
    columns = (
        Column(key="metric", title="number"),
        Column(key="value", title="value", kind="measure"),
    )
    return Table(name="headline", caption="All numbers", columns=columns, rows=rows)
