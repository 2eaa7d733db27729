"""A real Chromium without a window, spoken to over a pipe (its DevTools protocol): no port, no driver, no package."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0


def find_browser() -> str | None:
    """Where it is, if it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab. `said` holds every event that came: dialogs, requests, complaints of the console."""

    def __init__(self, process: subprocess.Popen[bytes], write: int, read: int) -> None:
        self._process, self._write, self._read = process, write, read
        self._number, self._rest = 0, b""
        self._session = ""
        self.said: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command, and wait for its answer; dialogs are closed, or the page would hang."""
        self._send(method, params)
        wanted = self._number
        while True:
            message = self._receive()
            if message.get("id") == wanted:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self.said.append(message)
            if message.get("method") == "Page.javascriptDialogOpening":
                self._send("Page.handleJavaScriptDialog", {"accept": False})
                wanted = wanted if method != "Page.handleJavaScriptDialog" else self._number

    def _send(self, method: str, params: dict[str, Any]) -> None:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")

    def _receive(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def wait_for(self, method: str) -> None:
        """Wait until an event has come."""
        while not any(message.get("method") == method for message in self.said):
            self.said.append(self._receive())

    def open(self, path: Path) -> None:
        """Load a file."""
        self.said.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait_for("Page.loadEventFired")

    def visit(self, url: str) -> None:
        """Load a page of a server."""
        self.said.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def wait_until(self, expression: str, seconds: float = PATIENCE) -> Any:
        """Ask again and again until the answer is true, as someone does who looks at the page; return it."""
        end = time.monotonic() + seconds
        while True:
            with suppress(RuntimeError):  # what it asks about may not be there yet
                if answer := self.ask(expression):
                    return answer
            if time.monotonic() > end:
                raise TimeoutError(f"still not true: {expression}")
            time.sleep(0.1)

    def hover(self, expression: str) -> tuple[float, float]:
        """Move the mouse into the middle of an element, once it is there and stands still; return where that is."""
        self.wait_until(f"(e => e && e.getBoundingClientRect().width > 0)({expression})")
        middle = (
            "(e => { e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            f" return [b.x + b.width / 2, b.y + b.height / 2]; }})({expression})"
        )
        before, (x, y) = [-1.0, -1.0], self.ask(middle)
        while [x, y] != before:
            time.sleep(0.15)
            before, (x, y) = [x, y], self.ask(middle)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    def click(self, expression: str) -> None:
        """Click into the middle of an element with the mouse."""
        x, y = self.hover(expression)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def show(self, width: int, *, dark: bool = False, media: str = "screen", height: int = 900) -> None:
        """Set the window, the theme and the medium."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme, calm])

    def ask(self, expression: str) -> Any:
        """Evaluate JavaScript in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer))
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press one key, as a person would."""
        words = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **words)
        self.call("Input.dispatchKeyEvent", type="keyUp", **words)

    def shoot(self, path: Path, *, whole: bool = True) -> None:
        """Take a picture of the page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def shoot_part(self, path: Path, top: float, height: float, width: float) -> None:
        """Take a picture of a strip of the page."""
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print(self) -> bytes:
        """As it would come out of a printer: a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])

    def pick(
        self, method: str, keep: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> list[dict[str, Any]]:
        """Events of one kind."""
        return [one["params"] for one in self.said if one.get("method") == method and keep(one["params"])]


@contextmanager
def start_browser(program: str) -> Iterator[Browser]:
    """Start one with an empty home, and end it for certain."""
    commands, answers = os.pipe(), os.pipe()
    home = tempfile.mkdtemp(prefix="workbench-browser-")

    def connect() -> None:
        """The browser reads from 3 and writes to 4."""
        os.dup2(os.dup(commands[0]), 103)
        os.dup2(os.dup(answers[1]), 104)
        os.dup2(103, 3)
        os.dup2(104, 4)

    process = subprocess.Popen(
        [program, *QUIET, f"--user-data-dir={home}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=connect,
        close_fds=False,
        start_new_session=True,
        env={**os.environ, "HOME": home},
    )
    os.close(commands[0])
    os.close(answers[1])
    try:
        yield Browser(process, commands[1], answers[0])
    finally:
        os.close(commands[1])
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, 9)
        os.close(answers[0])
        shutil.rmtree(home, ignore_errors=True)
