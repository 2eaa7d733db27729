"""A screen that nobody sees, and a hand for the window on it: xdotool clicks and types as a person does."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool"}
SIZE = (1280, 800)


def find_missing() -> str:
    """The packages that a window needs here and that are not there."""
    return " ".join(package for program, package in PROGRAMS.items() if shutil.which(program) is None)


@contextmanager
def open_screen() -> Iterator[str]:
    """Start an X server on a free number; yield its name."""
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


@dataclass(frozen=True, slots=True)
class Hand:
    """Moves, clicks and types on one screen."""

    display: str

    def do(self, *words: object) -> str:
        """Run one xdotool command."""
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            capture_output=True,
            text=True,
            env={**os.environ, "DISPLAY": self.display},
            timeout=20,
        )
        return done.stdout.strip()

    def windows(self) -> list[tuple[int, str]]:
        """Every window that is to be seen, with its title."""
        numbers = self.do("search", "--onlyvisible", "--name", ".").split()
        return [(int(number), self.do("getwindowname", number)) for number in numbers]

    def wait_for(self, title: str, seconds: float = 40) -> int:
        """Wait until a window with such a title is there, and give it the keyboard."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number, name in self.windows():
                if re.search(title, name):
                    self.do("windowsize", number, *SIZE)
                    self.do("windowmove", number, 0, 0)
                    self.do("windowfocus", number)
                    time.sleep(0.5)
                    return number
            time.sleep(0.2)
        raise AssertionError(f"no window is called {title}: {self.windows()}")

    def click(self, x: float, y: float) -> None:
        """Go there and click; Labelme looks at where the mouse went before it believes a click."""
        self.do("mousemove", round(x), round(y))
        time.sleep(0.15)
        self.do("click", 1)
        time.sleep(0.15)

    def drag(self, start: tuple[float, float], goal: tuple[float, float]) -> None:
        """Press, pull, let go."""
        self.do("mousemove", round(start[0]), round(start[1]))
        time.sleep(0.2)
        self.do("mousedown", 1)
        for step in (0.3, 0.7, 1.0):
            place = (round(a + (b - a) * step) for a, b in zip(start, goal, strict=True))
            self.do("mousemove", *place)
            time.sleep(0.1)
        self.do("mouseup", 1)
        time.sleep(0.2)

    def key(self, *names: str) -> None:
        """Press keys one after the other."""
        for name in names:
            self.do("key", name)
            time.sleep(0.15)

    def draw(self, corners: Sequence[tuple[float, float]], label: str) -> None:
        """Draw a polygon and name it."""
        self.key("ctrl+n")
        for x, y in (*corners, corners[0]):
            self.click(x, y)
        time.sleep(0.4)
        self.do("type", "--delay", "20", label)
        self.key("Return")
        time.sleep(0.4)
        self.do("windowfocus", self.wait_for("^Labelme"))

    def close(self) -> None:
        """Leave as a person does."""
        self.do("windowfocus", self.wait_for("^Labelme"))
        self.key("ctrl+q")

    def shoot(self, path: Path) -> None:
        """Take a picture of the screen."""
        from PIL import ImageGrab

        with suppress(OSError):
            ImageGrab.grab(xdisplay=self.display).save(path)
