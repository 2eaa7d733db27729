"""A project's images, truths and runs into its dataset in FiftyOne, a few hundred images at a time.

Written again it takes over what is there: a label keeps its identity and its tags, and what other runs said of it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.evaluation.overlap.objects import Scene
from workbench.review.fields import KEY, NUMBER, PART, TRUTH, name_evaluation
from workbench.review.judged import Judged, sort_by_image
from workbench.review.labels import Known, Row, Writer, add_said, name_said, to_detections
from workbench.review.mark import Book

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

AT_ONCE = 200  # images


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A part of a dataset: its images with their truths and, where a run was judged, what it found."""

    part: str
    fingerprint: str
    images: Path  # where the files' names begin
    files: Mapping[int, str]
    scene: Scene
    judged: Judged | None = None
    run_field: str = ""
    same_truth: bool = False  # the truth that is there is of the same dataset
    same_results: bool = False  # the run was there before, with the same predictions
    old_truth: str = ""  # the field to which the truth of before has just moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was written: ids by place in the scene, and tags that moved from labels that are no more to their image."""

    truths: dict[int, Any]
    found: dict[int, Any]
    moved: int


def fill(book: Book, content: Content) -> Filled:
    """Write a part."""
    from pymongo import InsertOne, UpdateOne

    pages = _Pages(book, content)
    samples = book.database.find_samples(book.dataset)
    filled = Filled(truths={}, found={}, moved=0)
    moved = 0
    for places in pages.turn():
        known = pages.read_known(samples, places)
        operations: list[Any] = []
        for place, fields, lost in pages.write(places, known, filled):
            name = pages.name(place)
            old = known.get(name)
            tags = list(dict.fromkeys([*(old or {}).get("tags", ()), *lost]))
            moved += len(lost)
            if old is None:
                operations.append(InsertOne(pages.begin(place) | fields))
            else:
                changed = {PART: content.part, "tags": tags, "last_modified_at": _now(), **fields}
                operations.append(UpdateOne({"_id": old["_id"]}, {"$set": changed}))
        samples.bulk_write(operations, ordered=False)
    return Filled(truths=filled.truths, found=filled.found, moved=moved)


