"""Which truth is called `truth`: the newest; older ones stay for the runs that were judged by them, with their tags."""

import re

from workbench.review.fields import TRUTH, name_evaluation, name_old_truth
from workbench.review.mark import Book

_NAME = re.compile(rf"(?<![\w-]){TRUTH}(?:_[0-9a-f]{{1,8}})?(?![\w-])")


def make_room(book: Book, fingerprint: str) -> tuple[str, bool]:
    """Make `truth` ready for another dataset: where the one of before is now, and whether what is there is of it.

    A truth that no run was judged by stays where it is, and is written over: it has moved nowhere.
    """
    before, dataset = book.fingerprint, book.dataset
    if before in ("", fingerprint):
        return "", before == fingerprint
    back = name_old_truth(fingerprint)
    returns = dataset.has_sample_field(back)
    if not (returns or _list_judged(book, before)):
        return "", False
    old = name_old_truth(before)
    _move(book, before, TRUTH, old)
    if not returns:
        return old, False
    _move(book, fingerprint, back, TRUTH)
    return "", True


def _list_judged(book: Book, fingerprint: str) -> list[str]:
    return [name for name, about in book.runs.items() if about["fingerprint"] == fingerprint]


def _move(book: Book, fingerprint: str, field: str, target: str) -> None:
    """Evaluations and saved views of its runs go on to show the labels that they were made with."""
    book.dataset.rename_sample_field(field, target)
    known = book.dataset.list_evaluations()
    for name in _list_judged(book, fingerprint):
        key = name_evaluation(name)
        if key in known:
            config = book.dataset.get_evaluation_info(key).config
            config.gt_field = target
            config.build().update_run_config(book.dataset, key, config)
        _redirect_views(book, name, target)


def _redirect_views(book: Book, name: str, target: str) -> None:
    """Their stages are texts in the database."""
    views = book.database.connection.views
    sign = f" ({book.runs[name]['run']}, {book.runs[name]['part']})"
    for row in views.find({"_dataset_id": book.number}, {"name": 1, "view_stages": 1}):
        if str(row["name"]).endswith(sign):
            stages = [_NAME.sub(target, stage) for stage in row["view_stages"]]
            views.update_one({"_id": row["_id"]}, {"$set": {"view_stages": stages}})
