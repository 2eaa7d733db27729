"""What was taken for what: the matrix, and its largest fields as sentences."""

from typing import Any

from workbench.report.blocks import Block, Matrix, Paragraph, Section
from workbench.report.material import Material
from workbench.report.table import Column, Table

LARGEST = 24  # classes that a person can still read as a matrix; of more, those with most confusion
PAIRS = 12
CAPTIONS = {
    "confusion": ("Objects", "Objects that are confused most", "confused"),
    "pixel_confusion": ("Pixels", "Pixels that are confused most", "confused_pixels"),
}


def build_confusion(material: Material) -> Section | None:
    """The matrix, and the pairs that are confused most."""
    blocks = [*_show(material, "confusion"), *_show(material, "pixel_confusion")]
    if not blocks:
        return None
    lead = "Rows are what is there, columns what was reported. The stronger the field, the larger its share of the row."
    score = (material.scores.get("confusion") or {}).get("score")
    if score is not None:
        lead += f" Objects from score {score:.2f} on; background is nothing there, or nothing reported."
    return Section(id="confusion", title="Confusion", lead=lead, blocks=tuple(blocks))


def _show(material: Material, key: str) -> list[Block]:
    table: dict[str, Any] = material.scores.get(key) or {}
    labels, matrix = table.get("labels") or [], table.get("matrix") or []
    if not matrix or not any(map(any, matrix)):
        return []
    blocks: list[Block] = []
    chosen = _choose(matrix, labels)
    if len(chosen) < len(labels):
        blocks.append(Paragraph(text=f"Of {len(labels)} classes, the {len(chosen)} that are confused most."))
    blocks.append(_matrix(key, labels, matrix, chosen))
    pairs = list_confused(material, key)
    if pairs.rows:
        short = pairs.rows[:PAIRS]
        blocks.append(Table(name=pairs.name, caption=pairs.caption, columns=pairs.columns, rows=short))
    return blocks


def _choose(matrix: list[list[int]], labels: list[str]) -> list[int]:
    """All classes, or those with most beside the diagonal; background stays last."""
    places = list(range(len(labels)))
    if len(labels) <= LARGEST:
        return places
    off = [sum(matrix[n]) + sum(row[n] for row in matrix) - 2 * matrix[n][n] for n in places]
    worst = sorted(places[:-1], key=lambda n: -off[n])[: LARGEST - 1]
    return [*sorted(worst), places[-1]]


def _matrix(key: str, labels: list[str], matrix: list[list[int]], chosen: list[int]) -> Matrix:
    rows = tuple(tuple(matrix[row][column] for column in chosen) for row in chosen)
    sums = [max(1, sum(matrix[row])) for row in chosen]
    return Matrix(
        name=key,
        caption=CAPTIONS[key][0],
        labels=tuple(labels[n] for n in chosen),
        rows=rows,
        shades=tuple(
            tuple(_shade(cell / total) for cell in row) for row, total in zip(rows, sums, strict=True)
        ),
    )


def _shade(share: float) -> int:
    """From 0 to 9; what is there at all is never white."""
    return min(9, max(int(share > 0), round(share * 9)))


def list_confused(material: Material, key: str) -> Table:
    """Every field beside the diagonal, the largest first."""
    table = material.scores.get(key) or {}
    labels, matrix = table.get("labels") or [], table.get("matrix") or []
    rows = [
        (labels[row], labels[column], count, count / max(1, sum(counts)))
        for row, counts in enumerate(matrix)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    columns = (
        Column(key="truth", title="what is there"),
        Column(key="prediction", title="was reported as"),
        Column(key="count", title="times", kind="count"),
        Column(key="share", title="% of its row", kind="share"),
    )
    rows.sort(key=lambda row: (-row[2], row[0], row[1]))
    return Table(name=CAPTIONS[key][2], caption=CAPTIONS[key][1], columns=columns, rows=tuple(rows))
