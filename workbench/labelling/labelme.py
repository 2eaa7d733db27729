"""Labelme as a program: found, told what to show, waited for. It is GPL-3.0: none of it is ever imported."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BUSY, SERVICE_DOWN, MissingExtra, WorkbenchError
from workbench.extras import find_install_command
from workbench.files import claim, explain_os_error, prepare_folder
from workbench.labelling.classes import LABELS, catch_up, choose_labels
from workbench.labelling.own_settings import PLACE, keep_labelmerc, keep_settings_apart, write_config
from workbench.project import Project

NAMED = "WORKBENCH_LABELME"  # the program, where it is neither in this environment nor on the path
OLDEST = 6  # before, labels were not saved by themselves, and option names were others
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
Version = tuple[int, ...]


class LabelmeError(WorkbenchError):
    """Labelme, or the screen that it needs, is not to be had."""

    exit_code = SERVICE_DOWN


class LabelmeBusy(LabelmeError):
    """Somebody has a window open on these very files."""

    exit_code = BUSY


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelme:
    """The program, and which options it knows."""

    program: Path
    version: Version

    @property
    def name(self) -> str:
        """As a person calls it."""
        return f"Labelme {'.'.join(map(str, self.version))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What to open: a folder of images, and the files that say what may be drawn on them."""

    folder: Path
    labels: Path
    config: Path
    flags: Path | None = None
    label_flags: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How the window ended; `words` are its last ones, where it did not end well."""

    code: int
    words: str = ""

    @property
    def well(self) -> bool:
        """Whether a person closed it."""
        return self.code == 0

    def __str__(self) -> str:
        how = f"signal {-self.code}" if self.code < 0 else f"exit {self.code}"
        return f"{how}: {self.words or 'it said nothing'}"


def find_labelme(named: str | None = None) -> Labelme:
    """Return the program that was named, or this environment's, or the one on the path."""
    word = named or os.environ.get(NAMED)
    beside = Path(sys.executable).parent / "labelme"
    found = shutil.which(word) if word else shutil.which(beside) or shutil.which("labelme")
    if found is None:
        what = (
            f"{word} must be the program, but is not there"
            if word
            else "labelme must be installed, but is not"
        )
        raise MissingExtra(
            f"{what}; run: {find_install_command('label', 'labelme')}, or name the program with --labelme or {NAMED}"
        )
    labelme = Labelme(program=Path(found).absolute(), version=_ask_version(found))
    if labelme.version[0] < OLDEST:
        raise MissingExtra(
            f"{found}: must be Labelme 6.3 or later, but is {labelme.name};"
            f" run: {find_install_command('label', 'labelme')}"
        )
    return labelme


def _ask_version(program: str) -> Version:
    """Its own answer; a window is not opened for it, and so no screen is needed."""
    try:
        with keep_labelmerc():
            done = subprocess.run(
                [program, "--version"],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=120,
                check=False,
            )
        answer = done.stdout + done.stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        answer = str(error)
    found = re.search(r"^labelme\s+v?(\d+(?:\.\d+)*)", answer, re.IGNORECASE | re.MULTILINE)
    if found is None:
        said = (answer.strip().splitlines() or ["nothing"])[-1][:160]
        raise LabelmeError(
            f"{program}: --version must say which Labelme it is, but said {said!r}; run workbench doctor"
        )
    return tuple(map(int, found[1].split(".")))


def build_command(labelme: Labelme, window: Window) -> list[str]:
    """Return the words that open it; 6.3 and 7 know these names, and the older ones only for a while."""
    words = [str(labelme.program), str(window.folder), "--config", _name_config(window.config)]
    words += ["--labels", str(window.labels), "--validate-label", "exact", "--no-sort-labels"]
    if window.flags:
        words += ["--flags", str(window.flags)]
    if window.label_flags:
        words += ["--label-flags", str(window.label_flags)]
    return words


def _name_config(path: Path) -> str:
    """Labelme takes settings in the place of a file's name, and would take some names for settings."""
    odd = ": " in str(path) or str(path).endswith(":")
    return path.read_text(encoding="utf-8") if odd else str(path)


