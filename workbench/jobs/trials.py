"""What a sweep asks for: one training for each combination of values and seeds, and what follows each."""

import itertools
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import USAGE, JobError
from workbench.jobs.job import Job

FOLLOWERS = ("evaluate", "report")
# Of the environment of whoever launches: what decides which programs run, and how; no keys, no passwords.
INHERITED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
INHERITED_FAMILIES = (
    "LC_",
    "OMP_",
    "CUDA_",
    "NCCL_",
    "PYTHON",
    "WORKBENCH_",
    "DETECTRON2_",
    "FVCORE_",
    "TORCH",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training and what follows it; `values` says in what it differs from its neighbours."""

    project: Path
    name: str  # of the run
    values: Mapping[str, str]
    jobs: tuple[Job, ...]  # the first trains; each other one needs the one before it

    @property
    def run(self) -> Path:
        """Its run folder."""
        return self.project / "runs" / self.name


def read_sweeps(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Understand KEY=V1,V2 …; a value with commas stands in brackets: KEY=(1,2),(3,4)."""
    sweeps: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        found = tuple(split_values(values))
        if not (key and equals and all(found)):
            raise JobError(f"--sweep {text}: must be KEY=VALUE,VALUE, but is not; correct it", USAGE)
        if key in sweeps:
            raise JobError(f"--sweep {key}: must be given once, but is there twice; join the values", USAGE)
        if len(set(found)) < len(found):
            raise JobError(f"--sweep {text}: values must differ, but one is there twice; drop it", USAGE)
        sweeps[key] = found
    return sweeps


def split_values(text: str) -> Iterator[str]:
    """Split at commas that are not in brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def plan_trials(
    projects: Sequence[Path],
    sweeps: Mapping[str, Sequence[str]],
    rest: Sequence[str],
    pattern: Job,
    *,
    stamp: str,
    then: Sequence[str] = (),
) -> list[Trial]:
    """Return a trial for each project and combination, in the order in which they were typed."""
    unknown = [verb for verb in then if verb not in FOLLOWERS]
    if unknown:
        raise JobError(
            f"--then {unknown[0]}: must be {' or '.join(FOLLOWERS)}, but is not; correct it", USAGE
        )
    grid = [dict(zip(sweeps, values, strict=True)) for values in itertools.product(*sweeps.values())]
    return [
        _plan_trial(project, values, rest, replace(pattern, name=_name(stamp, number, grid)), then)
        for project in projects
        for number, values in enumerate(grid, 1)
    ]


def _name(stamp: str, number: int, grid: Sequence[object]) -> str:
    return f"{stamp}-{number:0{len(str(len(grid)))}d}" if len(grid) > 1 else stamp


def _plan_trial(
    project: Path, values: Mapping[str, str], rest: Sequence[str], pattern: Job, then: Sequence[str]
) -> Trial:
    program = (sys.executable, "-m", "workbench")
    words = [word for pair in values.items() for word in pair]
    run = str(project / "runs" / pattern.name)
    train = (*program, "train", str(project), *rest, *words, "--run", pattern.name)
    after = [
        replace(pattern, command=(*program, verb, run), name=f"{verb} {pattern.name}", gpus=0)
        for verb in then
    ]
    return Trial(
        project=project,
        name=pattern.name,
        values=values,
        jobs=(replace(pattern, command=train, name=f"train {pattern.name}"), *after),
    )


def choose_environment(found: Mapping[str, str]) -> dict[str, str]:
    """Return what a job needs of the environment in which it was launched."""
    return {
        name: value
        for name, value in sorted(found.items())
        if name in INHERITED or name.startswith(INHERITED_FAMILIES)
    }


def show_command(job: Job) -> str:
    """The command as a person would type it."""
    words = list(job.command)
    if tuple(words[:3]) == (sys.executable, "-m", "workbench"):
        words[:3] = ["workbench"]
    place = "" if Path(job.place) == Path.cwd() else f"cd {shlex.quote(job.place)} && "
    return place + shlex.join(words)
