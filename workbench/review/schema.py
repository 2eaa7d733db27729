"""What a dataset's fields are, declared in FiftyOne's own way, so that the App can filter and colour by them."""

from collections.abc import Iterable, Mapping
from typing import Any

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


def declare(fo: Any, dataset: Any, fields: Mapping[str, Mapping[str, str]]) -> None:
    """Declare fields of detections, each with further attributes (name -> type), and what all samples have."""
    known = dataset.get_field_schema(flat=True)
    for name, (kind, about) in _OF_SAMPLES.items():
        if name not in known:
            dataset.add_sample_field(name, getattr(fo, kind), description=about)
    dataset.create_index(KEY)
    for field, more in fields.items():
        if field not in known:
            dataset.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
        attributes = {**_OF_LABELS, **{name: (kind, None) for name, kind in more.items()}}
        for name, (kind, what) in attributes.items():
            path = f"{field}.detections.{name}"
            if path not in known:
                subfield = {"subfield": fo.StringField} if kind == "ListField" else {}
                dataset.add_sample_field(path, getattr(fo, kind), description=what, **subfield)


def declare_plain(fo: Any, dataset: Any, fields: Iterable[tuple[str, str, str]]) -> None:
    """Declare fields of samples: name, type, what it is."""
    known = dataset.get_field_schema()
    for name, kind, about in fields:
        if name not in known:
            dataset.add_sample_field(name, getattr(fo, kind), description=about)
