"""Which pictures a report shows: pairs of truth and prediction, collected first and drawn image by image."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.parallel import map_in_order
from workbench.report.blocks import Pair
from workbench.report.material import Row, Seen, Source, Views
from workbench.report.pencil import Drawn, Job, Mark, Painting, View, draw_job
from workbench.report.silhouette import Window

CROP, WHOLE = 300, 640  # pixels of the longer side
MARGIN = 0.35  # of the object's longer side, to see where it lies
LEAST = 56  # pixels of a photograph that a crop has at least
GREY = (128, 128, 128)
MOST = 150  # objects drawn on one picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture as it stands in the page."""

    uri: str
    width: int
    height: int


class Plan:
    """Collects what is to be drawn."""

    def __init__(self, views: Views, least: float) -> None:
        self._views = views
        self._score = least
        self._wanted: dict[int, list[View]] = {}
        self._truths = {one.number: (image, one) for image, row in views.truths.items() for one in row}
        self._found = {one.number: (image, one) for image, row in views.found.items() for one in row}

    def add_mistake(self, row: Row) -> Pair | None:
        """Cut out truth and prediction; None where there is nothing to cut from."""
        image = self._views.images.get(_number(row.get("image_id")))
        truth, found = self._find(row)
        if image is None or (truth is None and found is None):
            return None
        about = [one for one in (truth, found) if one]
        window = _cut(about, image)
        keys = self._want(image, window, CROP, truth, found)
        name = self._views.names
        is_, says = (f"{name.get(one.category, '?')}" if one else "" for one in (truth, found))
        score = f" {found.score:.2f}" if found and found.score is not None else ""
        return Pair(
            title=_title(says and says + score, is_, same=says == is_),
            note=_note(row),
            truth=keys[0],
            found=keys[1],
            truth_alt=f"Truth in {image.name}: {_describe(is_, truth)}",
            found_alt=f"Model in {image.name}: {_describe(says, found)}{score and f', score{score}'}",
        )

    def add_suspect(self, row: Row) -> Pair | None:
        """The same; what is suspected is in the note."""
        return self.add_mistake(row)

    def add_image(self, row: Row) -> Pair | None:
        """A whole image, twice."""
        image = self._views.images.get(_number(row.get("image_id")))
        if image is None:
            return None
        keys = self._want(image, (0, 0, image.width, image.height), WHOLE, None, None)
        truths, found = (self._list(side, image.id) for side in (self._views.truths, self._views.found))
        value = row.get("value")
        return Pair(
            title=image.name,
            note="" if value is None else f"{100 * value:.0f} % right",
            truth=keys[0],
            found=keys[1],
            truth_alt=f"Truth in {image.name}: {self._count(image, truths, 0)}",
            found_alt=f"Model in {image.name}: {self._count(image, found, 1)}",
        )

    def _find(self, row: Row) -> tuple[Seen | None, Seen | None]:
        truth = self._truths.get(_number(row.get("truth")), (None, None))[1]
        found = self._found.get(_number(row.get("prediction")), (None, None))[1]
        return truth, found

    def _want(
        self, image: Source, window: Window, side: int, truth: Seen | None, found: Seen | None
    ) -> tuple[str, str]:
        wanted = self._wanted.setdefault(image.id, [])
        keys = []
        whole = truth is None and found is None
        for place, (objects, one) in enumerate(((self._views.truths, truth), (self._views.found, found))):
            key = f"p{image.id}-{len(wanted)}"
            painting = self._painting(image.id, place) if whole else None
            listed = [] if painting else self._list(objects, image.id, one)
            marks = tuple(self._mark(each, one, whole) for each in listed)
            wanted.append(View(key=key, window=window, side=side, marks=marks, painting=painting))
            keys.append(key)
        return keys[0], keys[1]

    def _list(self, objects: Mapping[int, Sequence[Seen]], image: int, one: Seen | None = None) -> list[Seen]:
        """What is sure enough, and in any case the one that it is about."""
        rows = [each for each in objects.get(image, ()) if each.score is None or each.score >= self._score]
        rows = sorted(rows, key=lambda each: -(each.score or 0.0))[:MOST]
        return rows if one is None or one in rows else [*rows, one]

    def _mark(self, each: Seen, one: Seen | None, whole: bool) -> Mark:
        x, y, width, height = each.box
        return Mark(
            color=self._views.colors.get(each.category, GREY),
            box=(x, y, x + width, y + height),
            segmentation=each.segmentation,
            strong=whole or each == one,
        )

    def _painting(self, image: int, place: int) -> Painting | None:
        paths = self._views.painted.get(image)
        if paths is None:
            return None
        colors, segments = self._views.colors, self._views.segments.get(image)
        if segments is None:
            table = [(number - 1, color) for number, color in sorted(colors.items())]
        else:
            table = [(number, colors.get(kind, GREY)) for number, kind in sorted(segments[place].items())]
        return Painting(path=paths[place], colors=tuple(table), segments=segments is not None)

    def _count(self, image: Source, objects: Sequence[Seen], place: int) -> str:
        """So many of each class, for those who cannot see it."""
        segments = self._views.segments.get(image.id)
        kinds = list(segments[place].values()) if segments else [one.category for one in objects]
        counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
        if not counts and image.id in self._views.painted:
            return "each pixel in the colour of its class"
        return (
            ", ".join(f"{count} {self._views.names.get(kind, '?')}" for kind, count in counts.items())
            or "nothing"
        )

    def draw(self, budget: int) -> dict[str, Shown]:
        """Draw all, and keep those first asked for that fit into so many bytes of the page."""
        jobs = [
            Job(
                path=self._views.folder / image.name,
                size=(image.width, image.height),
                views=tuple(self._wanted[number]),
            )
            for number, image in self._views.images.items()
            if number in self._wanted
        ]
        drawn = [one for several in map_in_order(draw_job, jobs, chunk=2) for one in several]
        return _fit(drawn, budget)


