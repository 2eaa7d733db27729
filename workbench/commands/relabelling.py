"""From what was picked to drafts: by tags, by suspicion, or by what a model would learn most from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from workbench.commands.output import safe, say
from workbench.data.selection import FINE, Pick, Selection
from workbench.errors import InputMissing, ProjectError, WorkbenchError
from workbench.project import Project, read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.data.dataset import Category
    from workbench.drafting.desk import LaidOut
    from workbench.drafting.draft import Draft
    from workbench.drafting.places import Places
    from workbench.drafting.proposing import Sight
    from workbench.drafting.scene import Found
    from workbench.drafting.sights import PartFiles
    from workbench.run import Run

MISTAKES = ("val", "test", "train")
SURE = 0.5  # where no mistakes say which score is best


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was typed."""

    error: float
    min_score: float | None
    device: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabelled:
    """What was picked, and what lies on the desk now."""

    selection: Selection
    laid: "LaidOut"
    proposals: int
    noted: int
    elsewhere: Mapping[str, Path]
    withdrawn: int

    def to_json(self, run: "Run") -> dict[str, Any]:
        """Return the document of `--json`."""
        return {
            "run": str(run.folder),
            "source": self.selection.source,
            "selection": str(run.selection),
            "drafts": str(run.drafts),
            "picks": [
                {"image": pick.image, "why": pick.why, "tags": list(pick.tags), "score": pick.score}
                for pick in self.selection.picks
            ],
            "ready": list(self.laid.ready),
            "left": list(self.laid.left),
            "refused": dict(self.laid.refused),
            "elsewhere": {image: str(desk) for image, desk in self.elsewhere.items()},
            "proposals": self.proposals,
            "noted": self.noted,
            "withdrawn": self.withdrawn,
        }


def find_run_project(run: "Run") -> Project:
    """The project whose annotations a run is about."""
    for folder in (run.folder, run.folder.resolve()):
        home = find_project(str(folder.parent.parent))
        if home:
            return read_project(home)
    raise ProjectError(
        f"{run.folder}: must lie in the runs/ of a project, whose annotations it is about, but does not; move it back"
    )


def read_mistakes(run: "Run") -> list[tuple[str, dict[str, Any]]]:
    """Return the mistakes of every part that was judged."""
    found = []
    for part in MISTAKES:
        path = run.mistakes(part)
        if path.is_file():
            try:
                found.append((part, orjson.loads(path.read_bytes())))
            except ValueError as error:
                raise InputMissing(
                    f"{path}: must be whole JSON, but is not ({error}); run workbench evaluate {run.folder} again"
                ) from error
    return found


def pick_suspected(run: "Run", count: int) -> Selection:
    """Take the labels that the run contradicts most firmly."""
    from workbench.drafting.picking import pick_suspects

    mistakes = read_mistakes(run)
    if not mistakes:
        raise InputMissing(
            f"{run.folder / 'mistakes'}: must hold suspects, but is not there;"
            f" workbench evaluate {run.folder} makes them (--split train for the images that it learned from)"
        )
    return pick_suspects(run.name, mistakes, count)


def pick_useful(run: "Run", project: Project, model: Any, count: int) -> Selection:
    """Take the unlabelled images on which the model contradicts itself most, and no two that look alike."""
    from workbench.engine.prediction.disagreement import measure_disagreement
    from workbench.formats.images import read_facts
    from workbench.labelling.labelled import take_stock
    from workbench.prepare.diversity import pick_diverse
    from workbench.progress import track

    root, names = project.annotations, take_stock(project.annotations).unlabelled
    paths = {root / name: name for name in names}
    rated = list(
        track(measure_disagreement(model, paths, tell=_complain), len(paths), "looking for what is useful")
    )
    looks = [read_facts(path, pixels=True).look for path, _, _ in rated]
    chosen = pick_diverse(looks, [score for _, score, _ in rated], count)
    picks = (
        Pick(image=paths[path], why=why.replace(":", ","), score=round(score, 4))
        for path, score, why in (rated[place] for place in chosen)
    )
    return Selection(run=run.name, source="useful", picks=tuple(picks))


def _complain(path: Path, reason: str) -> None:
    say(safe(f"{path}: {reason}"))


def gather(selection: Selection) -> dict[str, list[Pick]]:
    """Picks by image, in their order; what was called fine is no reason to look again."""
    found: dict[str, list[Pick]] = {}
    for pick in selection.picks:
        if set(pick.tags) != {FINE}:
            found.setdefault(pick.image, []).append(pick)
    return found


