"""What a conversion did, as `--json` and the summary show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.conversion.ledger import Ledger
from workbench.data.dataset import Category
from workbench.data.finding import Finding
from workbench.errors import FAILED, WorkbenchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`counts` are the sums; `shares` is a table of the classes, its first row the head."""

    out: str
    counts: Mapping[str, Any]
    findings: tuple[Finding, ...]
    shares: tuple[tuple[str, ...], ...] = ()
    reused: bool = False


class Skipped(WorkbenchError):
    """`--strict`, and something did not reach the dataset; carries the result that was not written."""

    exit_code = FAILED

    def __init__(self, result: Result) -> None:
        ledger, refused = result.counts["ledger"], result.counts["files"]["refused"]
        lost = ", ".join(f"{count} {reason}" for reason, count in (ledger["skipped"] or refused).items())
        total = sum(ledger["skipped"].values())
        what = (
            f"{total} of {ledger['shapes']} shapes were" if total else f"{sum(refused.values())} files were"
        )
        super().__init__(
            f"--strict: every shape must reach the dataset, but {what} skipped ({lost}); nothing was written"
        )
        self.result = result


def count(ledger: Ledger, images: int, annotations: int, categories: Iterable[Category]) -> dict[str, Any]:
    """Return the sums of one conversion; shapes = instances + all of skipped, always."""
    names = [category.name for category in categories]
    return {
        "images": images,
        "annotations": annotations,
        "categories": len(names),
        "category_names": names,
        "files": {"read": ledger.files, "refused": dict(sorted(ledger.refused.items()))},
        "ledger": ledger.to_json(),
    }


def require_nothing_skipped(result: Result, *, strict: bool) -> None:
    """Stop a strict conversion before its files take their names."""
    if strict and (result.counts["ledger"]["skipped"] or result.counts["files"]["refused"]):
        raise Skipped(result)