def _fit(drawn: Sequence[Drawn], budget: int) -> dict[str, Shown]:
    """The smallest first, where not all fit."""
    shown: dict[str, Shown] = {}
    used = 0
    for one in sorted(drawn, key=lambda each: len(each.content)):
        used += len(one.content) * 4 // 3
        if used <= budget:
            text = base64.b64encode(one.content).decode()
            shown[one.key] = Shown(uri=f"data:image/webp;base64,{text}", width=one.width, height=one.height)
    return shown


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _title(says: str, is_: str, *, same: bool) -> str:
    """What the model says, and what it is."""
    if same:
        return says
    return f"{says}, is {is_}" if says and is_ else f"{says}, nothing there" if says else f"{is_}, not found"


def _note(row: Row) -> str:
    iou = row.get("iou")
    shown = f"IoU {iou:.2f}" if isinstance(iou, int | float) and iou > 0 else ""
    return " · ".join(filter(None, (shown, str(row.get("note") or ""), str(row.get("image") or ""))))


def _describe(name: str, one: Seen | None) -> str:
    return f"{name}, {one.box[2]:.0f} × {one.box[3]:.0f} pixels" if one else "nothing here"


def _cut(about: Sequence[Seen], image: Source) -> Window:
    """A square around the objects, moved into the image."""
    left, top = (min(one.box[axis] for one in about) for axis in (0, 1))
    right, bottom = (max(one.box[axis] + one.box[axis + 2] for one in about) for axis in (0, 1))
    side = max(LEAST, max(right - left, bottom - top) * (1 + 2 * MARGIN))
    spans = []
    for low, high, limit in ((left, right, image.width), (top, bottom, image.height)):
        length = min(side, limit)
        start = min(max(0.0, (low + high - length) / 2), limit - length)
        spans.append((start, start + length))
    return (spans[0][0], spans[1][0], spans[0][1], spans[1][1])
