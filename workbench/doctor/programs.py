"""The programs beside Python: Labelme with the libraries its window needs, and FiftyOne with its database."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from workbench.doctor.fact import Fact, State
from workbench.doctor.parts import PARTS, find_version, judge
from workbench.doctor.probes import IMPORTS, ask, probe
from workbench.extras import find_install_command

# library that Qt's window plugin asks the system for → Debian's and Ubuntu's package of it, where the names differ
PACKAGES = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libfontconfig.so.1": "libfontconfig1"}
PLUGINS = ("PyQt5/Qt5/plugins/platforms/libqxcb.so", "PySide6/Qt/plugins/platforms/libqxcb.so")
LABELME = next(part for part in PARTS if part.project == "labelme")
FIFTYONE = next(part for part in PARTS if part.project == "fiftyone")


def find_labelme() -> list[Fact]:
    """The program, and what its window needs."""
    if not find_version("labelme"):
        found = shutil.which("labelme")
        if found is None:
            return [judge(LABELME)]
        return [Fact(group="label", name="labelme", state="fine", value=f"{found} (another environment's)")]
    program = Path(sys.executable).parent / "labelme"
    fact = judge(LABELME, "" if program.exists() else f"its program {program} is not there")
    return [fact, _judge_window()]


def _judge_window() -> Fact:
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if missing := find_missing_libraries():
        mend = f"sudo apt install {' '.join(map(find_package, missing))}"
        value = f"cannot open: the system lacks {', '.join(missing)}"
        state: State = "wrong" if display else "untried"  # where nobody can see a window, none is missed
        return Fact(group="label", name="window", state=state, value=value, mend=mend)
    value = (
        f"its libraries are there, display {display}"
        if display
        else "its libraries are there; no display here"
    )
    return Fact(group="label", name="window", state="fine", value=value)


def find_missing_libraries() -> list[str]:
    """What the loader does not find for the plugin of Qt that opens windows."""
    places = [Path(place) / plugin for place in sys.path for plugin in PLUGINS]
    answers = [ask("ldd", str(place)) or "" for place in places if place.is_file()]
    lines = [line for answer in answers for line in answer.splitlines()]
    return sorted({line.split()[0] for line in lines if "not found" in line})


def find_package(library: str) -> str:
    """`libxcb-icccm.so.4` is in `libxcb-icccm4`, `libdbus-1.so.3` in `libdbus-1-3`."""
    stem, _, number = library.partition(".so.")
    return PACKAGES.get(library, f"{stem.lower()}{'-' if stem[-1].isdigit() else ''}{number}")


def find_fiftyone() -> list[Fact]:
    """Does it import, and does its database start?"""
    if not find_version("fiftyone"):
        return [judge(FIFTYONE)]
    trouble = probe(IMPORTS, ("fiftyone",))
    text = trouble.get("fiftyone", "") if isinstance(trouble, dict) else str(trouble)
    return [judge(FIFTYONE, text), _judge_database()]


def _judge_database() -> Fact:
    server = os.environ.get("FIFTYONE_DATABASE_URI")
    if server:
        return Fact(
            group="review", name="mongod", state="fine", value="a server of your own (FIFTYONE_DATABASE_URI)"
        )
    mend = find_install_command("review", "mongod")
    program = find_mongod()
    if program is None:
        value = "not there: FiftyOne could not fetch it while it was installed"
        return Fact(group="review", name="mongod", state="wrong", value=value, mend=mend)
    answer = ask(str(program), "--version")
    if answer is None:
        return Fact(
            group="review", name="mongod", state="wrong", value=f"{program} does not start", mend=mend
        )
    version = answer.splitlines()[0].removeprefix("db version ").strip()
    return Fact(group="review", name="mongod", state="fine", value=f"{version}, starts")


def find_mongod() -> Path | None:
    """Where FiftyOne looks: beside its own code, then on the path."""
    spec = find_spec("fiftyone")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    beside = [Path(folder) / "db" / "bin" / "mongod" for folder in folders]
    found = [program for program in beside if program.is_file()]
    elsewhere = shutil.which("mongod")
    return found[0] if found else (Path(elsewhere) if elsewhere else None)
