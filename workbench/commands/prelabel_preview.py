"""The sheet of `workbench prelabel --preview`: what each method finds, beside the image and what a person drew."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, say
from workbench.commands.prelabelling import Plan, Seen, look
from workbench.errors import InputMissing, WorkbenchError

if TYPE_CHECKING:
    from workbench.data.mask import Mask
    from workbench.segmenting.comparison import Agreement
    from workbench.segmenting.preview import Column

SIDE_BY_SIDE, ALONE = 8, 24  # images on a sheet


def choose_shown(plan: Plan, *, typed: bool, many: int) -> list[str]:
    """Spread over what was named; else half labelled ones, which can be judged, and half that are not."""
    if typed:
        return _spread(plan.images, many)
    labelled = [name for name in plan.annotated if (plan.root / name).is_file()]
    old = _spread(sorted(labelled), many - min(len(plan.images), many // 2))
    return [*old, *_spread(plan.images, many - len(old))]


def _spread(names: Sequence[str], many: int) -> list[str]:
    many = min(many, len(names))
    return [names[place * len(names) // many] for place in range(many)]


def draw(plan: Plan, methods: Sequence[str], *, typed: bool) -> dict[str, Any]:
    """Try every method on some images, draw the sheet, and return the sums."""
    from workbench.segmenting.comparison import Agreement
    from workbench.segmenting.preview import Strip, Tried, draw_preview

    sums = {method: Agreement() for method in methods}
    seconds, objects = dict.fromkeys(methods, 0.0), dict.fromkeys(methods, 0)
    strips: list[Strip] = []
    shown = choose_shown(plan, typed=typed, many=SIDE_BY_SIDE if len(methods) > 1 else ALONE)
    if not shown:
        raise InputMissing(f"{plan.root}: must have an image to show, but has none; put some there")
    for image in shown:
        try:
            seen = {method: look(plan.root / image, method, plan.settings) for method in methods}
        except WorkbenchError as problem:
            say(str(problem))
            continue
        labels = read_masks(plan, image)
        tries = []
        for method, one in seen.items():
            agreement = _judge(one, labels)
            sums[method] += agreement or Agreement()
            seconds[method] += one.seconds
            objects[method] += len(one.regions)
            tries.append(Tried(regions=one.regions, note=_note(one, agreement)))
        strips.append(Strip(path=plan.root / image, name=image, tries=tuple(tries)))
    if not strips:
        raise InputMissing(f"{plan.root}: must have an image that can be read, but none of {len(shown)} can")
    name = f"preview-{methods[0] if len(methods) == 1 else 'all'}.png"
    columns = [_head(method, sums[method], seconds[method] / len(strips)) for method in methods]
    draw_preview(plan.drafts / name, _title(plan, methods, columns), columns, strips)
    rows = {
        method: {
            "images": len(strips),
            "objects": objects[method],
            "labels": sums[method].labels,
            "found": sums[method].found,
            "right": round(sums[method].precision, 4) if sums[method].labels else None,
            "seconds": round(seconds[method] / len(strips), 3),
        }
        for method in methods
    }
    return {"preview": str(plan.drafts / name), "methods": rows}


def read_masks(plan: Plan, image: str) -> "list[Mask]":
    """What a person drew on it, whatever it is called; nothing where nobody drew."""
    from workbench.data.dataset import Image
    from workbench.formats.folder import read_pair
    from workbench.prepare.collect import collect_instances, find_labels
    from workbench.project import make_categories

    name = plan.annotated.get(image)
    if name is None:
        return []
    pair = read_pair(plan.root, name)
    if pair.facts is None:
        return []
    things = (
        [one.name for one in plan.project.categories if one.thing]
        if plan.project
        else find_labels(pair.annotation)
    )
    place = Image(path=image, width=pair.facts.width, height=pair.facts.height, annotation=name)
    known = {one.name: one for one in make_categories(things)}
    return [one.mask for one in collect_instances(pair.annotation, place, known).instances]


def _judge(seen: Seen, labels: "Sequence[Mask]") -> "Agreement | None":
    from workbench.segmenting.comparison import compare

    return compare(seen.regions, labels) if labels else None


def _note(seen: Seen, agreement: "Agreement | None") -> str:
    count = f"{len(seen.regions)} object{'' if len(seen.regions) == 1 else 's'}"
    return f"{count}, {agreement.found} of {agreement.labels} labels" if agreement else count


def _head(method: str, agreement: "Agreement", seconds: float) -> "Column":
    from workbench.segmenting.preview import Column

    time = f"{seconds:.2f} s"
    if not agreement.labels:
        return Column(title=method, note=time)
    told = f"finds {agreement.recall:.0%} of labels, {agreement.precision:.0%} right"
    return Column(title=method, note=f"{told}, {time}")


def _title(plan: Plan, methods: Sequence[str], columns: "Sequence[Column]") -> tuple[str, str]:
    from dataclasses import fields

    from workbench.segmenting.settings import Settings

    changed = [
        f"{one.name.replace('_', '-')} {getattr(plan.settings, one.name)}"
        for one in fields(Settings)
        if getattr(plan.settings, one.name) != one.default
    ]
    alone = [columns[0].note] if len(methods) == 1 else []
    said = ", ".join(changed) or "default settings"
    return f"{plan.root.resolve().name}: {' · '.join(methods)}", " · ".join([said, *alone])


def format_rows(rows: dict[str, Any]) -> str:
    """One line a method, for a terminal."""
    head = ("method", "objects", "labels found", "right", "s/image")
    lines = [
        (
            method,
            str(row["objects"]),
            f"{row['found']} of {row['labels']}" if row["labels"] else "–",
            f"{row['right']:.0%}" if row["labels"] else "–",
            f"{row['seconds']:.2f}",
        )
        for method, row in rows.items()
    ]
    return format_table([head, *lines], right="objects right s/image")
