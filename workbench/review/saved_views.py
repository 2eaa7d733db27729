"""The views of docs/review.md as saved views of FiftyOne, and its colours: one for each kind of mistake."""

from collections.abc import Sequence
from typing import Any

from workbench.data.selection import TAGS
from workbench.review.fields import (
    CONFUSED,
    FAINT,
    KEY,
    MISTAKES,
    PART,
    SUSPECT,
    TRUTH,
    UNSAID,
    VERDICT,
    name_evaluation,
    name_segments,
)
from workbench.review.kinds_of_views import COLORS, HIT, IMAGES, SUSPICIONS, View
from workbench.review.mark import Book

_ABOUT = (PART, KEY, "uniqueness", "near_duplicates", "look")
_METADATA = ("width", "height", "size_bytes", "mime_type", "num_channels")
_GREY = "#8c8c8c"
_TAG_COLORS = dict(zip(TAGS, ("#e69f00", "#cc79a7", "#d55e00", "#009e73"), strict=True))


def save_views(book: Book, field: str, views: Sequence[View]) -> dict[str, int]:
    """Save the views of a run that have rows, in place of earlier ones of it; return how many rows each has."""
    about = book.runs[field]
    for name in book.dataset.list_saved_views():
        if name.endswith(f" ({about['run']}, {about['part']})"):
            book.dataset.delete_saved_view(name)
    for view in views:
        if view.rows:
            book.dataset.save_view(
                f"{view.title} ({about['run']}, {about['part']})",
                build_view(book, field, view),
                description=view.about,
                color=_to_hex(_find_color(view)),
                overwrite=True,
            )
    return {view.name: len(view.rows) for view in views}


def build_view(book: Book, field: str, view: View) -> Any:
    """The samples, with the labels that belong to the view."""
    ask, key, truth = book.fo.ViewField, name_evaluation(field), book.name_truth(field)
    samples = book.dataset.match(ask(PART) == book.runs[field]["part"])
    if view.of == IMAGES:
        names = [row["image"] for row in view.rows]
        return samples.match(ask(KEY).is_in(names)).sort_by(f"{key}_hardness", reverse=True)
    if view.kinds == ("missed",):
        return samples.filter_labels(truth, ask(f"{key}_mistake") == "missed").sort_by(
            f"{key}_fn", reverse=True
        )
    if view.kinds == SUSPICIONS:
        return _filter_both(samples, ask, (truth, field), ask(SUSPECT).is_in(list(SUSPICIONS)))
    if view.pair:
        wanted = (ask(CONFUSED) == view.pair[0]) & (ask("label") == view.pair[1])
    elif view.kinds == (HIT,):
        return samples.filter_labels(field, ask(FAINT) == True).sort_by(  # noqa: E712  (a query, not a comparison)
            ask(f"{field}.detections.confidence").min()
        )
    else:
        wanted = ask(MISTAKES).contains(list(view.kinds))
    return samples.filter_labels(field, wanted).sort_by(
        ask(f"{field}.detections.confidence").max(), reverse=True
    )


def _filter_both(samples: Any, ask: Any, fields: Sequence[str], wanted: Any) -> Any:
    """Images where one or the other has such labels."""
    for field in fields:
        samples = samples.filter_labels(field, wanted, only_matches=False)
    first, second = (ask(f"{field}.detections").length() > 0 for field in fields)
    return samples.match(first | second)


def set_colors(book: Book, field: str) -> None:
    """Colour labels by what is right and wrong with them, and show the run that was reviewed last."""
    fo = book.fo
    said = [{"value": name, "color": _to_hex(color)} for name, color in COLORS.items()]
    values = [*said, {"value": UNSAID, "color": _GREY}]
    fields = [
        {"path": path, "fieldColor": color, "colorByAttribute": VERDICT, "valueColors": values}
        for path, color in ((TRUTH, "#ffffff"), *((run, _GREY) for run in book.runs))
    ]
    tags = [{"value": tag, "color": color} for tag, color in _TAG_COLORS.items()]
    book.dataset.app_config.color_scheme = fo.ColorScheme(
        color_by="value", opacity=0.5, fields=fields, label_tags={"fieldColor": _GREY, "valueColors": tags}
    )
    book.dataset.app_config.active_fields = fo.ActiveFields(paths=[TRUTH, field])
    book.dataset.app_config.sidebar_groups = _group_fields(book, field)
    book.dataset.save()


def _group_fields(book: Book, field: str) -> list[Any]:
    """The sidebar: the newest run first, the numbers of each run together, and closed what is seldom asked for."""
    fo, dataset = book.fo, book.dataset
    names = [name for name in dataset.get_field_schema() if not name.startswith("_")]
    evaluations = {
        f"{book.runs[run]['run']}, {book.runs[run]['part']}": [
            name for name in names if name.startswith(f"{name_evaluation(run)}_")
        ]
        for run in sorted(book.runs, key=lambda run: (run != field, run))
    }
    newest = [name for name in (TRUTH, field, name_segments(TRUTH), name_segments(field)) if name in names]
    labels = _find_labels(book, names)
    taken = {*labels, *(name for some in evaluations.values() for name in some), *_ABOUT, "tags", "metadata"}
    groups = [
        ("tags", ["tags", "_label_tags"], True),
        ("labels", [*newest, *(name for name in labels if name not in newest)], True),
        ("images", [name for name in _ABOUT if name in names], True),
        *(
            (f"figures of {name}", paths, place == 0)
            for place, (name, paths) in enumerate(evaluations.items())
        ),
        ("metadata", [f"metadata.{name}" for name in _METADATA], False),
        ("primitives", [name for name in names if name not in taken], False),
    ]
    return [fo.SidebarGroupDocument(name=name, paths=paths, expanded=open_) for name, paths, open_ in groups]


def _find_labels(book: Book, names: Sequence[str]) -> list[str]:
    runs = [name for run in book.runs for name in (run, name_segments(run))]
    return [name for name in names if name.startswith(TRUTH) or name in runs]


def _find_color(view: View) -> tuple[int, int, int]:
    return next((COLORS[kind] for kind in view.kinds if kind in COLORS), (140, 140, 140))


def _to_hex(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
