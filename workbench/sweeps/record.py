"""A sweep: trainings that belong together, and the folder that says which they are.

sweep.json    what was launched: written once by `launch`, in the moment in which its jobs are in the queue
search.json   what a search was asked for, and what each of its trials runs
journal.log   what a search has tried, and what came of it
trials/       a file for each trial of a search, held while anything of it runs
folds.json    which image is in which fold, frozen
page.html     all trials on one page
best.toml     project.toml with the values of the best trial
before.toml   what project.toml was before that was adopted
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import CANNOT_CREATE, InputMissing, nearest
from workbench.files import explain_os_error, is_file, prepare_folder, temporary_name, write_atomically
from workbench.sweeps.names import LAST, SweepError, require_name

if TYPE_CHECKING:
    from workbench.run import Run

RECORD = "sweep.json"
VERSION = 1
Kind = Literal["grid", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepTrial:
    """One training; those that share their values and differ in seed or fold tell how much is noise."""

    number: int  # from 1 on
    run: str  # the name of its run
    values: Mapping[str, str] = field(
        default_factory=dict
    )  # without seed and fold; a search fills them in later
    seed: int | None = None
    fold: int | None = None  # from 1 on
    jobs: tuple[int, ...] = ()  # numbers in the queue: the training, then what follows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What was launched together; it never changes."""

    name: str
    kind: Kind = "grid"
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # key -> values; of a search: its range
    seeds: tuple[int, ...] = ()
    folds: int = 0  # 0: the project's own split
    trials: tuple[SweepTrial, ...] = ()
    metric: str = ""  # what decides which is best, such as mask.AP; empty: what the task goes by
    words: tuple[str, ...] = ()  # what all of them were given: what stood behind --
    home: str = ""  # the folder of the queue that knows the jobs; empty: none does
    created: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what sweep.json holds."""
        return {"version": VERSION, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFolder:
    """One folder under projects/<project>/sweeps/; nobody else spells the names in it."""

    path: Path

    @property
    def name(self) -> str:
        """What a person calls it; the names of its runs begin with it."""
        return self.path.name

    @property
    def project(self) -> Path:
        """The project whose sweep it is."""
        return self.path.parent.parent

    @property
    def record(self) -> Path:
        """What was launched."""
        return self.path / RECORD

    @property
    def search(self) -> Path:
        """What a search was asked for."""
        return self.path / "search.json"

    @property
    def journal(self) -> Path:
        """What a search has tried."""
        return self.path / "journal.log"

    @property
    def folds(self) -> Path:
        """Which image is in which fold."""
        return self.path / "folds.json"

    @property
    def page(self) -> Path:
        """The page for people."""
        return self.path / "page.html"

    @property
    def best(self) -> Path:
        """project.toml with the values of the best trial."""
        return self.path / "best.toml"

    def before(self, number: int) -> Path:
        """What project.toml was before the best was adopted, each time."""
        return self.path / ("before.toml" if number == 1 else f"before-{number}.toml")

    def lock(self, number: int) -> Path:
        """Held while anything of a trial of a search runs."""
        return self.path / "trials" / f"{number}.lock"

    def run(self, trial: SweepTrial) -> "Run":
        """The run of a trial, which may not be there yet."""
        from workbench.run import Run  # launch answers at once, and needs none

        return Run(folder=self.project / "runs" / trial.run)


def sweep_folder(project: Path, name: str) -> SweepFolder:
    """Return where the sweep of that name lies, whether it is there or not."""
    return SweepFolder(path=project / "sweeps" / require_name(name))


def make_sweep(project: Path, name: str) -> SweepFolder:
    """Make the folder of a new sweep; what is launched is not mixed with what was."""
    folder = sweep_folder(project, name)
    if is_file(folder.record):
        raise SweepError(
            f"{folder.path}: must be a new sweep, but is there; choose another name", CANNOT_CREATE
        )
    prepare_folder(folder.path.parent)
    prepare_folder(folder.path)
    return folder


def write_sweep(folder: SweepFolder, sweep: Sweep) -> None:
    """Write sweep.json, whole or not at all."""
    text = json.dumps(sweep.to_json(), indent=1, ensure_ascii=False)
    write_atomically(folder.record, f"{text}\n".encode())


def read_sweep(folder: SweepFolder) -> Sweep:
    """Read sweep.json."""
    path = folder.record
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputMissing(f"{path}: must exist, but does not; is {folder.path} a sweep?") from None
    except (OSError, ValueError) as error:
        raise SweepError(
            f"{path}: must be readable JSON, but is not ({error}); launch the sweep again"
        ) from error
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION:
        raise SweepError(f"{path}: version: must be {VERSION}, but got {version!r}; update the workbench")
    try:
        return _json_to_sweep(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SweepError(f"{path}: must be what launch wrote, but is not ({error!r}); restore it") from error


def _json_to_sweep(found: Mapping[str, Any]) -> Sweep:
    rest = {key: value for key, value in found.items() if key != "version"}
    if rest["kind"] not in get_args(Kind):
        raise ValueError(f"kind {rest['kind']}")
    return Sweep(
        **rest
        | {
            "axes": {key: tuple(values) for key, values in rest["axes"].items()},
            "seeds": tuple(rest["seeds"]),
            "words": tuple(rest["words"]),
            "trials": tuple(SweepTrial(**{**one, "jobs": tuple(one["jobs"])}) for one in rest["trials"]),
        }
    )


def list_sweeps(project: Path) -> list[SweepFolder]:
    """Every sweep of a project, the oldest first."""
    records = (project / "sweeps").glob(f"[!.]*/{RECORD}")
    ordered = sorted(records, key=lambda path: (path.stat().st_mtime_ns, path))
    return [SweepFolder(path=path.parent) for path in ordered]


def find_sweep(project: Path, name: str = "") -> SweepFolder:
    """Return the sweep that a person means by its name or its folder; without either, the last one."""
    known = list_sweeps(project)
    if name in ("", LAST):
        if not known:
            raise InputMissing(
                f"{project}: must have a sweep, but has none; workbench launch --sweep makes one"
            )
        return known[-1]
    found = [one for one in known if name == one.name or Path(name).resolve() == one.path.resolve()]
    if not found:
        names = [one.name for one in known]
        raise InputMissing(f"{name}: must be a sweep of {project}, but is not{nearest(name, names)}")
    return found[0]


def remove_sweep(folder: SweepFolder) -> None:
    """First out of the list, in one move, then away; what a kill in between leaves, the next sweep sweeps up."""
    from shutil import rmtree

    try:
        gone = temporary_name(folder.path)
        folder.path.rename(gone)
        rmtree(gone)
    except OSError as error:
        raise explain_os_error(folder.path, error) from error
