"""A Labelme folder becomes a YOLO or VOC folder; what the format cannot hold is in the ledger."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from shutil import rmtree

from workbench.conversion.folder import add_to_ledger, list_annotations, make_settings, tabulate
from workbench.conversion.labels import find_labels
from workbench.conversion.ledger import Ledger
from workbench.conversion.one import Collected, Settings, collect_file, refuse_second
from workbench.conversion.pieces import encode
from workbench.conversion.places import Places
from workbench.conversion.result import Result, count, require_nothing_skipped
from workbench.conversion.staging import staging_folder
from workbench.data.dataset import Category, ImageInstances
from workbench.data.finding import Finding
from workbench.files import link_or_copy, prepare_new_folder
from workbench.formats.loss import Loss
from workbench.formats.voc import write_voc
from workbench.formats.yolo import write_data_yaml, write_yolo
from workbench.parallel import map_in_order
from workbench.prepare.shares import PARTS
from workbench.progress import track
from workbench.project import make_categories

Writer = Callable[[Iterable[ImageInstances], Sequence[Category], Path], Iterator[Loss]]

EMBEDDED = ".embedded"  # where workers put what was only inside a json, until it gets its place

# format -> what writes one image, and the folder that its images belong in
WRITERS: dict[str, tuple[Writer, str]] = {"yolo": (write_yolo, "images"), "voc": (write_voc, "JPEGImages")}


def export_folder(
    root: Path,
    out: Path,
    labels: Sequence[str] | None,
    *,
    to: str,
    strict: bool,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Write labels, images (linked where they can be) and a ledger, each part in its folder; whole, or nothing."""
    names = list_annotations(root)
    prepare_new_folder(out)
    categories = make_categories(list(labels if labels is not None else find_labels(root, names)))
    with staging_folder(out) as staging:
        settings = replace(
            make_settings(root, out, categories, as_rle=False),
            extracted=staging / EMBEDDED,
            extracted_name=EMBEDDED,
        )
        result = _write(settings, names, categories, Target(staging, to, parts or {}))
        rmtree(staging / EMBEDDED, ignore_errors=True)
        require_nothing_skipped(result, strict=strict)
    return replace(result, out=str(out))


@dataclass(frozen=True, slots=True)
class Target:
    """The folder that is being written, its format, and the part of each image where there is a split."""

    folder: Path
    to: str
    parts: Mapping[str, str]
    places: Places = field(default_factory=Places)


def _write(
    settings: Settings, names: Sequence[str], categories: Sequence[Category], target: Target
) -> Result:
    findings: list[Finding] = []
    totals: Counter[str] = Counter()
    images = annotations = 0
    losses: Counter[str] = Counter()
    with (target.folder / "ledger.jsonl").open("wb") as stream:
        ledger = Ledger(stream)
        work = track(map_in_order(partial(collect_file, settings), names), len(names), target.to)
        for collected in _refuse_seconds(work):
            lost = _write_one(settings, collected, categories, target)
            pieces = encode(collected, lost=lost)
            add_to_ledger(pieces, ledger, annotations + 1)
            images += pieces.image is not None
            annotations += len(pieces.instances)
            totals.update(pieces.classes)
            losses.update(loss.what for loss in lost)
            findings.extend(collected.findings)
    if target.to == "yolo":
        used = set(target.parts.values())
        write_data_yaml(target.folder, categories, [part for part in PARTS if part in used])
    counts = count(ledger, images, annotations, categories) | {"lost": dict(sorted(losses.items()))}
    return Result(out="", counts=counts, findings=tuple(findings), shares=tabulate(categories, totals))


def _refuse_seconds(work: Iterable[Collected]) -> Iterator[Collected]:
    """Of two annotations of one image the second is refused: its labels would take the place of the first's."""
    seen: dict[str, str] = {}
    for one in work:
        path = one.content.image.path if one.content else ""
        first = seen.setdefault(path, one.annotation) if path else one.annotation
        yield one if first == one.annotation else refuse_second(one, first, path)


def _write_one(
    settings: Settings, collected: Collected, categories: Sequence[Category], target: Target
) -> list[Loss]:
    """Put the image where the format wants it, and its labels where that image's belong."""
    if collected.content is None:
        return []
    staging, image = target.folder, collected.content.image
    writer, folder = WRITERS[target.to]
    embedded = image.path.startswith(f"{EMBEDDED}/")
    path = target.places.choose(image.path.removeprefix(f"{EMBEDDED}/"), image.annotation)
    part = target.parts.get(image.annotation if embedded else image.path, "")
    path = f"{part}/{path}" if part else path
    if embedded or collected.there:
        link_or_copy((staging if embedded else settings.root) / image.path, staging / folder / path)
    return list(writer([replace(collected.content, image=replace(image, path=path))], categories, staging))