def plan_window(labelme: Labelme, folder: Path, project: Project) -> tuple[Window, list[str]]:
    """Write the config of the task, and say what of a person's own settings does not hold for this window."""
    place = prepare_place(project)
    config, notes = write_config(place / "config.yaml", project, labelme.version[0], labelme.program)
    labels = choose_labels(project, place)
    if labels.parent == place:
        notes.append(
            f"{project.annotations / LABELS}: has lines twice or a byte-order mark; Labelme gets a clean copy"
        )
    window = Window(
        folder=folder,
        labels=labels,
        config=config,
        flags=_find(project.annotations / "flags.txt"),
        label_flags=_find(project.annotations / "label_flags.json"),
    )
    return window, notes


def prepare_place(project: Project) -> Path:
    """Make the folder for what the window needs."""
    place = project.folder / PLACE
    prepare_folder(place)
    return place


def _find(path: Path) -> Path | None:
    return path if path.is_file() else None


def open_labelme(folder: Path, project: Project, *, labelme: Labelme | None = None) -> Closed:
    """Open the window on a folder (a desk, or a project's annotations), and come back when it is closed."""
    require_screen()
    labelme = labelme or find_labelme()
    catch_up(project)  # a class that labels.txt lacks could not be drawn
    window, _ = plan_window(labelme, folder, project)
    return run_labelme(labelme, window, prepare_place(project))


def require_screen() -> None:
    """Say in words what Qt says with an abort."""
    if not any(os.environ.get(name) for name in DISPLAYS):
        raise LabelmeError(
            "a screen must be there for Labelme's window, but DISPLAY is not set; run it where you can see windows"
            " (over ssh: ssh -X)"
        )


def run_labelme(labelme: Labelme, window: Window, place: Path) -> Closed:
    """Run it until the window is closed; a person's own settings are not touched."""
    log, command = place / "log.txt", build_command(labelme, _go_inside(window))
    with hold_folder(window.folder, place) as lock, keep_settings_apart(place) as environment:
        try:
            with log.open("wb") as stream:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=window.folder,
                    env=dict(environment), pass_fds=(lock,), start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise LabelmeError(
                f"{command[0]}: must start, but does not ({error.strerror}); run workbench doctor"
            ) from error
        try:
            code = child.wait()
        finally:  # Ctrl-C, or a signal: what is drawn was saved when it was drawn
            if child.poll() is None:
                child.terminate()
                with suppress(subprocess.TimeoutExpired):
                    child.wait(10)
    return Closed(code=code, words="" if code == 0 else _last_words(log))


def _go_inside(window: Window) -> Window:
    """From within the folder the window's list has the names of images alone, and room for them."""
    return Window(
        folder=Path(),
        labels=window.labels.resolve(),
        config=window.config.resolve(),
        flags=window.flags and window.flags.resolve(),
        label_flags=window.label_flags and window.label_flags.resolve(),
    )


@contextmanager
def hold_folder(folder: Path, place: Path) -> Iterator[int]:
    """One window for one folder. The lock is the window's, too: it outlives a workbench that was killed."""
    name = re.sub(r"\W+", "-", str(folder.resolve()))[-80:].strip("-")
    path = place / f"{name}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise explain_os_error(path, error) from error
    try:
        if not claim(descriptor):
            raise LabelmeBusy(
                f"{folder}: must be open in one window only, but Labelme is open on it already; close that one first"
            )
        yield descriptor
    finally:
        os.close(descriptor)


def is_open(folder: Path, project: Project) -> bool:
    """Whether a window is open on a folder right now."""
    try:
        with hold_folder(folder, prepare_place(project)):
            return False
    except LabelmeBusy:
        return True


def _last_words(log: Path) -> str:
    with suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
    return ""


def show_command(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """As a person can paste it into a shell."""
    before = [f"{name}={shlex.quote(value)}" for name, value in (environment or {}).items()]
    return " ".join([*before, shlex.join(command)])