def lay_selection(
    run: "Run",
    project: Project,
    selection: Selection,
    make: "Callable[[Mapping[str, Sequence[Pick]]], Iterator[Draft]]",
) -> Relabelled:
    """Write the selection down and lay its drafts out, unless a person has begun them elsewhere."""
    from workbench.drafting.desk import lay_out
    from workbench.drafting.desks import find_begun, find_desks, withdraw
    from workbench.formats.selection import write_selection

    write_selection(run.selection, selection)
    wanted = gather(selection)
    others = [desk for desk in find_desks(project) if desk.resolve() != run.drafts.resolve()]
    elsewhere = find_begun(others, wanted.keys())
    counts = {"proposals": 0, "noted": 0}

    def count(drafts: "Iterable[Draft]") -> "Iterator[Draft]":
        for draft in drafts:
            counts["proposals"] += len({shape.extra["workbench"]["object"] for shape in draft.proposals})  # type: ignore[index]
            counts["noted"] += len(draft.notes)
            yield draft

    here = {image: picks for image, picks in wanted.items() if image not in elsewhere}
    laid = lay_out(run.drafts, count(make(here)), annotations=project.annotations, source=run.name)
    withdrawn = withdraw(others, set(laid.ready))
    return Relabelled(selection=selection, laid=laid, elsewhere=elsewhere, withdrawn=withdrawn, **counts)


def draft_known(
    run: "Run", project: Project, wishes: Wishes, wanted: Mapping[str, Sequence[Pick]]
) -> "Iterator[Draft]":
    """Draft images of the run's dataset from what it has predicted; where it has not, they are predicted now."""
    from workbench.drafting.places import Places
    from workbench.drafting.proposing import propose

    parts = _Parts(run=run, places=Places(project.annotations), categories=_name_categories(project))
    is_sure, unseen = _choose_wanted(run, wishes), []
    for image, picks in wanted.items():
        part = next((pick.part for pick in picks if pick.part), "")
        if not part or not parts.read(part).predicted:
            unseen.append(image)
            continue
        try:
            sight = parts.read(part).see(image, parts.places, parts.categories)
        except WorkbenchError as error:
            say(safe(str(error)))
            continue
        yield propose(picks, sight, run=run.name, error=wishes.error, wanted=is_sure)
    if unseen:
        from workbench.engine.prediction.images import ready

        rest = {image: wanted[image] for image in unseen}
        yield from draft_new(run, project, ready(run, wishes.device), wishes, rest)


def draft_new(
    run: "Run", project: Project, model: Any, wishes: Wishes, wanted: Mapping[str, Sequence[Pick]]
) -> "Iterator[Draft]":
    """Draft images that nobody has predicted; of those that are in no dataset, everything that the model finds."""
    from workbench.drafting.places import Places
    from workbench.drafting.proposing import propose
    from workbench.engine.prediction.images import predict_images
    from workbench.engine.prediction.outlining import list_found
    from workbench.progress import track

    parts = _Parts(run=run, places=Places(project.annotations), categories=_name_categories(project))
    is_sure = _choose_wanted(run, wishes)
    images = {project.annotations / image: image for image in wanted}
    for seen in track(predict_images(model, images, tell=_complain), len(images), "predict"):
        image = images[seen.path]
        part = next((pick.part for pick in wanted[image] if pick.part), "")
        try:
            sight = parts.see(image, part, (seen.width, seen.height))
        except WorkbenchError as error:
            say(safe(str(error)))
            continue
        sight = replace(sight, found=list_found(seen))
        yield propose(
            wanted[image], sight, run=run.name, error=wishes.error, wanted=is_sure, everything=not part
        )


@dataclass(slots=True, kw_only=True)
class _Parts:
    """The parts of a run's dataset, each read when it is asked for."""

    run: "Run"
    places: "Places"
    categories: "Mapping[str, Category]"
    files: "dict[str, PartFiles]" = field(default_factory=dict)

    def read(self, part: str) -> "PartFiles":
        """Truth and results."""
        from workbench.drafting.sights import read_part
        from workbench.evaluation.run_part import find_part

        if part not in self.files:
            found = find_part(self.run, part)
            self.files[part] = read_part(found.truth, found.results)
        return self.files[part]

    def see(self, image: str, part: str, size: tuple[int, int]) -> "Sight":
        """An image of a part, or one that is in no dataset, as large as it was seen."""
        from workbench.drafting.proposing import Sight
        from workbench.drafting.scene import collect_known

        if part:
            return self.read(part).see(image, self.places, self.categories)
        place = self.places.find(image)
        return Sight(
            image=image,
            annotation=place.annotation if place.known else "",
            known=collect_known(place.known, self.categories, size),
            found=(),
            truths={},
        )


def _name_categories(project: Project) -> "dict[str, Category]":
    return {category.name: category for category in project.categories}


def _choose_wanted(run: "Run", wishes: Wishes) -> "Callable[[Found], bool]":
    """What is drawn unasked: from the typed score on, or from the one on that is best for its class."""
    scores = [document for _, document in read_mistakes(run) if "score" in document][:1]
    least = dict(scores[0].get("least") or {}) if scores else {}
    usual = float(scores[0]["score"]) if scores else SURE

    def is_sure(found: "Found") -> bool:
        wanted = wishes.min_score if wishes.min_score is not None else float(least.get(found.label, usual))
        return found.score is None or found.score >= wanted

    return is_sure
