"""Which folder a person means by the name of a project; small, since verbs that only pass it on need no more."""

from pathlib import Path

from workbench.files import is_file

FILE = "project.toml"


def find_project(name: str) -> Path | None:
    """Return the folder that a person means by a path or by a name under projects/."""
    for folder in (Path(name), Path("projects") / name):
        if is_file(folder / FILE):
            return folder
    return Path(name).parent if Path(name).name == FILE and is_file(Path(name)) else None
