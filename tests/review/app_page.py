"""FiftyOne's App as a person has it in front of them: opened by our command, and worked with by mouse and keys."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.browser import Browser, find_browser, start_browser
from workbench.run import Run

LOOKERS = "document.querySelectorAll('[data-cy=looker]')"
PATIENCE = 90.0  # seconds that a busy machine may take to open the App
READ_TAGS = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from workbench.review.tags import read_tags
from workbench.run import Run
print(json.dumps([asdict(pick) for pick in read_tags(Run(folder=Path(sys.argv[1]))).picks]))
"""


class Page:
    """The App with our dataset in it."""

    def __init__(self, browser: Browser, run: Run, variables: dict[str, str]) -> None:
        self.browser, self.run, self._variables = browser, run, variables

    def sees(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until a text can be read."""
        self.browser.wait_until(f"document.body.innerText.includes({json.dumps(text)})", seconds)

    def click(self, selector: str) -> None:
        """Click on the first element that fits."""
        self.browser.click(f"document.querySelector({json.dumps(selector)})")

    def open(self, selector: str, inside: str) -> None:
        """Click on something that opens, again where a page that was still being drawn has closed it."""
        for _ in range(5):
            self.click(selector)
            with suppress(TimeoutError):
                self.browser.wait_until(f"!!document.querySelector({json.dumps(inside)})", 3)
                return

    def click_text(self, text: str, among: str = "button, label, li, [role=option]") -> None:
        """Click on the last element that says just this, or begins with it on a line of its own."""
        self.browser.click(
            f"[...document.querySelectorAll({json.dumps(among)})].filter(e => !e.disabled && (e.innerText || '').trim()"
            f".split('\\n').includes({json.dumps(text)})).pop()"
        )

    def submit(self, text: str) -> None:
        """Press the button of a form, again where the form was still being checked, until it is gone."""
        there = (
            f"[...document.querySelectorAll('button')].some(e => e.innerText.trim() === {json.dumps(text)})"
        )
        for _ in range(5):
            self.click_text(text, "button")
            with suppress(TimeoutError):
                self.browser.wait_until(f"!{there}", 3)
                return

    def open_view(self, title: str) -> None:
        """Choose a saved view from the list at the left."""
        self.open("[data-cy=saved-views-selection]", "[data-cy=saved-views-create-new]")
        name = f"{title} ({self.run.name}, val)".lower()
        slug = "".join(c if c.isalnum() else "-" for c in name)
        while "--" in slug:
            slug = slug.replace("--", "-")
        self.click(f"[data-cy=saved-views-{slug.strip('-')}-selection-option]")
        self.browser.wait_until(f"location.href.includes('view={slug.strip('-')}')")

    def select(self, place: int) -> None:
        """Tick the box at the corner of an image."""
        self.browser.hover(f"{LOOKERS}[{place}]")
        self.browser.click(f"{LOOKERS}[{place}].querySelector('label')")
        self.browser.wait_until(f"{LOOKERS}[{place}].querySelector('input').checked")

    def call(self, words: str) -> None:
        """Open the list of operators with its key, and choose one of ours."""
        for _ in range(5):
            self.browser.press("`", 192, "`")
            with suppress(TimeoutError):
                self.browser.wait_until("document.activeElement.tagName === 'INPUT'", 3)
                break
        self.browser.write(words)
        self.sees(f"Workbench: {words}")
        self.browser.press("Enter", 13)

    def count(self) -> str:
        """How many images, or patches, are shown."""
        return self.browser.ask("document.querySelector('[data-cy=entry-counts]').innerText")

    def read_tags(self, tag: str) -> list[dict[str, object]]:
        """What `workbench relabel` would pick for a tag, as soon as the App has written it."""
        for _ in range(8):
            done = subprocess.run(
                [sys.executable, "-c", READ_TAGS, str(self.run.folder)],
                env=self._variables,
                capture_output=True,
                text=True,
                check=True,
            )
            picks = [pick for pick in json.loads(done.stdout.splitlines()[-1]) if tag in pick["tags"]]
            if picks:
                return picks
            time.sleep(1)
        return []


@contextmanager
def open_app(run: Run, home: Path) -> Iterator[Page]:
    """Type `workbench review RUN`, and look at it."""
    variables = {**os.environ, "WORKBENCH_DATABASE": str(home / "database"), "HOME": str(home)}
    for name in ("FIFTYONE_DATABASE_URI", "_WORKBENCH_DATABASE_URI", "FIFTYONE_PLUGINS_DIR", "DISPLAY"):
        variables.pop(name, None)
    port, log = _find_port(), home / "app.log"
    with log.open("wb") as stream:
        app = subprocess.Popen(
            [sys.executable, "-m", "workbench", "review", str(run.folder), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=variables,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        address = _read_address(log, app)
        with start_browser(str(find_browser())) as browser:
            browser.show(1440)
            browser.visit(address)
            page = Page(browser, run, variables)
            browser.wait_until(f"{LOOKERS}.length > 2", PATIENCE)
            yield page
    finally:
        app.send_signal(signal.SIGINT)
        app.wait(timeout=60)


def _find_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _read_address(log: Path, app: subprocess.Popen[bytes]) -> str:
    """Where the command says that the App is."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and app.poll() is None:
        lines = [line for line in log.read_text().splitlines() if line.startswith("http://127.0.0.1:")]
        if any("/datasets/" in line for line in lines):
            return next(line for line in lines if "/datasets/" in line)
        time.sleep(0.2)
    raise RuntimeError(log.read_text())
