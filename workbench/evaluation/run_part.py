"""One part of a run's dataset: where its truth lies, where its predictions, and whether the truth is still the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.data.manifest import Manifest
from workbench.errors import DatasetError, InputMissing
from workbench.files import digest_file
from workbench.formats.manifest import read_manifest
from workbench.run import Run, RunError, read_record

THINGS = "things"
_MEETS = re.compile(
    r"^\s*META_ARCHITECTURE: PanopticDeepLab$", re.MULTILINE
)  # one picture for things and stuff


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPart:
    """A part that a run can be judged on."""

    run: Run
    part: str
    task: str
    dataset: Path
    manifest: Manifest

    @property
    def truth(self) -> Path:
        """COCO instances."""
        return self.dataset / f"{self.part}.json"

    @property
    def results(self) -> Path:
        """What was found, as COCO results."""
        return self.run.predictions(self.part)

    @property
    def panoptic_truth(self) -> Path:
        """COCO panoptic; the pictures lie beside it."""
        return self.dataset / f"panoptic_{self.part}.json"

    @property
    def panoptic_results(self) -> Path:
        """The same, predicted."""
        return self.results.with_name(f"panoptic_{self.part}.json")

    @property
    def pictures(self) -> Path:
        """Predicted classes, a picture an image."""
        return self.results.with_name(f"semantic_{self.part}")

    @property
    def images(self) -> Path:
        """Where the file names of the truth begin."""
        return (self.dataset / self.manifest.image_root).resolve()

    @property
    def files(self) -> tuple[str, ...]:
        """The images of the part, as the truth calls them."""
        return tuple(sorted(name for name, part in self.manifest.parts.items() if part == self.part))

    @property
    def predicted(self) -> bool:
        """Whether everything is there that can be judged."""
        needed = {
            "instance": (self.results,),
            "semantic": (self.pictures,),
            "panoptic": (self.panoptic_results,),
        }
        return all(path.exists() for path in needed[self.task])

    @property
    def separated(self) -> bool:
        """Whether the pictures of classes have one class for all things, as those of Panoptic FPN."""
        if self.task != "panoptic":
            return False
        try:
            return not _MEETS.search(self.run.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"must be the configuration of the run, but cannot be read ({error}); put it back"
            raise RunError(f"{self.run.config}: {message}") from error

    def name_classes(self) -> list[str]:
        """The classes of the pictures, in the order of their numbers."""
        categories = self.manifest.categories
        if not self.separated:
            return [category.name for category in categories]
        return [THINGS, *(category.name for category in categories if not category.thing)]

    def pair_pictures(self) -> Iterator[tuple[Path, Path]]:
        """Truth and prediction have the same name."""
        folder = f"{'separated' if self.separated else 'semantic'}_{self.part}"
        for name in sorted(self.manifest.outputs):
            if name.startswith(f"{folder}/"):
                yield self.dataset / name, self.pictures / name.removeprefix(f"{folder}/")


def find_part(run: Run, part: str) -> RunPart:
    """Find the dataset that a run was trained on, and require it to be what it was."""
    record = read_record(run)
    about = record.get("dataset")
    if not isinstance(about, dict) or not {"folder", "fingerprint"} <= set(about):
        raise RunError(
            f"{run.record}: dataset: must name a folder and a fingerprint, but does not; train again"
        )
    folder = _find_dataset(run, Path(about["folder"]), str(about["fingerprint"]))
    manifest = read_manifest(folder)
    found = RunPart(
        run=run, part=part, task=record.get("task") or manifest.task, dataset=folder, manifest=manifest
    )
    if manifest.fingerprint != about["fingerprint"]:
        message = (
            f"must be {about['fingerprint']}, which the run was trained on, but is {manifest.fingerprint}"
        )
        raise DatasetError(
            folder, "fingerprint", f"{message}; convert the annotations of that time", "other-data"
        )
    _require_part(found)
    return found


def _find_dataset(run: Run, folder: Path, fingerprint: str) -> Path:
    """Where run.json says, or where it lies after the whole project was moved."""
    moved = run.folder.resolve().parent.parent / "datasets" / fingerprint
    for place in (folder, moved):
        if place.is_dir():
            return place
    raise InputMissing(
        f"{folder}: must be the dataset that {run.name} was trained on, but is gone; workbench convert makes it "
        f"again, under the same name {fingerprint} if annotations and split are as they were"
    )


def _require_part(found: RunPart) -> None:
    parts = sorted(set(found.manifest.parts.values()))
    if found.truth.name not in found.manifest.outputs or found.part not in parts:
        message = f"must be one of the dataset's parts ({', '.join(parts)}), but got {found.part!r}"
        raise DatasetError(
            found.dataset, found.part, f"{message}; correct --split, or change [split]", "no-part"
        )
    if not found.truth.is_file():
        raise DatasetError(
            found.truth,
            "",
            "must be there, but is gone; delete the folder and convert again",
            "dataset-missing",
        )
    if digest_file(found.truth) != found.manifest.outputs[found.truth.name]:
        message = "must be as converted, but has changed since; delete the folder and convert again"
        raise DatasetError(found.truth, "", message, "dataset-changed")
