"""A program behind a network, kept beside the training: a thread talks to it, and the training never waits."""

from collections.abc import Callable, Mapping
from queue import Full, Queue
from threading import Thread
from typing import Any

from workbench.engine.watching.adapters import Watcher, attempt

ROOM = 10_000  # messages that wait for a slow network
PATIENCE = 60.0  # seconds that the end of a run waits for what was not sent yet


Act = Callable[[Watcher], object]


class Beside:
    """Passes everything on; what went wrong there is raised here at the next call."""

    def __init__(self, connect: Callable[[], Watcher], *, patience: float | None = None) -> None:
        self._acts: Queue[Act | None] = Queue(ROOM)
        self._error: Exception | None = None
        self._patience = PATIENCE if patience is None else patience
        self._thread = Thread(target=self._work, args=(connect,), daemon=True, name="watcher")
        self._thread.start()

    def _work(self, connect: Callable[[], Watcher]) -> None:
        made: list[Watcher] = []
        self._error = attempt(lambda: made.append(connect()))
        while self._error is None and (act := self._acts.get()) is not None:
            self._error = attempt(lambda act=act: act(made[0]))  # type: ignore[misc]

    def _send(self, act: Act | None) -> None:
        if self._error is not None:
            raise self._error
        try:
            self._acts.put_nowait(act)
        except Full:
            raise TimeoutError(f"it took too long: {ROOM} messages wait") from None

    def scalars(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """Show numbers."""
        self._send(lambda watcher: watcher.scalars(step, kind, values))

    def picture(self, step: int, tag: str, array: Any) -> None:
        """Show a picture."""
        self._send(lambda watcher: watcher.picture(step, tag, array))

    def close(self) -> None:
        """Wait a little for what is still to be sent."""
        self._send(lambda watcher: watcher.close())
        self._send(None)
        self._thread.join(self._patience)
        if self._thread.is_alive():
            raise TimeoutError(f"it did not finish within {self._patience:.0f} seconds")
        if self._error is not None:
            raise self._error
