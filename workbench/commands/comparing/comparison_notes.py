"""What a person should know beside a comparison, before anything is concluded from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.evaluation.comparing.settling import COMMON, FORCED, Settled
from workbench.evaluation.comparing.verdicts import count
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.sampling.seen import FEW

if TYPE_CHECKING:
    from workbench.commands.comparing.compared import Entry, Versus


def write_notes(entries: "Sequence[Entry]", settled: Settled, versus: "Sequence[Versus]") -> Iterator[str]:
    """Say what the numbers do not."""
    yield from _note_sets(entries, settled)
    yield from _note_answers(entries, settled)
    yield from _note_bursts(settled)
    yield from _note_states(entries)
    yield from _note_seeds(entries, versus)


def _note_sets(entries: "Sequence[Entry]", settled: Settled) -> Iterator[str]:
    first = entries[0].letter
    for entry, found in zip(entries[1:], settled.differences, strict=True):
        if not found:
            continue
        told = found.tell(first, entry.letter)
        if settled.mode == COMMON:
            yield f"left out, for {first} and {entry.letter} do not have it alike: {told}"
        elif settled.mode == FORCED:
            yield f"{first} and {entry.letter} were not judged on the same, and no difference proves anything: {told}"


def _note_answers(entries: "Sequence[Entry]", settled: Settled) -> Iterator[str]:
    """Images that one run was judged on and another (or itself) was trained on."""
    asked: Mapping[str, str] = {image.key: image.name for one in settled.judged for image in one.val.images}
    for entry in entries:
        if entry.part is None or entry.part.part == "train":
            continue
        known = [asked[key] for key in _find_trained(entry.part) if key in asked]
        if known:
            names = ", ".join(known[:3]) + (", …" if len(known) > 3 else "")
            yield (
                f"{entry.letter} was trained on {len(known)} of these images ({names}): "
                "it knows the answers, and its numbers are too good"
            )


def _note_bursts(settled: Settled) -> Iterator[str]:
    val = settled.judged[0].val
    bursts, images = len(set(val.number_bursts())), len(val.images)
    if bursts < images:
        yield (
            "bursts are told by names and times, as the split tells them, and drawn as a whole: "
            "pictures of one burst are nearly one picture"
        )
    if bursts < FEW:
        few = count(bursts, "burst" if bursts < images else "image")
        yield f"{few} cannot tell a difference from noise, whatever the numbers say: it takes {FEW}"


def _note_states(entries: "Sequence[Entry]") -> Iterator[str]:
    for entry in entries:
        state = entry.record.get("state", "finished")
        if state != "finished":
            yield f"{entry.letter} is {state}, not finished: these are its best weights when it was last predicted with"


def _note_seeds(entries: "Sequence[Entry]", versus: "Sequence[Versus]") -> Iterator[str]:
    if entries[0].run is None:
        return
    alike = [one.entry for one in versus if not one.dataset and not one.settings]
    if alike:
        letters = ", ".join(entry.letter for entry in alike)
        seeds = {entry.record.get("seed") for entry in (entries[0], *alike)}
        what = "their seeds" if len(seeds) > 1 else "what nobody wrote down, not even in their seeds"
        yield (
            f"{entries[0].letter} and {letters} differ in nothing but {what}: "
            "what is different here is what luck alone does"
        )
    else:
        yield (
            "the intervals are about other images; another seed moves a training, too: "
            "runs that differ in nothing else tell how much"
        )


def _find_trained(part: RunPart) -> dict[str, str]:
    """Return the digest of every image that the run was trained on, with its name."""
    parts = part.manifest.parts
    return {
        source.image_digest: source.image
        for source in part.manifest.sources
        if parts.get(source.image) == "train"
    }
