"""A comparison as one JSON document; fractions, never percent."""

from typing import Any

from workbench.commands.comparing.compared import Compared, Entry, Versus
from workbench.commands.comparing.growth_json import growth_to_json
from workbench.evaluation.comparing.compare import Change
from workbench.evaluation.comparing.image_changes import ImageChange
from workbench.evaluation.comparing.set_differences import Differences
from workbench.evaluation.comparing.settling import FORCED
from workbench.evaluation.comparing.verdicts import tell


def comparison_to_json(found: Compared, *, gain: float) -> dict[str, Any]:
    """Return all of it."""
    val = found.settled.judged[0].val
    document = {
        "runs": [_entry(entry) for entry in found.entries],
        "split": found.part,
        "images": len(val.images),
        "bursts": found.bursts,
        "draws": found.draws,
        "sets": found.settled.mode,
        "headline": found.headline.name,
        "comparisons": [
            _versus(found, one, differences)
            for one, differences in zip(found.versus, found.settled.differences, strict=True)
        ],
        "notes": list(found.notes),
    }
    return document | (
        {"growth": [growth_to_json(row, gain) for row in found.growth]} if found.growth else {}
    )


def _entry(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"letter": entry.letter, "name": entry.name}
    if entry.run is None:
        return row
    data = entry.record.get("dataset")
    return row | {
        "folder": str(entry.run.folder),
        "seed": entry.record.get("seed"),
        "dataset": data.get("fingerprint") if isinstance(data, dict) else None,
    }


def _versus(found: Compared, one: Versus, differences: Differences) -> dict[str, Any]:
    letters = (found.entries[0].letter, one.entry.letter)
    same = found.settled.mode != FORCED
    families: dict[str, dict[str, Any]] = {}
    classes: dict[str, dict[str, Any]] = {}
    for change in one.changes:
        table = classes.setdefault(change.measure.category, {}) if change.measure.category else families
        table.setdefault(change.measure.family, {})[change.measure.key] = _change(change, same=same)
    return {
        "first": letters[0],
        "other": letters[1],
        "words": tell(one.find(found.headline), *letters, same=same),
        "differences": _differences(differences),
        "metrics": families,
        "per_category": classes,
        "images": _images(found, one),
        "settings": [{"key": key, "values": [old, new]} for key, old, new in one.settings],
        "dataset": one.dataset,
    }


def _change(change: Change, *, same: bool) -> dict[str, Any]:
    return {
        "first": change.first,
        "other": change.other,
        "difference": change.difference,
        "interval": change.interval,
        "above": change.above,
        "verdict": change.verdict if same else "other images",
    }


def _differences(found: Differences) -> dict[str, Any]:
    return {
        "only_first": found.only_first,
        "only_other": found.only_other,
        "changed": found.changed,
        "classes_first": found.classes_first,
        "classes_other": found.classes_other,
        "common": found.common,
    }


def _images(found: Compared, one: Versus) -> dict[str, Any] | None:
    if one.images is None:
        return None
    names = [image.name for image in found.settled.judged[0].val.images]
    return {
        "sure": one.sure,
        "better": [_image(change, names) for change in one.images.better],
        "worse": [_image(change, names) for change in one.images.worse],
        "same": one.images.same,
    }


def _image(change: ImageChange, names: list[str]) -> dict[str, Any]:
    return {
        "image": names[change.place],
        "first": change.first,
        "other": change.other,
        "missed": change.missed,
        "false": change.false,
    }
