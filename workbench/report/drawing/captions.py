"""What pictures show, in words: under them, and for those who cannot see them."""

from collections.abc import Sequence

from workbench.report.material import Row, Seen, Source, Views


def name_mistake(is_: str, says: str, found: Seen | None) -> str:
    """What the model says, and what it is."""
    score = f" {found.score:.2f}" if found and found.score is not None else ""
    if not says:
        return f"{is_}, not found"
    if says == is_:
        return says + score
    return f"{says}{score}, is {is_}" if is_ else f"{says}{score}, nothing there"


def write_note(row: Row) -> str:
    """Overlap, what the analysis says, and where."""
    iou = row.get("iou")
    shown = f"IoU {iou:.2f}" if isinstance(iou, int | float) and iou > 0 else ""
    return " · ".join(filter(None, (shown, str(row.get("note") or ""), str(row.get("image") or ""))))


def describe(name: str, one: Seen | None) -> str:
    """One object in words."""
    if one is None:
        return "nothing here"
    score = "" if one.score is None else f", score {one.score:.2f}"
    return f"{name}, {one.box[2]:.0f} × {one.box[3]:.0f} pixels{score}"


def count_objects(views: Views, image: Source, objects: Sequence[Seen], side: int) -> str:
    """So many of each class."""
    segments = views.segments.get(image.id)
    kinds = list(segments[side].values()) if segments else [one.category for one in objects]
    counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    if not counts and image.id in views.painted:
        return "each pixel in the colour of its class"
    return ", ".join(f"{count} {views.names.get(kind, '?')}" for kind, count in counts.items()) or "nothing"
