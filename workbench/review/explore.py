"""What `workbench explore` adds to a project's truth: images without labels, and how all of them look."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.formats.images import read_facts
from workbench.formats.listing import list_images
from workbench.formats.manifest import read_manifest
from workbench.parallel import map_in_order
from workbench.progress import track
from workbench.review.fields import KEY, PART, TRUTH
from workbench.review.fill import new_sample
from workbench.review.looks import describe, read_look, to_vectors
from workbench.review.mark import Book, open_book
from workbench.review.project import Reviewed, fill_truth
from workbench.review.schema import declare
from workbench.review.session import Database

_FIELDS = (
    ("look", "StringField", "perceptual hash of 64 bits"),
    ("uniqueness", "FloatField", "how far the picture is from the one that is most like it, by its hash"),
    ("near_duplicates", "IntField", "pictures with one number look alike: at most 8 bits of the hash differ"),
)
SIMILARITY = "alike"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What was put into FiftyOne."""

    dataset: Any
    parts: dict[str, Reviewed]
    unlabelled: int
    near: int  # images that look like another one
    moved: int
    views: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "dataset": self.dataset.name,
            "images": sum(part.images for part in self.parts.values()) + self.unlabelled,
            "truths": sum(part.truths for part in self.parts.values()),
            "parts": {
                name: {"images": part.images, "truths": part.truths} for name, part in self.parts.items()
            },
            "unlabelled": self.unlabelled,
            "near_duplicates": self.near,
            "views": self.views,
            "moved_tags": self.moved,
        }


def explore(database: Database, project: Path, dataset: Path, annotations: Path) -> Explored:
    """Put a converted dataset and the images beside it into FiftyOne."""
    book = open_book(database, project)
    parts, *_ = fill_truth(book, dataset)
    unlabelled = _add_unlabelled(book, annotations, {*read_manifest(dataset).parts})
    near = _add_looks(book)
    views = _save_views(book)
    return Explored(
        dataset=book.dataset,
        parts=parts,
        unlabelled=unlabelled,
        near=near,
        moved=sum(part.moved for part in parts.values()),
        views=views,
    )


def _add_unlabelled(book: Book, root: Path, labelled: set[str]) -> int:
    """Images that nobody has labelled yet: what is tagged of them can be labelled next."""
    samples = book.database.find_samples(book.dataset)
    names = [name for name in list_images(root) if name not in labelled]
    known = {row[KEY] for row in samples.find({PART: ""}, {KEY: 1})}
    rows = []
    for name in names:
        try:
            facts = read_facts(root / name)
        except WorkbenchError:
            continue
        if name not in known:
            rows.append(new_sample(book, (root / name).resolve(), name, "", (facts.height, facts.width)))
    if rows:
        samples.insert_many(rows)
    return len(names)


def _add_looks(book: Book) -> int:
    """Hash what was not hashed before; compare all with all."""
    from pymongo import UpdateOne

    declare(book, {}, _FIELDS)
    samples = book.database.find_samples(book.dataset)
    rows = list(samples.find({}, {"filepath": 1, "look": 1}).sort(KEY))
    lacking = [row for row in rows if not row.get("look")]
    found = map_in_order(read_look, [row["filepath"] for row in lacking], chunk=8)
    for row, look in zip(lacking, track(found, len(lacking), "look"), strict=True):
        row["look"] = look
    said = describe(rows)
    if rows:
        samples.bulk_write(
            [UpdateOne({"_id": row["_id"]}, {"$set": one}) for row, one in zip(rows, said, strict=True)]
        )
    _index(book, rows)
    return sum(one["near_duplicates"] is not None for one in said)


def _index(book: Book, rows: Sequence[dict[str, Any]]) -> None:
    """Let the App sort by likeness."""
    there = [row for row in rows if row.get("look")]
    if len(there) < 2:
        return
    try:
        brain = book.database.load("brain")
    except ImportError:  # FiftyOne's own part for it is not installed
        return
    ids = [str(row["_id"]) for row in there]
    if book.dataset.has_brain_run(SIMILARITY):
        book.dataset.delete_brain_run(SIMILARITY)
    index = brain.compute_similarity(
        book.dataset, embeddings=False, brain_key=SIMILARITY, backend="sklearn", progress=False
    )
    index.add_to_index(to_vectors([int(row["look"], 16) for row in there]), ids)
    index.save()


def _save_views(book: Book) -> dict[str, int]:
    ask, dataset = book.fo.ViewField, book.dataset
    views = {
        "Near-duplicates": (dataset.match(ask("near_duplicates") != None).sort_by("near_duplicates"),  # noqa: E711
                            "Pictures that look alike side by side: at most 8 of 64 bits of their hashes differ."),
        "Most unlike the others": (dataset.sort_by("uniqueness", reverse=True).limit(100), "By their hashes."),
        "Not labelled": (dataset.match(ask(PART) == ""), "Images without a label file. Tag those to be labelled next."),
        "Labelled as empty": (dataset.match((ask(PART) != "") & (ask(f"{TRUTH}.detections").length() == 0)),
                              "Images on which nothing is labelled."),
    }  # fmt: skip
    counts = {}
    for name, (view, about) in views.items():
        counts[name] = view.count()
        if name in dataset.list_saved_views():
            dataset.delete_saved_view(name)
        if counts[name]:
            dataset.save_view(name, view, description=about)
    return counts
