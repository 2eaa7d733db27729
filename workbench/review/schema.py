"""What a dataset's fields are, declared in FiftyOne's own way, so that the App can filter and colour by them."""

from collections.abc import Iterable, Mapping

from workbench.review.fields import (
    CONFUSED,
    FAINT,
    KEY,
    MISTAKE,
    MISTAKES,
    NOTE,
    NUMBER,
    PART,
    SUSPECT,
    SUSPICION,
    VERDICT,
)
from workbench.review.mark import Book

_OF_SAMPLES = {
    KEY: ("StringField", "path of the image below the annotation folder"),
    PART: ("StringField", "train, val or test; empty where the image is not in the dataset"),
}
_OF_LABELS = {
    NUMBER: ("IntField", "annotation id of a truth, row in the results of a prediction"),
    "iscrowd": ("BooleanField", "a crowd: it need not be found"),
    MISTAKE: ("StringField", "what is wrong, as docs/mistakes.md has it"),
    MISTAKES: ("ListField", "all that is wrong"),
    VERDICT: (
        "StringField",
        "the mistake, or hit, or unsaid: wrong, with a score that nobody would be shown",
    ),
    NOTE: ("StringField", "more about it"),
    CONFUSED: ("StringField", "the class that it should have been"),
    FAINT: ("BooleanField", "right, though the score is low"),
    SUSPICION: ("FloatField", "how likely it is that the label is wrong"),
    SUSPECT: ("StringField", "in which way the label may be wrong"),
}


def declare(
    book: Book,
    fields: Mapping[str, Mapping[str, str]],
    plain: Iterable[tuple[str, str, str]] = (),
) -> None:
    """Declare fields of detections, each with further attributes (name -> type), and fields of samples."""
    fo, dataset = book.fo, book.dataset
    known = dataset.get_field_schema(flat=True)
    of_samples = [*((name, *about) for name, about in _OF_SAMPLES.items()), *plain]
    wanted = {name: (kind, about) for name, kind, about in of_samples}
    for field, more in fields.items():
        if field not in known:
            dataset.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
        attributes = {**_OF_LABELS, **{name: (kind, "") for name, kind in more.items()}}
        wanted |= {f"{field}.detections.{name}": about for name, about in attributes.items()}
    _add(book, {path: about for path, about in wanted.items() if path not in known})
    dataset.create_index(KEY)


def _add(book: Book, wanted: Mapping[str, tuple[str, str]]) -> None:
    """All at once, as FiftyOne merges schemas; one by one, each would write and read the whole dataset's document."""
    if not wanted:
        return
    fo, dataset = book.fo, book.dataset
    details = {
        path: {"description": about or None, **({"subfield": fo.StringField} if kind == "ListField" else {})}
        for path, (kind, about) in wanted.items()
    }
    merge = getattr(dataset, "_merge_sample_field_schema", None)
    if merge is None:  # another version of FiftyOne
        for path, (kind, _) in wanted.items():
            dataset.add_sample_field(path, getattr(fo, kind), **details[path])
        return
    create = book.database.load("core.odm").create_field
    merge(
        {
            path: create(path.rpartition(".")[2], getattr(fo, kind), **details[path])
            for path, (kind, _) in wanted.items()
        }
    )
