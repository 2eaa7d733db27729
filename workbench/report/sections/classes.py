"""One line a class, the weakest first."""

from collections.abc import Callable

from workbench.report.blocks import Section
from workbench.report.material import Material, Row
from workbench.report.table import Cell, Column, Table, read_measure


def build_classes(material: Material) -> Section:
    """The table of classes."""
    family, key = material.family[0], material.class_key
    lead = (
        "F1, precision and recall are at the score that is best for the class, at IoU 0.5."
        if family in ("mask", "box")
        else f"{key} is the number that decides."
    )
    return Section(id="classes", title="Classes", lead=lead, blocks=(list_classes(material).drop_empty(),))


def list_classes(material: Material) -> Table:
    """All that is known of each class, the weakest first."""
    readers = [
        (Column(key="class", title="class"), None),
        *_list_measures(material),
        *(_list_best() if material.family[0] in ("mask", "box") else ()),
    ]
    rows = [
        tuple(name if read is None else read(row) for _, read in readers)
        for name, row in sorted(material.classes.items(), key=lambda one: _weakness(material, one[1]))
        if material.family[0] in row
    ]
    colors = {
        name: "#{:02x}{:02x}{:02x}".format(*color)
        for number, name in material.views.names.items()
        if (color := material.views.colors.get(number))
    }
    return Table(
        name="classes",
        caption="Classes, the weakest first",
        columns=tuple(column for column, _ in readers),
        rows=tuple(rows),
        swatches=colors,
    )


Reader = Callable[[Row], Cell]


def _list_measures(material: Material) -> list[tuple[Column, Reader | None]]:
    first = (material.family[0], material.class_key)
    more = {
        "panoptic": {
            ("panoptic", "SQ"): "SQ",
            ("panoptic", "RQ"): "RQ",
            ("panoptic", "found"): "found",
            ("panoptic", "false"): "wrong",
            ("panoptic", "missed"): "missed",
            ("mask", "AP"): "mask AP",
        },
        "mask": {("mask", "AP50"): "AP50", ("boundary", "AP"): "boundary AP", ("box", "AP"): "box AP"},
        "box": {("box", "AP50"): "AP50"},
        "semantic": {("semantic", "ACC"): "accuracy"},
    }
    wanted = {first: " ".join(first), **more[first[0]]}
    result: list[tuple[Column, Reader | None]] = []
    for (family, key), title in wanted.items():
        kind = (
            "measure"
            if (family, key) == first
            else "count"
            if key in ("found", "false", "missed")
            else "share"
        )
        column = Column(key=f"{family}_{key}", title=title, kind=kind)
        result.append((column, _read(family, key, whole=kind == "measure")))
    return result


def _read(family: str, key: str, *, whole: bool) -> Reader:
    def read(row: Row) -> Cell:
        measure = read_measure(row, family, key)
        return measure if whole else measure.value

    return read


def _list_best() -> list[tuple[Column, Reader | None]]:
    """What the class is like at the score that is best for it, and how many there are."""
    best = (("F1", "F1"), ("precision", "precision"), ("recall", "recall"), ("score", "from score"))
    counts = (
        ("truths", "truths", "count"),
        ("predictions", "reported", "count"),
        ("ECE", "score off", "share"),
    )
    return [
        *(
            (
                Column(key=key, title=title, kind="score" if key == "score" else "share"),
                _read("best", key, whole=False),
            )
            for key, title in best
        ),
        *((Column(key=key, title=title, kind=kind), _read_own(key)) for key, title, kind in counts),
    ]


def _read_own(key: str) -> Reader:
    def read(row: Row) -> Cell:
        value: Cell = row.get(key)
        return value

    return read


def _weakness(material: Material, row: Row) -> tuple[bool, float]:
    value = read_measure(row, material.family[0], material.class_key).value
    return value is None, value or 0.0
