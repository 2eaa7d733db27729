"""Runs put into FiftyOne by the command, and what is asked of them there."""

from workbench.cli import main
from workbench.review.fields import name_dataset, name_evaluation, name_run_field

FIELD = name_run_field("20261121-120000-model")
KEY = name_evaluation(FIELD)


def load(database, run):
    return database.fo.load_dataset(name_dataset(run.folder.parent.parent))


def review(run, *more):
    assert main(["review", str(run.folder), "--no-app", *more]) == 0


def labels(dataset, field):
    return [label for sample in dataset for label in (sample[field].detections if sample[field] else ())]


def tag(dataset, field, number, *tags):
    for sample in dataset:
        for label in sample[field].detections if sample[field] else ():
            if label.number == number and sample["part"] == "val":
                label.tags = list(tags)
                sample.save()
                return sample["key"]
    raise AssertionError(f"no {field} {number}")
