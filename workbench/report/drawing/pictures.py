"""Which pictures a report shows: pairs of truth and prediction, collected first and drawn image by image."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.parallel import map_in_order
from workbench.report.blocks import Pair
from workbench.report.drawing.captions import count_objects, describe, name_mistake, write_note
from workbench.report.drawing.pencil import Drawn, Job, Mark, Painting, View, draw_job
from workbench.report.drawing.silhouette import Window
from workbench.report.kinds import SUSPICIONS
from workbench.report.material import Material, Row, Seen, Source

CROP, WHOLE = 300, 640  # pixels of the longer side
MARGIN = 0.35  # of the object's longer side, to see where it lies
LEAST = 56  # pixels of a photograph that a crop has at least
GREY = (128, 128, 128)
FEW = 8  # photographs that are drawn before a second process has started
MOST = 150  # objects drawn on one picture
TRUTH, FOUND = 0, 1  # the sides of a pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture as it stands in the page."""

    uri: str
    width: int
    height: int


class Plan:
    """Collects what is to be drawn."""

    def __init__(self, material: Material, *, crop: int = CROP, whole: int = WHOLE) -> None:
        self._views, self._crop, self._whole = material.views, crop, whole
        self._least = {number: material.find_least(name) for number, name in self._views.names.items()}
        self._wanted: dict[int, list[View]] = {}
        self._sides = (self._views.truths, self._views.found)
        self._known = tuple({one.number: one for row in side.values() for one in row} for side in self._sides)

    def add_mistake(self, row: Row) -> Pair | None:
        """Cut out truth and prediction; None where there is nothing to cut from."""
        image = self._views.images.get(_number(row.get("image_id")))
        truth, found = (
            self._known[side].get(_number(row.get(key))) for side, key in enumerate(("truth", "prediction"))
        )
        if image is None or (truth is None and found is None):
            return None
        strong = self._find_strong(row)
        window = _cut(
            [self._known[side][number] for side in (TRUTH, FOUND) for number in strong[side]], image
        )
        keys = self._want(image, window, self._crop, strong)
        is_, says = (self._views.names.get(one.category, "?") if one else "" for one in (truth, found))
        suspicion = SUSPICIONS.get(str(row.get("kind")), "")
        return Pair(
            title=" ".join(filter(None, (suspicion, name_mistake(is_, says, found)))),
            note=write_note(row),
            truth=keys[TRUTH],
            found=keys[FOUND],
            truth_alt=f"Truth in {image.name}: {describe(is_, truth)}",
            found_alt=f"Model in {image.name}: {describe(says, found)}",
        )

    def _find_strong(self, row: Row) -> tuple[set[int], set[int]]:
        """The truths and predictions that a row is about; with `others`, where one covers several or several one."""
        strong: tuple[set[int], set[int]] = (set(), set())
        others = [
            (TRUTH if row.get("kind") == "merged" else FOUND, other) for other in row.get("others") or ()
        ]
        for side, number in ((TRUTH, row.get("truth")), (FOUND, row.get("prediction")), *others):
            if _number(number) in self._known[side]:
                strong[side].add(_number(number))
        return strong

    def add_image(self, row: Row) -> Pair | None:
        """A whole image, twice."""
        image = self._views.images.get(_number(row.get("image_id")))
        if image is None:
            return None
        keys = self._want(image, (0, 0, image.width, image.height), self._whole, None)
        value = row.get("value")
        alts = [
            count_objects(self._views, image, self._list(side, image.id, ()), side) for side in (TRUTH, FOUND)
        ]
        return Pair(
            title=image.name,
            note="" if value is None else f"{100 * value:.0f}\u00a0% right",
            truth=keys[TRUTH],
            found=keys[FOUND],
            truth_alt=f"Truth in {image.name}: {alts[TRUTH]}",
            found_alt=f"Model in {image.name}: {alts[FOUND]}",
        )

    def _want(
        self, image: Source, window: Window, size: int, strong: tuple[set[int], set[int]] | None
    ) -> tuple[str, str]:
        """Ask for two views; all objects of a whole image (`strong` None) are drawn alike."""
        wanted = self._wanted.setdefault(image.id, [])
        keys = []
        for side in (TRUTH, FOUND):
            key = f"p{image.id}-{len(wanted)}"
            painting = self._painting(image.id, side) if strong is None else None
            chosen = None if strong is None else strong[side]
            listed = [] if painting else self._list(side, image.id, chosen or ())
            marks = tuple(self._mark(one, chosen is None or one.number in chosen) for one in listed)
            wanted.append(View(key=key, window=window, side=size, marks=marks, painting=painting))
            keys.append(key)
        return keys[TRUTH], keys[FOUND]

    def _list(self, side: int, image: int, chosen: Iterable[int]) -> list[Seen]:
        """What is sure enough, the surest first, and in any case what it is about."""
        rows = self._sides[side].get(image, ())
        sure = [one for one in rows if one.score is None or one.score >= self._least.get(one.category, 0.0)]
        kept = sorted(sure, key=lambda one: -(one.score or 0.0))[:MOST]
        there = {one.number for one in kept}
        return [*kept, *(one for one in rows if one.number in set(chosen) - there)]

    def _mark(self, one: Seen, strong: bool) -> Mark:
        x, y, width, height = one.box
        return Mark(
            color=self._views.colors.get(one.category, GREY),
            box=(x, y, x + width, y + height),
            segmentation=one.segmentation,
            strong=strong,
        )

    def _painting(self, image: int, side: int) -> Painting | None:
        paths = self._views.painted.get(image)
        if paths is None:
            return None
        colors, segments = self._views.colors, self._views.segments.get(image)
        if segments is None:
            table = [(number - 1, color) for number, color in sorted(colors.items())]
        else:
            table = [(number, colors.get(kind, GREY)) for number, kind in sorted(segments[side].items())]
        return Painting(path=paths[side], colors=tuple(table), segments=segments is not None)

    @property
    def wanted(self) -> int:
        """How many pictures were asked for."""
        return sum(map(len, self._wanted.values()))

    def list_jobs(self) -> list[Job]:
        """Photograph by photograph, all that is wanted of it."""
        return [
            Job(
                path=self._views.folder / image.name,
                size=(image.width, image.height),
                views=tuple(self._wanted[number]),
            )
            for number, image in self._views.images.items()
            if number in self._wanted
        ]

    def draw(self, budget: int) -> dict[str, Shown]:
        """Draw all, and keep those first asked for that fit into so many bytes of the page."""
        jobs = self.list_jobs()
        drawn = [one for several in map_in_order(draw_job, jobs, chunk=2, small=FEW) for one in several]
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
