"""Several runs side by side, read and compared: everything that is told of them, as text or as json."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.commands.comparing.compared import Compared, Entry, Versus
from workbench.commands.comparing.comparison_notes import write_notes
from workbench.commands.comparing.dataset_diff import diff_datasets
from workbench.commands.run_diff import diff_runs
from workbench.evaluation.comparing.compare import Measure, compare_samples
from workbench.evaluation.comparing.drawn import Drawn, draw
from workbench.evaluation.comparing.growth_runs import GrowthRow, collect_growth, count_labelled
from workbench.evaluation.comparing.image_changes import compare_images
from workbench.evaluation.comparing.judged import Judged, read_files, read_parts
from workbench.evaluation.comparing.settling import Settled, settle
from workbench.evaluation.run_part import find_part
from workbench.run import Run, RunError, read_record

HEADLINES = (("panoptic", "PQ"), ("mask", "AP"), ("box", "AP"), ("semantic", "mIoU"))
SEEDS = ("seed", "settings.train.seed", "config.SEED")
_OWN = (
    *("scores.", "best.", "dataset.", "images.", "classes.", "best", "step", "state", "reason"),
    *("config.OUTPUT_DIR", "config.DATASETS.", "typed.", *SEEDS),
)  # what is told elsewhere, or says nothing about how a run was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was asked for."""

    part: str = "val"
    common: bool = False
    force: bool = False
    growth: bool = False


def compare_files(truth: Path, predictions: Sequence[Path], choice: Choice) -> Compared:
    """Compare files of predictions on one truth."""
    judged = read_files(truth, predictions)
    entries = [Entry(letter=_letter(place), name=one.name) for place, one in enumerate(judged)]
    return _compare(judged, entries, choice)


def compare_runs(runs: Sequence[Run], choice: Choice) -> Compared:
    """Compare runs on one part of their data."""
    entries = [
        Entry(
            letter=_letter(place),
            name=run.name,
            run=run,
            record=read_record(run),
            part=find_part(run, choice.part),
        )
        for place, run in enumerate(runs)
    ]
    return _compare(read_parts([entry.part for entry in entries if entry.part]), entries, choice)


def _letter(place: int) -> str:
    """A … Z, then A2 … Z2."""
    turn, letter = divmod(place, 26)
    return f"{chr(ord('A') + letter)}{turn + 1 if turn else ''}"


def _compare(judged: Sequence[Judged], entries: Sequence[Entry], choice: Choice) -> Compared:
    settled = settle(judged, common=choice.common, force=choice.force)
    bursts = settled.judged[0].val.number_bursts() if settled.paired else None
    drawn = [draw(one, bursts=bursts) for one in settled.judged]
    headline = _find_headline(drawn)
    sides = list(zip(entries, drawn, strict=True))
    versus = tuple(_confront(sides[0], side, settled, headline) for side in sides[1:])
    growth = _collect_growth(entries, drawn, headline, settled) if choice.growth else ()
    return Compared(
        entries=tuple(entries),
        settled=settled,
        part=choice.part if entries[0].run else "",
        headline=headline,
        versus=versus,
        draws=drawn[0].draws,
        bursts=drawn[0].bursts,
        growth=growth,
        notes=tuple(write_notes(entries, settled, versus)),
    )


def _find_headline(drawn: Sequence[Drawn]) -> Measure:
    for family, key in HEADLINES:
        measure = Measure(family, key)
        if all(measure in one.samples for one in drawn):
            return measure
    raise RunError("the runs: must have scores of one kind to be compared, but have none in common")


def _collect_growth(
    entries: Sequence[Entry], drawn: Sequence[Drawn], headline: Measure, settled: Settled
) -> tuple[GrowthRow, ...]:
    labelled = [count_labelled(entry.part.manifest, entry.part.task) for entry in entries if entry.part]
    samples = [one.samples for one in drawn]
    return tuple(collect_growth(labelled, samples, headline, paired=settled.paired))


def _confront(
    first: tuple[Entry, Drawn], other: tuple[Entry, Drawn], settled: Settled, headline: Measure
) -> Versus:
    (one, before), (two, after) = first, other
    scores = before.images[headline.family], after.images[headline.family]
    rows = diff_runs(one.run, two.run) if one.run and two.run else []
    data = diff_datasets(one.part.manifest, two.part.manifest) if one.part and two.part else {}
    return Versus(
        entry=two,
        changes=tuple(compare_samples(before.samples, after.samples, paired=settled.paired)),
        images=compare_images(*scores) if settled.paired else None,
        sure=(scores[0].sure, scores[1].sure),
        settings=tuple(row for row in rows if not row[0].startswith(_OWN)),
        dataset=data,
    )
