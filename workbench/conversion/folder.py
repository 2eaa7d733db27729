"""A bare Labelme folder becomes one COCO file, with its ledger beside it."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile

from workbench.conversion.firsts import Firsts
from workbench.conversion.ledger import Ledger
from workbench.conversion.one import SECOND, Settings, say_second
from workbench.conversion.pieces import Pieces, make_pieces
from workbench.conversion.result import Result, count, require_nothing_skipped
from workbench.conversion.roster import Roster
from workbench.data.dataset import Category
from workbench.data.finding import Finding
from workbench.errors import InputMissing
from workbench.files import atomic_file, prepare_file, taking_turns
from workbench.formats import listing
from workbench.formats.coco import CocoWriter
from workbench.parallel import map_in_order
from workbench.progress import track


def convert_folder(
    root: Path, out: Path, labels: Sequence[str] | None, *, as_rle: bool, strict: bool
) -> Result:
    """Write one COCO file of all annotations below a folder, and the ledger; whole, or not at all."""
    names = list_annotations(root)
    prepare_outputs(out)
    roster = Roster.of(labels)
    settings = make_settings(root, out, roster.categories, as_rle=as_rle)
    work = track(map_in_order(partial(make_pieces, settings), names), len(names), "convert")
    return join_pieces(work, out, roster, strict=strict)


def join_pieces(work: Iterable[Pieces], out: Path, roster: Roster, *, strict: bool) -> Result:
    """Write the files from what was made of each annotation, which comes in the order of their names."""
    findings: list[Finding] = []
    totals: Counter[str] = Counter()
    with ExitStack() as files:
        wait_for_turn = files.enter_context(taking_turns(out.parent))
        ledger = Ledger(files.enter_context(atomic_file(name_ledger(out))))
        waiting = files.enter_context(TemporaryFile(dir=out.parent))
        writer = CocoWriter(files.enter_context(atomic_file(out)), waiting)
        for pieces in refuse_seconds(work):
            add_to_ledger(pieces, ledger, writer.last_id + 1)
            if pieces.image is not None:
                writer.add(pieces.image, pieces.instances, map(roster.number, pieces.classes))
            totals.update(pieces.classes)
            findings.extend(pieces.findings)
        categories, final = roster.close()
        writer.close(categories, final)
        result = Result(
            out=str(out),
            counts=count(ledger, writer.images, writer.annotations, categories),
            findings=tuple(findings),
            shares=tabulate(categories, totals),
        )
        require_nothing_skipped(result, strict=strict)
        wait_for_turn()  # ledger and dataset belong together
    return result


def name_ledger(out: Path) -> Path:
    """The ledger lies beside the COCO file."""
    return out.with_suffix(".ledger.jsonl")


def prepare_outputs(out: Path) -> None:
    """See that both files can be written, before any work is done that would be lost."""
    for path in (name_ledger(out), out):
        prepare_file(path)


def list_annotations(root: Path) -> tuple[str, ...]:
    """Name the annotations below a folder; none at all is a mistake."""
    names = listing.list_folder(root).annotations
    if not names:
        raise _say_none(root)
    return names


def walk_annotations(root: Path) -> Iterator[str]:
    """Name them one by one, for a list that is not to be held in memory."""
    names = listing.walk_annotations(root)
    first = next(names, None)
    if first is None:
        raise _say_none(root)
    return chain([first], names)


def _say_none(root: Path) -> InputMissing:
    return InputMissing(f"{root}: must hold Labelme files (.json), but has none; check the name")


def make_settings(root: Path, out: Path, categories: Sequence[Category] | None, *, as_rle: bool) -> Settings:
    """Images that exist only inside their json go to a folder beside the output."""
    extracted = out.with_name(out.stem + "_images")
    return Settings(
        root=root,
        categories=None if categories is None else {category.name: category for category in categories},
        extracted=extracted,
        extracted_name=Path(os.path.relpath(extracted, root)).as_posix(),
        as_rle=as_rle,
    )


def refuse_seconds(work: Iterable[Pieces]) -> Iterator[Pieces]:
    """A second annotation of the same image is refused, since it cannot be both."""
    with Firsts() as firsts:
        for pieces in work:
            name = pieces.annotation
            first = firsts.find_first(pieces.path, name) if pieces.image else name
            yield pieces if first == name else _refuse_second(pieces, first)


def _refuse_second(pieces: Pieces, first: str) -> Pieces:
    findings = (*pieces.findings, say_second(pieces.annotation, first, pieces.path))
    return Pieces(annotation=pieces.annotation, refused=SECOND, ledger=pieces.ledger, findings=findings)


def add_to_ledger(pieces: Pieces, ledger: Ledger, first_id: int, part: str = "") -> None:
    """Count a file and write the rows of its shapes."""
    ledger.add_file(pieces.annotation, pieces.refused)
    for entry in pieces.ledger:
        ledger.add(entry, first_id, refused=pieces.refused, part=part)


def tabulate(categories: Sequence[Category], totals: Counter[str]) -> tuple[tuple[str, ...], ...]:
    """Return the table of classes."""
    rows = ((category.name, str(category.id), str(totals[category.name])) for category in categories)
    return (("class", "id", "instances"), *rows)
