"""A comparison as a person reads it on a terminal: the answer first, then the numbers, then what differs."""

from workbench.commands.comparing.compare_changes import format_images, format_settings
from workbench.commands.comparing.compare_table import format_numbers
from workbench.commands.comparing.compared import Compared, Entry
from workbench.commands.comparing.growth_text import format_growth
from workbench.commands.folding import fold
from workbench.commands.output import format_table, safe
from workbench.commands.run_lines import UNKNOWN
from workbench.evaluation.comparing.settling import COMMON, FORCED
from workbench.evaluation.comparing.verdicts import count, tell


def format_comparison(found: Compared, *, gain: float, images: int) -> str:
    """Everything, in blocks."""
    blocks = [_format_head(found), _format_answers(found), format_numbers(found)]
    for one in found.versus:
        blocks += [format_images(found, one, images), format_settings(found, one)]
    blocks += [format_growth(found, gain), "\n".join(fold(f"note: {safe(note)}") for note in found.notes)]
    return "\n\n".join(block for block in blocks if block)


def _format_head(found: Compared) -> str:
    val = found.settled.judged[0].val
    where = f"{found.part}: " if found.part else ""
    extent = {COMMON: ", those that all have alike", FORCED: " in A, NOT the same in all"}.get(
        found.settled.mode, ""
    )
    bursts = f" in {count(found.bursts, 'burst')}" if found.bursts < len(val.images) else ""
    lines = [f"{where}{count(len(val.images), 'image')}{bursts}{extent}", ""]
    rows = [tuple(map(safe, _describe(entry))) for entry in found.entries]
    return "\n".join(lines) + "\n" + format_table(rows)


def _describe(entry: Entry) -> tuple[str, ...]:
    if entry.run is None:
        return (entry.letter, entry.name)
    data = entry.record.get("dataset")
    fingerprint = data.get("fingerprint") if isinstance(data, dict) else None
    return (
        entry.letter,
        entry.name,
        f"seed {entry.record.get('seed', UNKNOWN)}",
        f"dataset {str(fingerprint or UNKNOWN)[:8]}",
    )


def _format_answers(found: Compared) -> str:
    same = found.settled.mode != FORCED
    first = found.entries[0].letter
    return "\n".join(
        fold(tell(one.find(found.headline), first, one.entry.letter, same=same)) for one in found.versus
    )
