"""Which run a person means: a folder, a name in any project's list, or a project, whose last run it is then."""

from pathlib import Path

from workbench.errors import InputMissing, nearest
from workbench.files import is_file
from workbench.project_folder import find_project
from workbench.run import RECORD, Run, list_runs


def choose_run(name: str) -> Run:
    """Find it, or say the nearest name."""
    if is_file(Path(name) / RECORD):
        return Run(folder=Path(name))
    project = find_project(name)
    if project is not None:
        runs = _list(project)
        if not runs:
            raise InputMissing(f"{project}: must have a run, but has none; workbench train {name} makes one")
        return runs[-1]
    known: dict[str, list[Run]] = {}
    for folder in sorted(Path("projects").glob("*")):
        for run in _list(folder):
            known.setdefault(run.name, []).append(run)
    if name not in known:
        raise InputMissing(f"{name}: must be a run or a project, but is neither{nearest(name, known)}")
    if len(known[name]) > 1:
        folders = " and ".join(str(run.folder) for run in known[name])
        raise InputMissing(f"{name}: must be the name of one run, but is that of {folders}; name the folder")
    return known[name][0]


def _list(project: Path) -> list[Run]:
    """Without those that somebody is just removing."""
    return [run for run in list_runs(project / "runs") if not run.name.startswith(".")]
