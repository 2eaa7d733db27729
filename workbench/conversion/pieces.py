"""What a worker hands back of one annotation: encoded, so that joining it to the rest costs next to nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from workbench.conversion.ledger import Entry, describe_form, row_to_entry
from workbench.conversion.one import Collected, Settings, collect_file
from workbench.data.finding import Finding
from workbench.data.painting import Painting
from workbench.formats.coco import Piece, image_to_piece, instance_to_piece
from workbench.formats.loss import Loss
from workbench.prepare.paint import measure_visible


class Pieces(NamedTuple):
    """A plain tuple, for it crosses to another process.

    `image` is None where the file was refused; `path` is the image's identity.
    """

    annotation: str
    path: str = ""
    refused: str = ""
    image: Piece | None = None
    instances: tuple[Piece | None, ...] = ()  # None for stuff, which is no COCO instance
    classes: tuple[str, ...] = ()  # the category of each instance
    ledger: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()
    panoptic: Piece | None = None


def make_pieces(settings: Settings, name: str) -> Pieces:
    """Do all the work on one annotation: the function that runs on every core."""
    return encode(collect_file(settings, name))


def encode(collected: Collected, *, painting: Painting | None = None, lost: Sequence[Loss] = ()) -> Pieces:
    """Encode the image, its instances and its ledger rows; stuff takes a number and is no COCO instance."""
    name, content = collected.annotation, collected.content
    if content is None:
        rows = tuple(row_to_entry(row, name, {}) for row in collected.ledger)
        return Pieces(annotation=name, refused=collected.refused, ledger=rows, findings=collected.findings)
    categories = [collected.categories[instance.category_id] for instance in content.instances]
    forms = [describe_form(instance) for instance in content.instances]
    if painting:
        for form, share in zip(forms, measure_visible(painting, content.instances), strict=True):
            form["visible"] = share
    for loss in lost:
        forms[loss.instance].setdefault("lost", []).append(loss.what)
    return Pieces(
        annotation=name,
        path=content.image.path,
        image=image_to_piece(content.image, content.image.path),
        instances=tuple(
            instance_to_piece(instance) if category.thing else None
            for instance, category in zip(content.instances, categories, strict=True)
        ),
        classes=tuple(category.name for category in categories),
        ledger=tuple(
            row_to_entry(row, name, {} if row.instance is None else forms[row.instance])
            for row in content.ledger
        ),
        findings=collected.findings,
    )
