"""What to do about errors: a sentence for each kind, with the class that has most of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_MASKS: Mapping[str, str] = {
    "outline-loose": "Look whether labels are drawn too wide ({count} masks reach beyond their object)",
    "outline-tight": "Look whether labels cut corners ({count} masks stay inside their object)",
    "hole-missed": "Label more objects with holes, and cut the holes out ({count} are filled)",
    "merged": "Label more objects that touch, each on its own ({count} masks cover several)",
    "split": "Label more objects that something stands in front of, as one each ({count} are found in pieces)",
}

Document = Mapping[str, Any]


class Advice(NamedTuple):
    """A sentence, and roughly how much of a score it is about."""

    worth: float
    text: str


def advise_errors(document: Document) -> Iterator[Advice]:
    """Advise on each kind by what it costs."""
    kinds = document.get("errors", {}).get("kinds", {})
    seen = _Confusion(document.get("confusion"))
    if not sum(row.get("predictions", 0) for row in document["per_category"].values()) and kinds:
        yield Advice(1, "Nothing was found: train longer, or look at what the model was shown (batches.png).")
        return
    for kind, row in kinds.items():
        if row.get("AP") and kind in _MASKS:
            gain = f"{100 * row['AP']:.1f} points of AP"
            yield Advice(row["AP"], f"{_MASKS[kind].format(count=row['count'])}: {gain}.")
        elif row.get("cost") and row["count"]:
            text = _describe_kind(kind, row, seen)
            if text:
                yield Advice(row["cost"], text)


def _describe_kind(kind: str, row: Mapping[str, Any], seen: "_Confusion") -> str:
    gain = f"{100 * row['cost']:.1f} points of AP50"
    count = f"{row['count']:,}"
    if kind == "missed":
        name, part, whole = seen.find_missed()
        most = (
            f"; from a score of {seen.score:.2f} on, {part} of {whole} {name} are not found" if part else ""
        )
        return f"Label more of what is missed: finding it would bring {gain}{most}."
    if kind == "background":
        name, part, _ = seen.find_alarms()
        most = f", {part} of them as {name}" if part else ""
        return f"Add images without objects that look like the false alarms ({count}{most}): {gain}."
    if kind == "class":
        first, other, part = seen.find_mix_up()
        pair = f" {first} is taken for {other} {_times(part)}:" if part else ""
        return f"Tell classes apart:{pair} label more of both; right classes would bring {gain}."
    if kind == "duplicate":
        return (
            f"Objects are found more than once ({count}): a lower MODEL.ROI_HEADS.NMS_THRESH_TEST, or a higher "
            f"score to report from, would bring up to {gain}."
        )
    if kind == "place":
        return f"Draw outlines tightly and alike: {count} predictions are the right class in the wrong place, {gain}."
    return ""


class _Confusion:
    """A confusion matrix, asked for its largest entries."""

    def __init__(self, table: Document | None) -> None:
        self.labels: Sequence[str] = table["labels"] if table else ()
        self.matrix: Sequence[Sequence[int]] = table["matrix"] if table else ()
        self.score: float = (table or {}).get("score") or 0.0

    def find_missed(self) -> tuple[str, int, int]:
        """The class that is most often missed, how often, and of how many."""
        rows = [(row[-1], name, sum(row)) for name, row in zip(self.labels[:-1], self.matrix, strict=False)]
        missed, name, whole = max(rows, default=(0, "", 0))
        return name, missed, whole

    def find_alarms(self) -> tuple[str, int, int]:
        """The class that is most often seen where there is nothing."""
        last = self.matrix[-1][:-1] if self.matrix else ()
        alarms, name = max(zip(last, self.labels, strict=False), default=(0, ""))
        return name, alarms, sum(last)

    def find_mix_up(self) -> tuple[str, str, int]:
        """Which class is most often taken for which, and how often."""
        names = self.labels[:-1]
        pairs = [
            (times, first, other)
            for first, row in zip(names, self.matrix, strict=False)
            for other, times in zip(names, row, strict=False)
            if first != other
        ]
        times, first, other = max(pairs, default=(0, "", ""))
        return first, other, times


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