class _Pages:
    """Images a few at a time, as rows for the database."""

    def __init__(self, book: Book, content: Content) -> None:
        from bson import ObjectId

        self._book, self._content, self._scene = book, content, content.scene
        self._new_id = ObjectId
        self._folder = book.masks
        self._truths = sort_by_image(self._scene.truths, len(self._scene.images))
        self._found = sort_by_image(self._scene.found, len(self._scene.images))
        self._key = name_evaluation(content.run_field) if content.judged else ""

    def turn(self) -> Iterator[range]:
        """Places of images."""
        for start in range(0, len(self._scene.images), AT_ONCE):
            yield range(start, min(start + AT_ONCE, len(self._scene.images)))

    def name(self, place: int) -> str:
        """Path below the annotation folder."""
        return self._content.files[self._scene.images[place]]

    def begin(self, place: int) -> Row:
        """A sample without labels."""
        height, width = self._scene.sizes[place].tolist()
        name = self.name(place)
        return new_sample(self._book, self._content.images / name, name, self._content.part, (height, width))

    def read_known(self, samples: Any, places: range) -> dict[str, Row]:
        """What is there already, without masks."""
        names = [self.name(place) for place in places]
        fields = [self._content.old_truth or TRUTH, *([self._content.run_field] if self._key else [])]
        wanted = {KEY: 1, "tags": 1, **{f"{field}.detections": 1 for field in fields}}
        found: dict[str, Row] = {row[KEY]: row for row in samples.find({KEY: {"$in": names}}, wanted)}
        return found

    def write(
        self, places: range, known: Mapping[str, Row], filled: Filled
    ) -> Iterator[tuple[int, Row, list[str]]]:
        """The fields of each image, and tags that have lost their label."""
        truths = self._write_all(TRUTH, places)
        found = self._write_all(self._content.run_field, places) if self._key else {}
        for place in places:
            old = known.get(self.name(place), {})
            rows, lost = self._take_over_truth(old, truths[place])
            _note(filled.truths, self._truths[place], rows)
            fields = {TRUTH: rows}
            if self._key:
                same = self._content.same_results
                fields[self._content.run_field], more = _take_over(
                    old, self._content.run_field, found[place], name_said(self._key), same=same
                )
                lost += more
                _note(filled.found, self._found[place], fields[self._content.run_field])
                self._judge(place, fields, filled)
            yield (
                place,
                {name: to_detections(rows) for name, rows in fields.items()} | self._count(place),
                lost,
            )

    def _take_over_truth(self, old: Row, rows: list[Row]) -> tuple[list[Row], list[str]]:
        """A truth that moved away keeps its labels: of those that are as they were, the tags are copied."""
        if not self._content.old_truth:
            return _take_over(old, TRUTH, rows, name_said(self._key), same=self._content.same_truth)
        before = (old.get(self._content.old_truth) or {}).get("detections") or ()
        kept = ("label", "bounding_box", "tags", NUMBER)
        known = [{key: row[key] for key in kept if key in row} for row in before if NUMBER in row]
        return Known(rows=known, numbered=False).take_over(rows)[0], []

    def _write_all(self, field: str, places: range) -> dict[int, list[Row]]:
        """Labels of many images at once, since their masks are read together."""
        import numpy as np

        truth = field == TRUTH
        objects, of_image = (self._scene.truths, self._truths) if truth else (self._scene.found, self._found)
        folder = (
            self._folder
            / (f"{TRUTH}_{self._content.fingerprint[:8]}" if truth else field)
            / self._content.part
        )
        writer = Writer(
            names=self._scene.categories,
            scored=not truth,
            place=lambda number: folder / f"{number}.png",
            new_id=self._new_id,
        )
        chosen = np.concatenate([of_image[place] for place in places])
        sizes = [tuple(size) for size in self._scene.sizes[objects.image[chosen]].tolist()]
        rows = iter(writer.write(objects, chosen, sizes))
        return {place: [next(rows) for _ in of_image[place]] for place in places}

    def _judge(self, place: int, fields: dict[str, list[Row]], filled: Filled) -> None:
        judged, field = self._content.judged, self._content.run_field
        if judged is None:
            return
        for name, own, said, partners in (
            (TRUTH, self._truths[place], judged.truths, filled.found),
            (field, self._found[place], judged.found, filled.truths),
        ):
            rows = fields[name]
            for index, number in enumerate(own.tolist()):
                one = said[number]
                partner = partners.get(one.partner) if one.partner >= 0 else None
                rows[index] = add_said(rows[index], one, self._key, partner, truth=name == TRUTH)

    def _count(self, place: int) -> Row:
        """FiftyOne's numbers of an image, and how hard it was."""
        judged = self._content.judged
        if judged is None:
            return {}
        truths = [judged.truths[number].outcome for number in self._truths[place].tolist()]
        found = [judged.found[number].outcome for number in self._found[place].tolist()]
        return {
            f"{self._key}_tp": found.count("tp"),
            f"{self._key}_fp": found.count("fp"),
            f"{self._key}_fn": truths.count("fn"),
            f"{self._key}_hardness": 1 - judged.values.get(self.name(place), 1.0),
        }


def new_sample(book: Book, path: Path, name: str, part: str, size: tuple[int, int]) -> Row:
    """A sample as FiftyOne makes it; `size` is height and width."""
    from bson import ObjectId

    now, (height, width) = _now(), size
    about = {"_cls": "ImageMetadata", "mime_type": guess_type(path)[0] or "image/jpeg"}
    facts = {"width": width, "height": height, "size_bytes": path.stat().st_size if path.is_file() else None}
    return {
        "_id": ObjectId(),
        "_dataset_id": book.number,
        "_media_type": "image",
        "_rand": random.random(),
        "created_at": now,
        "last_modified_at": now,
        "filepath": str(path),
        "tags": [],
        "metadata": {**about, **{key: value for key, value in facts.items() if value}},
        KEY: name,
        PART: part,
    }


def _take_over(
    old: Row, field: str, rows: list[Row], forget: Sequence[str], *, same: bool
) -> tuple[list[Row], list[str]]:
    known = ((old.get(field) or {}).get("detections")) or ()
    return Known(rows=known, numbered=same).take_over(rows, forget) if known else (rows, [])


def _note(ids: dict[int, Any], places: "Ints", rows: Sequence[Row]) -> None:
    ids.update(zip(places.tolist(), (row["_id"] for row in rows), strict=False))


def _now() -> datetime:
    return datetime.now(UTC)
